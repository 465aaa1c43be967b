//! Groth16 proofs as bytes: `A ‖ B ‖ C`, 128 bytes.

use alloc::vec::Vec;
use core::fmt;

use ark_bn254::{G1Affine, G2Affine};

use crate::groth16::point::{PointError, check_point, encode_point};

/// Errors from reading a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// The wrong number of bytes.
    Length {
        /// The number of bytes.
        got: usize,
    },
    /// A point is refused.
    Point(PointError),
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got } => write!(f, "proof is {got} bytes, expected {}", Proof::BYTES),
            Self::Point(error) => write!(f, "proof's {error}"),
        }
    }
}

impl core::error::Error for ProofError {}

/// A Groth16 proof whose points are on the curve, in the subgroup, and not the identity.
///
/// It proves nothing until it is verified. It does not identify anything either: anybody can
/// re-randomise a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub(crate) a: G1Affine,
    pub(crate) b: G2Affine,
    pub(crate) c: G1Affine,
}

impl Proof {
    /// Length of an encoded proof.
    pub const BYTES: usize = 128;

    /// Creates a proof from its points.
    ///
    /// # Errors
    /// Returns an error if a point is the identity, off the curve or outside the subgroup.
    pub fn new(a: G1Affine, b: G2Affine, c: G1Affine) -> Result<Self, ProofError> {
        check_point("A", &a).map_err(ProofError::Point)?;
        check_point("B", &b).map_err(ProofError::Point)?;
        check_point("C", &c).map_err(ProofError::Point)?;
        Ok(Self { a, b, c })
    }

    /// Checks only whether bytes are as many as a proof has, for callers that leave the points to a
    /// check.
    ///
    /// # Errors
    /// Returns an error if there are not 128 bytes.
    pub fn check_length(bytes: &[u8]) -> Result<(), ProofError> {
        let got = bytes.len();
        if got == Self::BYTES { Ok(()) } else { Err(ProofError::Length { got }) }
    }

    /// Returns the points A, B and C.
    pub fn points(&self) -> (G1Affine, G2Affine, G1Affine) {
        (self.a, self.b, self.c)
    }

    /// Encodes the proof.
    pub fn encode(&self) -> Vec<u8> {
        [encode_point(&self.a), encode_point(&self.b), encode_point(&self.c)].concat()
    }
}
