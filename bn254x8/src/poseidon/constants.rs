//! The parameters of a permutation.

use ark_bn254::Fr;

/// Elements of the widest supported state.
pub(super) const WIDEST: usize = 9;

/// The parameters of a Poseidon permutation over Fr with the S-box x^5.
#[derive(Clone, Copy, Debug)]
pub struct Constants<'a> {
    /// Elements of the state, 2 to 9.
    pub width: usize,
    /// Full rounds: an even number, at least 4. Half of them come before the partial rounds.
    pub full_rounds: usize,
    /// Partial rounds, at least as many as the width.
    pub partial_rounds: usize,
    /// One constant for each element of the state, round by round.
    pub round_constants: &'a [Fr],
    /// The MDS matrix, row by row.
    pub mds: &'a [Fr],
}
