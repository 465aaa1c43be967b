//! What a batch cost, in units that do not depend on the clock.

use crate::groth16::arithmetic;

/// Work done: the two steps that checking equations consists of. Subgroup checks are not counted.
/// There is one for each proof, in a batch or not; in lanes the Miller loop does it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Miller loops, one for each pair of points.
    pub miller_loops: u64,
    /// Final exponentiations, one for each equation.
    pub final_exponentiations: u64,
}

impl Work {
    /// The work for a single proof.
    pub const ONE: Self = Self { miller_loops: 3, final_exponentiations: 1 };

    /// Both together, in Miller loops of a batch. A final exponentiation counts as one loop on
    /// arkworks and in portable lanes, and as thirteen where eight loops run at once. These numbers
    /// are measured.
    pub fn total(self) -> u64 {
        self.miller_loops + arithmetic::exponentiation_in_loops() * self.final_exponentiations
    }

    /// What a single proof counts: 4, or 16 where eight loops run at once.
    pub fn alone() -> u64 {
        Self::ONE.total()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.miller_loops += other.miller_loops;
        self.final_exponentiations += other.final_exponentiations;
    }
}
