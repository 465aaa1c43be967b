//! Domain constants: the first input of every hash says what is hashed.
//!
//! `D_X` is the first 15 bytes, little-endian, of BLAKE3 `derive_key("wufu 2026-11 domain v1")`
//! over the name `X`. The constant of the note is rounded down to a multiple of eight, so that
//! adding a card's kind gives a domain for each kind.

use ark_bn254::Fr;

/// The BLAKE3 context that the constants are derived in.
pub const CONTEXT: &str = "wufu 2026-11 domain v1";

/// What a hash is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Domain {
    /// A public key.
    Pk,
    /// A card's commitment. The kind is added to the constant.
    Note,
    /// A card's nullifier.
    Nf,
    /// A person's leaf.
    Person,
    /// A person's nullifier.
    Pnf,
    /// The public part of a donation.
    Body,
    /// The owner's part of a donation.
    Own,
    /// A donation's leaf.
    Don,
    /// A donation's nullifier.
    Dnf,
    /// The anchor of a claim.
    Anc,
    /// A policy.
    Pol,
}

impl Domain {
    /// All domains.
    pub const ALL: [Self; 11] = [
        Self::Pk,
        Self::Note,
        Self::Nf,
        Self::Person,
        Self::Pnf,
        Self::Body,
        Self::Own,
        Self::Don,
        Self::Dnf,
        Self::Anc,
        Self::Pol,
    ];

    /// The name that is hashed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pk => "PK",
            Self::Note => "NOTE",
            Self::Nf => "NF",
            Self::Person => "PERSON",
            Self::Pnf => "PNF",
            Self::Body => "BODY",
            Self::Own => "OWN",
            Self::Don => "DON",
            Self::Dnf => "DNF",
            Self::Anc => "ANC",
            Self::Pol => "POL",
        }
    }

    /// The constant, below 2^120.
    pub const fn constant(self) -> u128 {
        match self {
            Self::Pk => 0xc4_139d_674e_09c5_7ea5_c158_c344_cec5,
            Self::Note => 0x10_a44d_f94e_82b6_2e36_fa21_cc02_bb90,
            Self::Nf => 0x02_da86_bf95_0a4d_86c9_7338_4b0c_dd21,
            Self::Person => 0x19_7d55_1e80_7743_b052_d587_4329_9a38,
            Self::Pnf => 0xa0_8258_abcb_dfac_7765_b666_4652_1973,
            Self::Body => 0x73_864c_55c6_3a20_8866_af78_f744_6d46,
            Self::Own => 0x1f_8346_f66f_b2e9_e08f_94c7_69bf_911a,
            Self::Don => 0x13_0327_f6de_792d_e81d_30f4_e453_7b4d,
            Self::Dnf => 0x1f_476b_2769_d980_c0bc_631e_94cb_aea2,
            Self::Anc => 0x47_1dff_5603_953b_86dd_aff8_1214_8a58,
            Self::Pol => 0x38_db73_a431_cd26_0228_0be6_be91_f6fb,
        }
    }

    /// The constant as a field element.
    pub fn value(self) -> Fr {
        Fr::from(self.constant())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_what_their_names_derive() {
        for domain in Domain::ALL {
            let hash = blake3::derive_key(CONTEXT, domain.name().as_bytes());
            let mut wide = [0u8; 16];
            wide[..15].copy_from_slice(&hash[..15]);
            let mut expected = u128::from_le_bytes(wide);
            if domain == Domain::Note {
                expected &= !7;
            }
            assert_eq!(domain.constant(), expected, "{}: {expected:#034x}", domain.name());
        }
    }

    #[test]
    fn notes_of_five_kinds_meet_no_other_domain() {
        for kind in 0..5 {
            for other in Domain::ALL.into_iter().filter(|d| *d != Domain::Note) {
                assert_ne!(Domain::Note.constant() + kind, other.constant());
            }
        }
    }
}
