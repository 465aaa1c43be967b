//! The public side of the three statements. The order of their public inputs is written only here.

use alloc::vec::Vec;
use core::fmt;

use ark_bn254::Fr;

use crate::{
    encoding::field::{self, FieldError},
    hash::element::Nullifier,
    statement::id::CircuitId,
};

/// Which statement a circuit, a key or a proof is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CircuitName {
    /// Five Fu: all five cards, no earlier claim, a payee.
    FiveFu,
    /// Donation: a donation within the verifier's bounds.
    Donation,
    /// Gift: a card handed on.
    Gift,
}

impl CircuitName {
    /// All circuits.
    pub const ALL: [Self; 3] = [Self::FiveFu, Self::Donation, Self::Gift];

    /// The properties of a statement. A new statement is a variant, a place in [`CircuitName::ALL`]
    /// and an entry here: nothing else in this crate lists the statements.
    const fn entry(self) -> Entry {
        match self {
            Self::FiveFu => Entry {
                name: "five-fu",
                inputs: &FiveFu::<Fr>::NAMES,
                decode: |bytes| FiveFu::decode(bytes).map(|statement| statement.public_inputs()),
                binding: BindingKind::Claim,
                expected_binding: "the claim that a five-fu proof makes, and no request",
                logs: &["cards", "persons"],
                id: CircuitId(FIVE_FU_ID),
            },
            Self::Donation => Entry {
                name: "donation",
                inputs: &Donation::<Fr>::NAMES,
                decode: |bytes| Donation::decode(bytes).map(|statement| statement.public_inputs()),
                binding: BindingKind::Request,
                expected_binding: "the request that a donation proof answers, and no claim",
                logs: &["donations"],
                id: CircuitId(DONATION_ID),
            },
            Self::Gift => Entry {
                name: "gift",
                inputs: &Gift::<Fr>::NAMES,
                decode: |bytes| Gift::decode(bytes).map(|statement| statement.public_inputs()),
                binding: BindingKind::None,
                expected_binding: "a gift proof, with neither request nor claim",
                logs: &["cards"],
                id: CircuitId(GIFT_ID),
            },
        }
    }

    /// The name used in files, messages and commands.
    pub const fn as_str(self) -> &'static str {
        self.entry().name
    }

    /// Returns the circuit with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|circuit| circuit.as_str() == name)
    }

    /// The names of the public inputs, in order, without the leading one.
    pub const fn input_names(self) -> &'static [&'static str] {
        self.entry().inputs
    }

    /// The number of public inputs, without the leading one.
    pub const fn public_inputs(self) -> usize {
        self.input_names().len()
    }

    /// What a proof of the statement answers.
    pub const fn binding(self) -> BindingKind {
        self.entry().binding
    }

    /// What an envelope of the statement must hold, for the message about an envelope that holds
    /// something else.
    pub const fn expected_binding(self) -> &'static str {
        self.entry().expected_binding
    }

    /// The logs that a proof is about, in the order of an envelope's epochs: what follows the
    /// organisation in their origins. For a donation, the request names the log itself.
    pub const fn logs(self) -> &'static [&'static str] {
        self.entry().logs
    }

    /// Decodes the public inputs of a proof, as [`Statement::decode`] does for a statement known at
    /// compile time.
    ///
    /// # Errors
    /// Returns an error if there are too few or too many bytes, or an input is not canonical.
    pub fn decode_inputs(self, bytes: &[u8]) -> Result<Vec<Fr>, InputsError> {
        (self.entry().decode)(bytes)
    }

    /// The id of the circuit in this release: a hash of its `.r1cs` file. `wufu-circuits` checks
    /// that its circuits still have these ids.
    pub const fn id(self) -> CircuitId {
        self.entry().id
    }
}

/// The properties of a statement.
#[derive(Clone, Copy)]
struct Entry {
    name: &'static str,
    inputs: &'static [&'static str],
    decode: fn(&[u8]) -> Result<Vec<Fr>, InputsError>,
    binding: BindingKind,
    expected_binding: &'static str,
    logs: &'static [&'static str],
    id: CircuitId,
}

/// What a proof answers. It travels in the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingKind {
    /// A campaign's claim.
    Claim,
    /// A verifier's signed request.
    Request,
    /// Nothing that travels with the proof.
    None,
}

impl fmt::Display for CircuitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const FIVE_FU_ID: [u8; 32] = [
    0xe0, 0x5b, 0x0b, 0x8b, 0xd6, 0xb6, 0xdf, 0x22, 0xda, 0x52, 0x5a, 0x3a, 0x0e, 0x51, 0xbb, 0xc1,
    0xb7, 0x7f, 0xc3, 0xde, 0x34, 0xe3, 0xf5, 0x8f, 0x3c, 0xb1, 0x30, 0xbb, 0x34, 0x0e, 0xcb, 0x34,
];
const DONATION_ID: [u8; 32] = [
    0x4e, 0x54, 0x33, 0xa9, 0x0a, 0x32, 0xf6, 0xe3, 0x4f, 0xf4, 0xd2, 0xb9, 0x6f, 0x4d, 0x01, 0x12,
    0xdb, 0xea, 0xff, 0x0c, 0x04, 0x88, 0x32, 0xa4, 0xf3, 0x1d, 0x4c, 0xe0, 0x00, 0x40, 0xc9, 0xa7,
];
const GIFT_ID: [u8; 32] = [
    0x3f, 0xd8, 0x5c, 0x86, 0x8d, 0xf5, 0xdb, 0x69, 0x30, 0xce, 0xc4, 0x47, 0xf0, 0x30, 0xb7, 0x47,
    0x61, 0x06, 0x64, 0x93, 0xa0, 0xc5, 0xb4, 0xaa, 0x57, 0xb5, 0x99, 0xe8, 0xfe, 0x66, 0x71, 0xb2,
];

/// Errors from reading the public inputs of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputsError {
    /// The wrong number of bytes, and so of inputs.
    Length {
        /// The statement.
        circuit: CircuitName,
        /// The number of bytes.
        got: usize,
    },
    /// An input is not canonical.
    Field(FieldError),
}

impl fmt::Display for InputsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { circuit, got } => write!(
                f,
                "public inputs of {circuit} are {got} bytes, expected {} ({} of 32)",
                32 * circuit.public_inputs(),
                circuit.public_inputs()
            ),
            Self::Field(error) => write!(f, "public input {error}"),
        }
    }
}

impl core::error::Error for InputsError {}

mod sealed {
    pub trait Sealed {}
}

/// What a proof is about: [`FiveFu`], [`Donation`] or [`Gift`].
pub trait Statement: sealed::Sealed + Clone + fmt::Debug + PartialEq + Eq {
    /// The circuit that proves it.
    const CIRCUIT: CircuitName;

    /// Returns the public inputs, in the order of circuit, prover and verifier.
    fn public_inputs(&self) -> Vec<Fr>;

    /// Returns the nullifiers that are spent when the proof is admitted.
    fn nullifiers(&self) -> Vec<Nullifier>;

    /// Decodes the public inputs.
    ///
    /// # Shapes
    /// 32 bytes for each input, in order.
    ///
    /// # Errors
    /// Returns an error if there are too few or too many bytes, or an input is not canonical (an
    /// alias `x + r` of `x`).
    fn decode(bytes: &[u8]) -> Result<Self, InputsError>;

    /// Encodes the public inputs, as [`Statement::decode`] reads them.
    fn encode(&self) -> Vec<u8> {
        self.public_inputs().iter().flat_map(field::encode).collect()
    }
}

macro_rules! statement {
    (
        $name:ident, $circuit:ident, $count:literal, [$($input:ident),+],
        nullifiers: [$($nf:ident),+]
    ) => {
        impl<T> $name<T> {
            /// The names of the public inputs, in order.
            pub const NAMES: [&'static str; $count] = [$(stringify!($input)),+];

            /// Returns the public inputs, in order.
            pub fn into_inputs(self) -> [T; $count] {
                [$(self.$input),+]
            }

            /// Creates the statement from its public inputs, in order.
            pub fn from_inputs(inputs: [T; $count]) -> Self {
                let [$($input),+] = inputs;
                Self { $($input),+ }
            }
        }

        impl sealed::Sealed for $name<Fr> {}

        impl Statement for $name<Fr> {
            const CIRCUIT: CircuitName = CircuitName::$circuit;

            fn public_inputs(&self) -> Vec<Fr> {
                self.clone().into_inputs().to_vec()
            }

            fn nullifiers(&self) -> Vec<Nullifier> {
                [$(self.$nf),+].into_iter().map(Nullifier).collect()
            }

            fn decode(bytes: &[u8]) -> Result<Self, InputsError> {
                if bytes.len() != 32 * $count {
                    return Err(InputsError::Length { circuit: Self::CIRCUIT, got: bytes.len() });
                }
                let mut inputs = [Fr::default(); $count];
                for ((input, name), chunk) in
                    inputs.iter_mut().zip(Self::NAMES).zip(bytes.chunks_exact(32))
                {
                    *input = field::decode(name, chunk).map_err(InputsError::Field)?;
                }
                Ok(Self::from_inputs(inputs))
            }
        }
    };
}

/// "I hold all five cards of this campaign, I have not claimed before, and here is where my share
/// goes."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiveFu<T = Fr> {
    /// `H(D_ANC, R_cards, R_persons, scope)`: both roots of one epoch, and the scope.
    pub anchor: T,
    /// The person's nullifier for the scope.
    pub nf_p: T,
    /// The nullifier of the card of kind 0.
    pub nf_0: T,
    /// The nullifier of the card of kind 1.
    pub nf_1: T,
    /// The nullifier of the card of kind 2.
    pub nf_2: T,
    /// The nullifier of the card of kind 3.
    pub nf_3: T,
    /// The nullifier of the card of kind 4.
    pub nf_4: T,
    /// The bound payload: payee and expiry.
    pub ext: T,
}

statement!(FiveFu, FiveFu, 8, [anchor, nf_p, nf_0, nf_1, nf_2, nf_3, nf_4, ext],
    nullifiers: [nf_p, nf_0, nf_1, nf_2, nf_3, nf_4]);

/// "A donation of mine, within the bounds you ask for, is in the charity ledger."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Donation<T = Fr> {
    /// The root of the donation log at an epoch.
    pub root: T,
    /// For whom, and for what, the nullifier counts.
    pub scope: T,
    /// The donation's nullifier for the scope.
    pub nf_d: T,
    /// The hash of the policy.
    pub policy: T,
    /// The bound payload: challenge and expiry.
    pub ext: T,
}

statement!(Donation, Donation, 5, [root, scope, nf_d, policy, ext], nullifiers: [nf_d]);

/// "A card of mine becomes a card of the same kind, of a friend."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gift<T = Fr> {
    /// The root of the card log at an epoch.
    pub root: T,
    /// The nullifier of the card that is given.
    pub nf_in: T,
    /// The commitment to the new card.
    pub cm_out: T,
    /// The bound payload.
    pub ext: T,
}

statement!(Gift, Gift, 4, [root, nf_in, cm_out, ext], nullifiers: [nf_in]);

#[cfg(test)]
mod tests {
    use ark_ff::{BigInteger, PrimeField};

    use super::*;

    fn donation() -> Donation {
        Donation::from_inputs([1u64, 2, 3, 4, 5].map(Fr::from))
    }

    /// Rows of docs/failures.md: 2.
    #[test]
    fn an_alias_of_any_public_input_is_refused() {
        let bytes = donation().encode();
        assert_eq!(Donation::decode(&bytes), Ok(donation()));
        for (index, input) in donation().public_inputs().into_iter().enumerate() {
            let mut alias = input.into_bigint();
            assert!(!alias.add_with_carry(&Fr::MODULUS));
            let mut bytes = bytes.clone();
            bytes[32 * index..32 * (index + 1)].copy_from_slice(&alias.to_bytes_le());
            let field = Donation::<Fr>::NAMES[index];
            let expected = InputsError::Field(FieldError::NotCanonical { field });
            assert_eq!(Donation::decode(&bytes), Err(expected));
        }
    }

    /// Rows of docs/failures.md: 24.
    #[test]
    fn one_input_too_few_and_one_too_many_are_refused() {
        let bytes = donation().encode();
        for got in [0, 128, 159, 161, 192] {
            let mut other = bytes.clone();
            other.resize(got, 0);
            let expected = InputsError::Length { circuit: CircuitName::Donation, got };
            assert_eq!(Donation::decode(&other), Err(expected));
        }
    }

    #[test]
    fn names_are_as_specified() {
        let five_fu = ["anchor", "nf_p", "nf_0", "nf_1", "nf_2", "nf_3", "nf_4", "ext"];
        assert_eq!(FiveFu::<Fr>::NAMES, five_fu);
        assert_eq!(Donation::<Fr>::NAMES, ["root", "scope", "nf_d", "policy", "ext"]);
        assert_eq!(Gift::<Fr>::NAMES, ["root", "nf_in", "cm_out", "ext"]);
        for circuit in CircuitName::ALL {
            assert_eq!(CircuitName::from_name(circuit.as_str()), Some(circuit));
        }
    }
}
