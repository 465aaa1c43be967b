//! Derives the recurrence that the fast form runs from the dense parameters. The names are those of
//! its module, `src/hash/poseidon/recurrence`.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};

use crate::poseidon_table::{
    grain::{Dense, FULL_ROUNDS},
    linear::{
        Matrix, Vector, apply, apply_left, characteristic_polynomial, dot, identity, inverse,
        multiply, plus, scaled,
    },
};

pub struct Recurrence {
    pub width: usize,
    pub kappa: u64,
    pub enter: Matrix,
    pub constants: Vector,
    /// Of v, then of y.
    pub step: [Vector; 2],
    pub scale: Fr,
    /// Of v, then of y, element by element.
    pub leave: Vec<[Vector; 2]>,
    pub leave_constants: Vector,
}

impl Recurrence {
    pub fn derive(dense: &Dense) -> Self {
        let width = dense.width;
        let n = width - 1;
        let last = dense.partial_rounds;
        let mds = &dense.mds;

        // The blocks [[m, w], [b, A]].
        let m = mds[0][0];
        let w = mds[0][1..].to_vec();
        let b: Vector = mds[1..].iter().map(|row| row[0]).collect();
        let a: Matrix = mds[1..].iter().map(|row| row[1..].to_vec()).collect();
        let powers: Vec<Matrix> = successive(n + 1, identity(n), |power| multiply(&a, power));
        let observed: Matrix = powers[..n].iter().map(|power| apply_left(&w, power)).collect();

        let (gains, pushed) = merged_constants(dense);
        let (kappa, lambda) = normalisation(m);

        // x_(k+1) answers a single u_0 with m, w b, w A b, .. The numerator e is what is left of
        // that after the denominator, the characteristic polynomial.
        let denominator = characteristic_polynomial(&a);
        let answers: Vector =
            std::iter::once(m).chain(powers.iter().map(|p| dot(&w, &apply(p, &b)))).collect();
        let e: Vector =
            (0..=n).map(|j| (0..=j).map(|i| denominator[i] * answers[j - i]).sum::<Fr>()).collect();
        assert_eq!(e[0], m);

        // The first n rounds lack the terms from before the start; s_0 stands in for them.
        let stand_in: Matrix = (0..n)
            .map(|k| {
                (0..=k).fold(vec![Fr::zero(); n], |sum, i| {
                    plus(&sum, &scaled(&observed[k - i], denominator[i]))
                })
            })
            .collect();
        let mut enter = vec![mds[0].clone()];
        enter.extend(multiply(&stand_in, &mds[1..].to_vec()));
        let unscale = lambda.inverse().unwrap();
        enter.iter_mut().for_each(|row| *row = scaled(row, unscale));

        // y = (x + gain) / lambda, so the recurrence of x becomes one of y with these constants.
        let constants = (0..=last)
            .map(|k| (0..=n).filter(|j| k > *j).map(|j| denominator[j] * gains[k - j]).sum::<Fr>())
            .zip(&gains)
            .enumerate()
            .map(|(k, (sum, gain))| unscale * if k == 0 { *gain } else { sum })
            .collect();
        let step = [
            e[1..].iter().map(|e| *e / m).collect(),
            denominator[1..].iter().map(|a| -*a).collect(),
        ];

        // With p = last - n: x_(p+1+i) = w A^i s_p + sum over l <= i of answer_(i-l) u_(p+l), for
        // i < n, gives s_p; and s_last = A^n s_p + sum over l < n of A^(n-1-l) b u_(p+l).
        let of_x = multiply(&powers[n], &inverse(&observed));
        let of_u: Vec<Vector> = (0..n)
            .map(|l| {
                let known: Vector =
                    (0..n).map(|i| if i < l { Fr::zero() } else { answers[i - l] }).collect();
                plus(&apply(&powers[n - 1 - l], &b), &scaled(&apply(&of_x, &known), -Fr::one()))
            })
            .collect();
        let leave = (0..n)
            .map(|i| {
                let of_v = (0..n).rev().map(|l| of_u[l][i] * lambda / m).collect();
                [of_v, of_x[i].iter().rev().map(|x| *x * lambda).collect()]
            })
            .collect();
        let mut leave_constants = pushed;
        for (constant, row) in leave_constants[1..].iter_mut().zip(&of_x) {
            *constant -= dot(row, &gains[last + 1 - n..]);
        }

        Self { width, kappa, enter, constants, step, scale: lambda, leave, leave_constants }
    }
}

/// The constants of the partial rounds, pushed forward through the linear layers as far as they go:
/// what x_k gains in round k (nothing after the last), and the round constants after that.
fn merged_constants(dense: &Dense) -> (Vector, Vector) {
    let mut rounds = dense.round_constants.chunks(dense.width).skip(FULL_ROUNDS / 2);
    let mut pushed = vec![Fr::zero(); dense.width];
    let mut gains = Vec::new();
    for constants in rounds.by_ref().take(dense.partial_rounds) {
        pushed = plus(&pushed, constants);
        gains.push(pushed[0]);
        pushed[0] = Fr::zero();
        pushed = apply(&dense.mds, &pushed);
    }
    gains.push(Fr::zero());
    (gains, plus(&pushed, rounds.next().unwrap()))
}

/// The smallest kappa for which kappa / m has a fourth root, and the smallest such root.
fn normalisation(m: Fr) -> (u64, Fr) {
    (1..)
        .find_map(|kappa| {
            let root = (Fr::from(kappa) / m).sqrt()?.sqrt()?;
            // The other roots are this one times the powers of a square root of -1.
            let i = (-Fr::one()).sqrt()?;
            let roots = successive(4, root, |root| *root * i);
            Some((kappa, roots.into_iter().min()?))
        })
        .unwrap()
}

fn successive<T>(count: usize, first: T, next: impl Fn(&T) -> T) -> Vec<T> {
    std::iter::successors(Some(first), |last| Some(next(last))).take(count).collect()
}
