//! The dense parameters: what circomlib publishes, and what a circuit's gadget needs.

mod limbs;
mod width3;
mod width4;
mod width5;

use ark_bn254::Fr;

pub(super) use limbs::fr;

/// Poseidon's parameters for one width: in every round the state gains that round's constants,
/// passes the S-box `x^5` and is multiplied by the MDS matrix.
///
/// The first and the last `full_rounds / 2` rounds put every element through the S-box, and the
/// `partial_rounds` between them only element 0. The state starts as `[0, inputs..]`; the hash is
/// element 0 after the last round.
///
/// # Shapes
/// - `round_constants`: `(full_rounds + partial_rounds) * width`, round after round
/// - `mds`: `width * width`, row after row; new element `i` is row `i` times the old state
///
/// # Source
/// The Grain generator of the Poseidon paper, appendix E, for a prime field of 254 bits, `x^5`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parameters {
    /// The number of elements of the state: one more than there are inputs.
    pub width: usize,
    /// The number of rounds with an S-box on every element.
    pub full_rounds: usize,
    /// The number of rounds with an S-box on element 0 only.
    pub partial_rounds: usize,
    /// The constants added before the S-boxes.
    pub round_constants: &'static [Fr],
    /// The matrix that multiplies the state after the S-boxes.
    pub mds: &'static [Fr],
}

/// Returns the parameters for 2, 3 or 4 inputs, and `None` for any other number.
#[must_use]
pub const fn parameters(inputs: usize) -> Option<&'static Parameters> {
    match inputs {
        2 => Some(&WIDTH3),
        3 => Some(&WIDTH4),
        4 => Some(&WIDTH5),
        _ => None,
    }
}

pub(super) static WIDTH3: Parameters = Parameters {
    width: 3,
    full_rounds: 8,
    partial_rounds: 57,
    round_constants: &width3::ROUND_CONSTANTS,
    mds: &width3::MDS,
};

pub(super) static WIDTH4: Parameters = Parameters {
    width: 4,
    full_rounds: 8,
    partial_rounds: 56,
    round_constants: &width4::ROUND_CONSTANTS,
    mds: &width4::MDS,
};

pub(super) static WIDTH5: Parameters = Parameters {
    width: 5,
    full_rounds: 8,
    partial_rounds: 60,
    round_constants: &width5::ROUND_CONSTANTS,
    mds: &width5::MDS,
};
