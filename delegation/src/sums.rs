//! The four sums of a proof.

use std::fmt;

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::CurveGroup;
use zeroize::Zeroize;

use crate::point::{self, PointError};

/// Errors from reading four sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SumsError {
    /// The wrong number of bytes.
    #[error("sums are {got} bytes, expected 160")]
    Length {
        /// The number of bytes.
        got: usize,
    },
    /// A point is refused.
    #[error("sums' {0}")]
    Point(#[from] PointError),
}

/// The sums of A, of B in both groups, and of L with H, over some wires and products. The identity
/// is a valid sum.
///
/// Sums over a token's masks are worth as much as its seed, so nothing prints them.
#[derive(Clone, PartialEq, Eq, Zeroize)]
pub struct FourSums {
    /// Over the points of A.
    pub a: G1Affine,
    /// Over the points of B in the first group.
    pub b1: G1Affine,
    /// Over the points of B in the second group.
    pub b2: G2Affine,
    /// Over the points of L and H.
    pub lh: G1Affine,
}

impl FourSums {
    /// Length of encoded sums.
    pub const BYTES: usize = 160;

    /// Decodes sums.
    ///
    /// # Shapes
    /// A (32 bytes), B in G1 (32), B in G2 (64), L with H (32), each compressed as arkworks does.
    ///
    /// # Errors
    /// Returns an error if there are not 160 bytes, or a point is not canonical, off its curve or
    /// outside its subgroup.
    ///
    /// # Cost
    /// Four square roots and one subgroup check in G2.
    pub fn decode(bytes: &[u8]) -> Result<Self, SumsError> {
        if bytes.len() != Self::BYTES {
            return Err(SumsError::Length { got: bytes.len() });
        }
        Ok(Self {
            a: point::decode("A", &bytes[..32])?,
            b1: point::decode("B in G1", &bytes[32..64])?,
            b2: point::decode("B in G2", &bytes[64..128])?,
            lh: point::decode("L with H", &bytes[128..])?,
        })
    }

    /// Encodes the sums.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::BYTES);
        self.write(&mut out);
        out
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        point::encode(&self.a, out);
        point::encode(&self.b1, out);
        point::encode(&self.b2, out);
        point::encode(&self.lh, out);
    }

    /// Returns the sums over everything that either is over.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            a: (self.a + other.a).into_affine(),
            b1: (self.b1 + other.b1).into_affine(),
            b2: (self.b2 + other.b2).into_affine(),
            lh: (self.lh + other.lh).into_affine(),
        }
    }
}

impl fmt::Debug for FourSums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FourSums").finish_non_exhaustive()
    }
}
