//! Pairings with two fixed points of the second group, one product at a time.

use ark_bn254::{Fq12, G1Affine, G2Affine};

use super::fixed_points::{FixedPoints, Lines, SinglePairing as _};
use crate::{
    Backend, Error,
    backend::{Isa, dispatch},
};

/// Two fixed points of the second group, with precomputed lines.
#[derive(Clone, Debug)]
pub struct Fixed {
    backend: Backend,
    fixed: FixedPoints,
}

impl Fixed {
    /// Computes the lines of two points.
    ///
    /// # Errors
    /// Returns an error if a point is not in the group, or if the CPU does not support the
    /// backend.
    ///
    /// # Cost
    /// Some milliseconds, and 56 KiB of memory.
    pub fn new(backend: Backend, points: [G2Affine; 2]) -> Result<Self, Error> {
        for (index, point) in points.iter().enumerate() {
            if !point.is_on_curve() || !point.is_in_correct_subgroup_assuming_on_curve() {
                return Err(Error::Subgroup { index });
            }
        }
        let lines = dispatch!(backend, isa => lines(isa, &points))?;
        Ok(Self { backend, fixed: FixedPoints { points, lines } })
    }

    /// The product of three Miller loops: of `points` with the two fixed points, in their order,
    /// and of `pair`. It is determined up to a factor that the final exponentiation removes. `None`
    /// if the second point of `pair` is not in the group.
    ///
    /// Points must be on their curves. A pair with a point at infinity contributes one.
    ///
    /// # Cost
    /// 64 squarings and 264 lines, of which only those of `pair` are computed. The membership check
    /// is one comparison.
    pub fn miller_product(
        &self,
        points: &[G1Affine; 2],
        pair: &(G1Affine, G2Affine),
    ) -> Option<Fq12> {
        // The backend was available when the lines were computed, and they stay on the same
        // machine.
        dispatch!(self.backend, isa => product(isa, &self.fixed, points, pair)).ok()?
    }
}

fn lines<I: Isa>(isa: I, points: &[G2Affine; 2]) -> Lines {
    I::Pairing::lines(isa, points)
}

fn product<I: Isa>(
    isa: I,
    fixed: &FixedPoints,
    points: &[G1Affine; 2],
    pair: &(G1Affine, G2Affine),
) -> Option<Fq12> {
    I::Pairing::miller_product(isa, fixed, points, pair)
}
