//! `H2F`: BLAKE3 of bytes to a field element.

use ark_bn254::Fr;
use ark_ff::PrimeField;
use zeroize::Zeroizing;

use crate::encoding::canonical::Writer;

/// What a hash is for. Each purpose has its own context string, so that hashes of different
/// purposes never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Context {
    /// `sk` from seed and org.
    SpendKey,
    /// `rho` of an issued card from campaign and serial.
    Issue,
    /// `rcm` of a given card from seed and `nf_in`.
    GiftRcm,
    /// `scope` from verifier id and purpose.
    Scope,
    /// `ext` from verifier id, challenge or payout, expiry and key id.
    Ext,
    /// `receipt` from the bytes of a receipt's name.
    Receipt,
}

impl Context {
    /// All contexts, for tests and documents.
    pub const ALL: [Self; 6] =
        [Self::SpendKey, Self::Issue, Self::GiftRcm, Self::Scope, Self::Ext, Self::Receipt];

    /// The BLAKE3 context string.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SpendKey => "wufu 2026-11 spend key v1",
            Self::Issue => "wufu 2026-11 issue v1",
            Self::GiftRcm => "wufu 2026-11 gift rcm v1",
            Self::Scope => "wufu 2026-11 scope v1",
            Self::Ext => "wufu 2026-11 ext v1",
            Self::Receipt => "wufu 2026-11 receipt v1",
        }
    }
}

/// Hashes canonical bytes to a field element: 64 bytes of BLAKE3 in key-derivation mode, read as
/// one little-endian integer and reduced. The bias is below 2^-256.
///
/// # Shapes
/// `message` holds the fields in the order in which the purpose lists them.
///
/// # Source
/// RFC 9380, section 5 (wide reduction); BLAKE3, `derive_key`.
pub fn h2f(context: Context, message: Writer) -> Fr {
    let mut wide = Zeroizing::new([0u8; 64]);
    blake3::Hasher::new_derive_key(context.as_str())
        .update(&Zeroizing::new(message.finish()))
        .finalize_xof()
        .fill(&mut *wide);
    // This is not input but the output of a hash, so it may be reduced.
    Fr::from_le_bytes_mod_order(&*wide)
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn contexts_are_distinct_and_separate() {
        let outputs: BTreeSet<_> =
            Context::ALL.iter().map(|c| h2f(*c, Writer::new().text("m"))).collect();
        assert_eq!(outputs.len(), Context::ALL.len());
    }

    #[test]
    fn matches_a_second_computation() {
        // Horner over bytes, most significant first, without ark's reduction.
        let mut wide = [0u8; 64];
        let mut hasher = blake3::Hasher::new_derive_key("wufu 2026-11 scope v1");
        hasher.update(&[1, 0, 0, 0, 2, 0, 0, 0, b'h', b'i']);
        hasher.finalize_xof().fill(&mut wide);
        let horner = wide
            .iter()
            .rev()
            .fold(Fr::from(0u64), |acc, byte| acc * Fr::from(256u64) + Fr::from(*byte));
        assert_eq!(h2f(Context::Scope, Writer::new().text("hi")), horner);
    }
}
