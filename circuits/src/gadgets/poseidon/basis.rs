//! The lanes that a partial round does not raise to a power, in a basis in which the linear layer
//! is short.
//!
//! With the MDS matrix in blocks `[[m, w], [b, A]]`, `x` the raised lane, `u = x^5` and `s` the
//! other `N` lanes, a partial round is `x' = m u + w s`, `s' = b u + A s`. Let `t_i = w A^i s` for
//! `i` from 0 to `N - 1`. Then
//!
//! ```text
//! x'   = m u + t_0
//! t_i' = t_(i+1) + gain_i u                              for i < N - 1
//! t_i' = step_0 t_0 + … + step_(N-1) t_(N-1) + gain_i u  for i = N - 1
//! ```
//!
//! which is `2 N + 1` products instead of `(N + 1)^2`. Only `x` is ever raised to a power, so the
//! rows are the same.

use std::sync::LazyLock;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use wufu_verifier::hash::poseidon::{self, Parameters};

pub(super) static TWO: LazyLock<Basis<2>> = LazyLock::new(Basis::new);
pub(super) static THREE: LazyLock<Basis<3>> = LazyLock::new(Basis::new);
pub(super) static FOUR: LazyLock<Basis<4>> = LazyLock::new(Basis::new);

type Matrix<const N: usize> = [[Fr; N]; N];

/// Poseidon's parameters for `N` inputs, with those of the partial rounds in the short basis.
pub(super) struct Basis<const N: usize> {
    pub(super) dense: &'static Parameters,
    /// From `s` to `t`.
    pub(super) enter: Matrix<N>,
    /// From `t` to `s`.
    pub(super) leave: Matrix<N>,
    pub(super) step: [Fr; N],
    pub(super) gain: [Fr; N],
    /// The constants added to `t` before each partial round.
    pub(super) constants: Vec<[Fr; N]>,
}

impl<const N: usize> Basis<N> {
    fn new() -> Self {
        let dense = const {
            match poseidon::parameters(N) {
                Some(parameters) => parameters,
                None => unreachable!(),
            }
        };
        let entry = |row: usize, column: usize| dense.mds[row * (N + 1) + column];
        let w: [Fr; N] = std::array::from_fn(|i| entry(0, i + 1));
        let b: [Fr; N] = std::array::from_fn(|i| entry(i + 1, 0));
        let a: Matrix<N> = std::array::from_fn(|i| std::array::from_fn(|j| entry(i + 1, j + 1)));

        let mut power = w;
        let enter: Matrix<N> = std::array::from_fn(|_| {
            let next = row_times(&power, &a);
            std::mem::replace(&mut power, next)
        });
        // The matrices are constants of this release; `tests::every_width_has_its_basis` inverts
        // all three.
        let Some(leave) = inverse(enter) else { unreachable!("the short basis has no inverse") };
        let partial = dense.round_constants.chunks_exact(N + 1).skip(dense.full_rounds / 2);
        let constants = partial.take(dense.partial_rounds).map(|constants| {
            let of_s: [Fr; N] = std::array::from_fn(|i| constants[i + 1]);
            times(&enter, &of_s)
        });
        Self {
            dense,
            enter,
            leave,
            // `power` is w A^N, which is a combination of the lower powers.
            step: row_times(&power, &leave),
            gain: times(&enter, &b),
            constants: constants.collect(),
        }
    }
}

fn times<const N: usize>(matrix: &Matrix<N>, column: &[Fr; N]) -> [Fr; N] {
    matrix.map(|row| Fr::sum_of_products(&row, column))
}

fn row_times<const N: usize>(row: &[Fr; N], matrix: &Matrix<N>) -> [Fr; N] {
    std::array::from_fn(|j| (0..N).map(|i| row[i] * matrix[i][j]).sum())
}

/// Inverts a matrix by Gauss-Jordan elimination. Returns `None` if it has no inverse.
fn inverse<const N: usize>(mut left: Matrix<N>) -> Option<Matrix<N>> {
    let mut right = [[Fr::ZERO; N]; N];
    for (i, row) in right.iter_mut().enumerate() {
        row[i] = Fr::ONE;
    }
    for column in 0..N {
        let pivot = (column..N).find(|row| left[*row][column] != Fr::ZERO)?;
        left.swap(column, pivot);
        right.swap(column, pivot);
        let scale = left[column][column].inverse()?;
        for matrix in [&mut left, &mut right] {
            matrix[column] = matrix[column].map(|entry| entry * scale);
        }
        for row in (0..N).filter(|row| *row != column) {
            let factor = left[row][column];
            for matrix in [&mut left, &mut right] {
                let pivot = matrix[column];
                for (entry, above) in matrix[row].iter_mut().zip(pivot) {
                    *entry -= factor * above;
                }
            }
        }
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity<const N: usize>() -> Matrix<N> {
        std::array::from_fn(|i| std::array::from_fn(|j| Fr::from(u64::from(i == j))))
    }

    fn there_and_back<const N: usize>(basis: &Basis<N>) {
        let product = |left: &Matrix<N>, right| left.map(|row| row_times(&row, right));
        assert_eq!(product(&basis.leave, &basis.enter), identity());
        assert_eq!(product(&basis.enter, &basis.leave), identity());
        assert_eq!(basis.constants.len(), basis.dense.partial_rounds);
    }

    #[test]
    fn every_width_has_its_basis() {
        there_and_back(&TWO);
        there_and_back(&THREE);
        there_and_back(&FOUR);
    }

    #[test]
    fn a_matrix_without_inverse_is_refused() {
        let matrix = |rows: [[u64; 3]; 3]| rows.map(|row| row.map(Fr::from));
        // Zero; two equal rows; a row that is the sum of the others; a column of zeros.
        for rows in [
            [[0; 3]; 3],
            [[1, 2, 3], [4, 5, 6], [1, 2, 3]],
            [[1, 2, 3], [4, 5, 6], [5, 7, 9]],
            [[0, 2, 3], [0, 5, 6], [0, 7, 8]],
        ] {
            assert_eq!(inverse(matrix(rows)), None);
        }
        // Its first pivot is 0, so rows must change places.
        let swapped = matrix([[0, 1, 0], [1, 0, 0], [0, 0, 1]]);
        assert_eq!(inverse(swapped), Some(swapped));
        assert_eq!(inverse(identity::<4>()), Some(identity()));
    }
}
