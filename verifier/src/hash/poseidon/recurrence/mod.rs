//! The fast form: the partial rounds as a linear recurrence.
//!
//! Between the full rounds only element 0 meets an S-box; all else is linear. So the partial
//! rounds are known by what enters the S-boxes, x_0, x_1, .., and what leaves them, u_0, u_1, ..
//! With the MDS matrix in blocks, `[[m, w], [b, A]]`, and the other n = width - 1 elements s:
//!
//! ```text
//! x_(k+1) = m u_k + w s_k        s_(k+1) = b u_k + A s_k        (constants left out)
//! ```
//!
//! A satisfies its characteristic polynomial (Cayley-Hamilton), which removes s:
//!
//! ```text
//! x_(k+1) = m u_k + sum over j = 1..n of (e_j u_(k-j) - a_j x_(k+1-j)) + constant_(k+1)
//! ```
//!
//! That is the MDS matrix in companion form, the sparsest there is. A round costs an S-box, one
//! inner product of 2 n terms and one reduction, with the same 2 n coefficients in every round.
//! The paper's sparse matrices take 2 n + 1 terms and n + 1 reductions, and other coefficients in
//! each round. What is left over is linear and is merged into its neighbours: s goes in through
//! the MDS matrix of the round before ([`Recurrence::enter`]) as n addends of the first n rounds,
//! and is recovered at the end from the last n of x and u ([`Recurrence::leave`]).
//!
//! The factor m is scaled away: with y = x / lambda, v = m u / lambda and lambda the fourth root
//! of kappa / m, v is kappa y^5, and kappa (2, 5, 1 for widths 3, 4, 5) is the smallest number
//! for which that root exists.
//!
//! The tables are derived from the dense parameters by `tests/poseidon_table`, which also
//! compares them.

mod width3;
mod width4;
mod width5;

use core::array;

use ark_bn254::Fr;

use super::{
    Parameters,
    lazy::{self, Lazy, Wide},
};

pub(super) use width3::WIDTH3;
pub(super) use width4::WIDTH4;
pub(super) use width5::WIDTH5;

/// The tables derived from the dense parameters, for width `T` = `N` + 1.
pub(super) struct Recurrence<const T: usize, const N: usize> {
    /// Replaces the MDS matrix in the last full round before the partial ones. The result is y_0,
    /// then the addends of the first `N` rounds.
    pub(super) enter: [[Fr; T]; T],
    /// The constants added to y_0, y_1, .., up to the last, which leaves the partial rounds.
    pub(super) constants: &'static [Fr],
    /// The coefficients of y_(k+1): of v_(k-1), v_(k-2), .. and of y_k, y_(k-1), ..
    pub(super) step: [[Fr; N]; 2],
    /// lambda: element 0 is this times the last y.
    pub(super) scale: Fr,
    /// Elements 1 to `N` from the last v and the last y, both newest first.
    pub(super) leave: [[[Fr; N]; 2]; N],
    /// Replaces the round constants of the first full round after the partial ones.
    pub(super) leave_constants: [Fr; T],
}

/// The hash of `N` inputs. `KAPPA` belongs to the table; see the module.
#[inline(always)]
pub(super) fn hash<const T: usize, const N: usize, const KAPPA: u64>(
    dense: &Parameters,
    table: &Recurrence<T, N>,
    inputs: &[Fr; N],
) -> Fr {
    let (mds, _) = dense.mds.as_chunks::<T>();
    let (constants, _) = dense.round_constants.as_chunks::<T>();
    let half = dense.full_rounds / 2;
    let (opening, others) = constants.split_at(half);
    let (_, closing) = others.split_at(dense.partial_rounds);

    let mut state = [[0; 4]; T];
    for (element, input) in state[1..].iter_mut().zip(inputs) {
        *element = input.0.0;
    }
    for constants in &opening[..half - 1] {
        state = mix(mds, &substitute(&state, constants));
    }
    state = mix(&table.enter, &substitute(&state, &opening[half - 1]));

    state = partial::<T, N, KAPPA>(table, &state);

    state = mix(mds, &substitute(&state, &table.leave_constants));
    for constants in &closing[1..half - 1] {
        state = mix(mds, &substitute(&state, constants));
    }
    state = substitute(&state, &closing[half - 1]);
    lazy::to_field(lazy::below_one(&Wide::ZERO.plus_inner_product(&mds[0], &state).reduce()))
}

/// The S-box layer of a full round. From a state below 3 r to one below 1.6 r: an S-box's input
/// is below 2 r, its square below 1.76 r, its fourth power below 1.59 r.
#[inline(always)]
fn substitute<const T: usize>(state: &[Lazy; T], constants: &[Fr; T]) -> [Lazy; T] {
    array::from_fn(|i| {
        let x = lazy::below_two(&lazy::add(&state[i], &constants[i].0.0));
        lazy::product(&lazy::square(&lazy::square(&x)), &x)
    })
}

/// The linear layer of a full round. From a state below 1.6 r to one below 2.6 r.
#[inline(always)]
fn mix<const T: usize>(matrix: &[[Fr; T]], state: &[Lazy; T]) -> [Lazy; T] {
    let mut mixed = [[0; 4]; T];
    for (element, row) in mixed.iter_mut().zip(matrix) {
        *element = Wide::ZERO.plus_inner_product(row, state).reduce();
    }
    mixed
}

/// All partial rounds. From a state below 2.6 r to one below 3 r.
///
/// y is kept below r; so its square is below 1.19 r, its fourth power below 1.27 r, v below
/// (1 + 0.25 kappa) r <= 2.25 r, and an inner product with `N` of each below 2.9 r.
#[inline(always)]
fn partial<const T: usize, const N: usize, const KAPPA: u64>(
    table: &Recurrence<T, N>,
    state: &[Lazy; T],
) -> [Lazy; T] {
    let [of_v, of_y] = &table.step;
    let mut constants = table.constants.iter();
    let mut addends = state[1..].iter();

    let mut vs = [[0; 4]; N];
    let mut ys = [[0; 4]; N];
    let mut y = state[0];
    if let Some(constant) = constants.next() {
        y = lazy::below_one(&lazy::add(&y, &constant.0.0));
    }
    for constant in constants {
        let sum = Wide::ZERO.plus_inner_product(of_v, &vs).plus_inner_product(of_y, &ys).reduce();
        let mut linear = lazy::below_one(&lazy::add(&sum, &constant.0.0));
        if let Some(addend) = addends.next() {
            linear = lazy::below_one(&lazy::add(&linear, addend));
        }
        let v = lazy::product(&lazy::square(&lazy::square(&y)), &lazy::times::<KAPPA>(&y));
        y = lazy::below_one(&lazy::add(&v, &linear));

        for lag in (1..N).rev() {
            (vs[lag], ys[lag]) = (vs[lag - 1], ys[lag - 1]);
        }
        (vs[0], ys[0]) = (v, y);
    }

    let mut left = [[0; 4]; T];
    left[0] = lazy::product(&table.scale.0.0, &y);
    for (element, [of_v, of_y]) in left[1..].iter_mut().zip(&table.leave) {
        *element = Wide::ZERO.plus_inner_product(of_v, &vs).plus_inner_product(of_y, &ys).reduce();
    }
    left
}
