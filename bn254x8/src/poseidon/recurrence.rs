//! The partial rounds as a linear recurrence.
//!
//! Between the full rounds only element 0 passes through an S-box; the rest is linear. The inputs
//! x_0, x_1, … and outputs u_0, u_1, … of those S-boxes therefore determine the partial rounds.
//! With the matrix in blocks, `[[m, w], [b, A]]`, and s for the other n elements:
//!
//! ```text
//! x_(k+1) = m u_k + w s_k        s_(k+1) = b u_k + A s_k        (constants left out)
//! ```
//!
//! A satisfies its characteristic polynomial z^n + a_1 z^(n-1) + … + a_n, which eliminates s:
//!
//! ```text
//! x_(k+1) = m u_k + sum over j = 1..n of (e_j u_(k-j) - a_j x_(k+1-j))
//! ```
//!
//! with e_j = a_j m + sum over i < j of a_i w A^(j-i-1) b. Before round n part of that past does
//! not exist. What is missing is linear in the state at the start, and becomes an addend in each of
//! the first n rounds. The constants alone, without any u, satisfy the same recurrence and become
//! one more addend in each round. At the end, s follows from the last n values of x and of u.
//! Finally the factor m is scaled away: with y = x / lambda, v = m u / lambda and lambda^4 = kappa
//! / m, v is kappa y^5. kappa is the smallest number for which such a root exists.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup as _, Field as _};

type Row = Vec<Fr>;
type Matrix = Vec<Row>;

/// The recurrence of a permutation of n + 1 elements.
pub(super) struct Recurrence {
    /// The factor in v = kappa·y^5.
    pub(super) kappa: u64,
    /// The factor lambda: element 0 is lambda·y.
    pub(super) scale: Fr,
    /// Replaces the matrix before the partial rounds. It yields y_0, then the addends of the first
    /// n rounds.
    pub(super) enter: Matrix,
    /// The constants that are added to y_0, y_1, …, up to the last y.
    pub(super) constants: Row,
    /// The weights of v_(k-1), …, v_(k-n) and of y_k, …, y_(k+1-n) in y_(k+1).
    pub(super) step: [Row; 2],
    /// The weights of v and y, newest first, in elements 1 to n after the partial rounds.
    pub(super) leave: [Matrix; 2],
    /// The constants that are added to those elements. They include the constants of the following
    /// round.
    pub(super) leave_constants: Row,
}

fn dot(a: &[Fr], b: &[Fr]) -> Fr {
    a.iter().zip(b).map(|(a, b)| *a * b).sum()
}

fn apply(matrix: &[Row], column: &[Fr]) -> Row {
    matrix.iter().map(|row| dot(row, column)).collect()
}

fn transposed(matrix: &[Row]) -> Matrix {
    (0..matrix.first().map_or(0, Vec::len)).map(|j| matrix.iter().map(|r| r[j]).collect()).collect()
}

/// Solves `matrix · out = column`. `None` unless there is exactly one solution.
fn solve(matrix: &[Row], column: &[Fr]) -> Option<Row> {
    let n = matrix.len();
    let mut rows: Matrix = matrix.to_vec();
    for (row, value) in rows.iter_mut().zip(column) {
        row.push(*value);
    }
    for i in 0..n {
        let pivot = (i..n).find(|j| rows[*j][i] != Fr::ZERO)?;
        rows.swap(i, pivot);
        let inverse = rows[i][i].inverse()?;
        rows[i].iter_mut().for_each(|value| *value *= inverse);
        let row = rows[i].clone();
        for (_, other) in rows.iter_mut().enumerate().filter(|(j, _)| *j != i) {
            let factor = other[i];
            other.iter_mut().zip(&row).for_each(|(value, pivot)| *value -= factor * pivot);
        }
    }
    rows.into_iter().map(|row| row.last().copied()).collect()
}

impl Recurrence {
    /// Derives the recurrence from a matrix and from the constants of the partial rounds and of the
    /// round after them. `None` if the matrix has no recurrence.
    pub(super) fn new(matrix: &[Row], constants: &[Row]) -> Option<Self> {
        let n = matrix.len() - 1;
        let (m, w) = (matrix[0][0], &matrix[0][1..]);
        let b: Row = matrix[1..].iter().map(|row| row[0]).collect();
        let block: Matrix = matrix[1..].iter().map(|row| row[1..].to_vec()).collect();

        // w A^i, and w A^i b.
        let mut observed: Matrix = vec![w.to_vec()];
        for i in 0..n {
            observed.push(apply(&transposed(&block), &observed[i]));
        }
        let response: Row = observed.iter().map(|row| dot(row, &b)).collect();
        // w (A^n + a_1 A^(n-1) + … + a_n) = 0 determines the polynomial if the first n rows are
        // independent.
        let negative: Row = observed[n].iter().map(|value| -*value).collect();
        let mut polynomial = solve(&transposed(&observed[..n]), &negative)?;
        polynomial.push(Fr::ONE);
        polynomial.reverse();

        let rounds = constants.len() - 1;
        // The values of x and s that the constants alone produce.
        let mut alone = vec![constants[0].clone()];
        for k in 0..rounds {
            let s = &alone[k][1..];
            let mut next = vec![dot(w, s)];
            next.extend(apply(&block, s));
            next.iter_mut().zip(&constants[k + 1]).for_each(|(value, more)| *value += more);
            alone.push(next);
        }
        let gain =
            |k: usize| -> Fr { (0..=n.min(k)).map(|j| polynomial[j] * alone[k - j][0]).sum() };

        let e = |j: usize| -> Fr {
            polynomial[j] * m + (0..j).map(|i| polynomial[i] * response[j - i - 1]).sum::<Fr>()
        };
        // The addends that depend on the state at the start.
        let mut first: Matrix = vec![vec![Fr::ZERO; n + 1]];
        first[0][0] = Fr::ONE;
        for k in 0..n {
            let mut row = vec![polynomial[k + 1]];
            row.extend((0..n).map(|column| {
                (0..=k).map(|j| polynomial[j] * observed[k - j][column]).sum::<Fr>()
            }));
            first.push(row);
        }

        let (kappa, scale) = root(m)?;
        let (down, m_down) = (scale.inverse()?, m.inverse()?);
        let enter = first
            .iter()
            .map(|row| apply(&transposed(matrix), row).iter().map(|value| *value * down).collect());
        let leave = |pick: usize| -> Option<Matrix> {
            // The contribution of each of the last n values of x or of u by itself.
            let columns = (0..n).map(|lag| {
                let at = |which: usize| -> Row {
                    let mut unit = vec![Fr::ZERO; n];
                    if which == pick {
                        unit[lag] = Fr::ONE;
                    }
                    unit
                };
                end(&block, &b, &observed[..n], &response, m, &at(0), &at(1))
            });
            Some(transposed(&columns.collect::<Option<Matrix>>()?))
        };
        let (of_u, of_x) = (leave(0)?, leave(1)?);
        let last: Row = (0..n).map(|lag| alone[rounds - lag][0]).collect();
        let of_constants = apply(&of_x, &last);
        let scaled = |matrix: &Matrix, by: Fr| -> Matrix {
            matrix.iter().map(|row| row.iter().map(|value| *value * by).collect()).collect()
        };
        Some(Self {
            kappa,
            scale,
            enter: enter.collect(),
            constants: (0..=rounds).map(|k| gain(k) * down).collect(),
            step: [
                (1..=n).map(|j| e(j) * m_down).collect(),
                (1..=n).map(|j| -polynomial[j]).collect(),
            ],
            leave: [scaled(&of_u, scale * m_down), scaled(&of_x, scale)],
            leave_constants: alone[rounds][1..]
                .iter()
                .zip(of_constants)
                .map(|(value, less)| *value - less)
                .collect(),
        })
    }
}

/// s after the last round, from the last n values of u and x, newest first.
fn end(
    block: &[Row],
    b: &[Fr],
    observed: &[Row],
    response: &[Fr],
    m: Fr,
    u: &[Fr],
    x: &[Fr],
) -> Option<Row> {
    let n = b.len();
    // With s taken n rounds before the end, w A^i s is x minus everything that u contributed to it.
    let left: Row = (0..n)
        .map(|i| {
            let lag = n - 1 - i;
            let given: Fr = (1..=i).map(|l| response[l - 1] * u[lag + l]).sum();
            x[lag] - m * u[lag] - given
        })
        .collect();
    let mut s = solve(observed, &left)?;
    for lag in (0..n).rev() {
        s = apply(block, &s);
        s.iter_mut().zip(b).for_each(|(value, b)| *value += *b * u[lag]);
    }
    Some(s)
}

/// The smallest kappa for which kappa / m is a fourth power, and the fourth root.
fn root(m: Fr) -> Option<(u64, Fr)> {
    let inverse = m.inverse()?;
    // Since -1 is a square, the two square roots are both squares or both non-squares. One element
    // in four is a fourth power.
    (1..=12).find_map(|kappa| {
        let root = (Fr::from(kappa) * inverse).sqrt()?.sqrt()?;
        Some((kappa, root))
    })
}
