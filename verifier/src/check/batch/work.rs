//! What a batch cost, in what does not depend on the clock.

use crate::groth16::arithmetic;

/// Work that was done: the two things that checking equations consists of. Subgroup checks are not in it: there is one for each proof, in a
/// batch or not; in lanes it comes out of the loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Miller loops: pairs of points.
    pub miller_loops: u64,
    /// Final exponentiations: equations.
    pub final_exponentiations: u64,
}

impl Work {
    /// One proof by itself.
    pub const ONE: Self = Self { miller_loops: 3, final_exponentiations: 1 };

    /// Both together, in Miller loops of a batch. A final exponentiation counts as one of them on arkworks and in portable lanes, as thirteen where eight
    /// loops are done at once: what it takes beside them there, measured.
    pub fn total(self) -> u64 {
        self.miller_loops + arithmetic::exponentiation_in_loops() * self.final_exponentiations
    }

    /// What one proof by itself counts: 4, or 16 where loops are done eight at once.
    pub fn alone() -> u64 {
        Self::ONE.total()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.miller_loops += other.miller_loops;
        self.final_exponentiations += other.final_exponentiations;
    }
}
