//! The definition of Poseidon, written as simply as possible.

use alloc::vec::Vec;

use ark_bn254::Fr;
use ark_ff::{Field, Zero};

use super::parameters;

/// Poseidon by its definition, for 2, 3 or 4 inputs: the reference for the fast form.
///
/// # Shapes
/// Returns `None` for any other number of inputs.
///
/// # Cost
/// More than twice that of [`hash2`](super::hash2) and its siblings, which give the same values.
#[must_use]
pub fn plain(inputs: &[Fr]) -> Option<Fr> {
    let p = parameters(inputs.len())?;
    let opening = p.full_rounds / 2;
    let closing = opening + p.partial_rounds;

    let mut state = Vec::from([Fr::zero()]);
    state.extend_from_slice(inputs);
    for (round, constants) in p.round_constants.chunks_exact(p.width).enumerate() {
        for (index, (element, constant)) in state.iter_mut().zip(constants).enumerate() {
            *element += constant;
            if index == 0 || round < opening || round >= closing {
                *element *= element.square().square();
            }
        }
        state = p.mds.chunks_exact(p.width).map(|row| inner_product(row, &state)).collect();
    }
    state.first().copied()
}

fn inner_product(row: &[Fr], state: &[Fr]) -> Fr {
    row.iter().zip(state).map(|(a, b)| *a * b).sum()
}
