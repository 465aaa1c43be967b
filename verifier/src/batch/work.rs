//! What a batch cost, in what does not depend on the machine.

/// Work that was done: the two things that checking equations consists of. Subgroup checks are not in it: there is one for each proof,
/// in a batch or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Miller loops: pairs of points.
    pub miller_loops: u64,
    /// Final exponentiations: equations.
    pub final_exponentiations: u64,
}

impl Work {
    /// One proof by itself.
    pub(crate) const ONE: Self = Self { miller_loops: 3, final_exponentiations: 1 };
    /// What one proof by itself counts.
    pub const ALONE: u64 = Self::ONE.total();

    /// Both together. A Miller loop of a batch costs less than one of a proof by itself, a final exponentiation somewhat more.
    pub const fn total(self) -> u64 {
        self.miller_loops + self.final_exponentiations
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.miller_loops += other.miller_loops;
        self.final_exponentiations += other.final_exponentiations;
    }
}
