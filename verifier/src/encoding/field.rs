//! Field elements as bytes: 32, little-endian, canonical.

use core::fmt;

use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField};

/// The wire form of a field element: 32 bytes, little-endian, below the modulus `r`.
pub type FieldBytes = [u8; 32];

/// Errors from reading a field element.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldError {
    /// The wrong number of bytes.
    Length {
        /// The name of the value.
        field: &'static str,
        /// The number of bytes.
        got: usize,
    },
    /// The integer is not below `r`, so it would be a second encoding of a smaller one.
    NotCanonical {
        /// The name of the value.
        field: &'static str,
    },
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { field, got } => write!(f, "{field} is {got} bytes, expected 32"),
            Self::NotCanonical { field } => {
                write!(f, "{field} is not canonical: the 32-byte integer is not below the modulus")
            }
        }
    }
}

impl core::error::Error for FieldError {}

/// Encodes a field element.
///
/// # Shapes
/// 32 bytes, little-endian.
pub fn encode(value: &Fr) -> FieldBytes {
    let mut out = [0u8; 32];
    for (chunk, limb) in out.chunks_exact_mut(8).zip(value.into_bigint().0) {
        chunk.copy_from_slice(&limb.to_le_bytes());
    }
    out
}

/// Decodes a field element. `field` names it in the error.
///
/// # Errors
/// Returns an error if `bytes` does not have 32 bytes, or if its integer is `r` or more: `x` and `x
/// + r` must not both be readable.
pub fn decode(field: &'static str, bytes: &[u8]) -> Result<Fr, FieldError> {
    let bytes: &[u8; 32] =
        bytes.try_into().map_err(|_| FieldError::Length { field, got: bytes.len() })?;
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        let mut eight = [0u8; 8];
        eight.copy_from_slice(chunk);
        *limb = u64::from_le_bytes(eight);
    }
    Fr::from_bigint(ark_ff::BigInt(limbs)).ok_or(FieldError::NotCanonical { field })
}

/// Returns the integer of a field element, if it is below 2^64.
pub fn to_u64(value: &Fr) -> Option<u64> {
    let big = value.into_bigint();
    (big.num_bits() <= 64).then_some(big.0[0])
}

#[cfg(test)]
mod tests {
    use ark_ff::{BigInt, Field, Zero};
    use proptest::prelude::*;

    use super::*;

    fn le(limbs: [u64; 4]) -> [u8; 32] {
        let mut out = [0; 32];
        for (chunk, limb) in out.chunks_exact_mut(8).zip(limbs) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        out
    }

    fn plus_one(mut big: BigInt<4>) -> BigInt<4> {
        big.add_with_carry(&BigInt::from(1u64));
        big
    }

    /// Rows of docs/failures.md: 3.
    #[test]
    fn boundaries_are_those_of_r_not_of_q() {
        let r = Fr::MODULUS;
        let q = ark_bn254::Fq::MODULUS;
        let mut r_less = r;
        r_less.sub_with_borrow(&BigInt::from(1u64));
        let mut q_less = q;
        q_less.sub_with_borrow(&BigInt::from(1u64));
        assert_eq!(decode("x", &le(r_less.0)), Ok(-Fr::ONE));
        for refused in [r.0, plus_one(r).0, q_less.0, q.0, [u64::MAX; 4]] {
            assert_eq!(decode("x", &le(refused)), Err(FieldError::NotCanonical { field: "x" }));
        }
        assert_eq!(decode("x", &[0; 32]), Ok(Fr::zero()));
    }

    #[test]
    fn lengths_are_told() {
        for got in [0, 31, 33] {
            let bytes = [0u8; 33];
            assert_eq!(decode("x", &bytes[..got]), Err(FieldError::Length { field: "x", got }));
        }
    }

    proptest! {
        #[test]
        fn round_trip(bytes in any::<[u8; 32]>()) {
            if let Ok(value) = decode("x", &bytes) {
                prop_assert_eq!(encode(&value), bytes);
            }
        }
    }
}
