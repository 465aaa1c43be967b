//! Multiples of points of the first group by short scalars: what the coefficients of a batch do to its proofs.

use ark_bn254::{Fr, G1Affine, g1};
use ark_ec::scalar_mul::glv::GLVConfig as _;

use crate::{
    Backend, Error,
    backend::{Isa, dispatch},
    glv::Halves,
    multiples::{CHUNK, Work, multiply, point, rows},
};

/// Digits of half a coefficient.
const DIGITS: u32 = 16;

/// The scalar that a coefficient stands for: with its halves l (low) and h of 64 bits,
///
/// `(2l + 1 - 2^64) + lambda·(2h + 1 - 2^64)`, where lambda is arkworks' `g1::Config::LAMBDA`, a cube root of one.
///
/// No two coefficients stand for the same scalar, and none for zero. For if a + lambda·b = 0 modulo the order r, then also
/// (a + lambda·b)(a + lambda^2·b) = a^2 - a·b + b^2, which is not negative and, for a and b between -2^65 and 2^65, below 3·2^130 and so
/// below r. It is then zero itself, and so are a and b. The difference of two scalars has such a and b, and a scalar itself odd ones.
pub fn scalar_of(coefficient: u128) -> Fr {
    let [low, high] = halves(coefficient).map(|half| {
        let odd = 2 * i128::from(half) + 1 - (1 << 64);
        let scalar = Fr::from(odd.unsigned_abs());
        if odd < 0 { -scalar } else { scalar }
    });
    low + g1::Config::LAMBDA * high
}

fn halves(coefficient: u128) -> [u64; 2] {
    [coefficient as u64, (coefficient >> 64) as u64]
}

/// The multiple `[scalar_of(coefficients[i])] points[i]` of every point.
///
/// Points must be on the curve.
///
/// # Errors
/// There are not as many coefficients as points; the machine lacks the backend.
///
/// # Cost
/// 61 doublings and 38 additions a point, one inversion each for 1,024 points. Time does not depend on the coefficients: a sum (a + b·lambda)P
/// is never P's multiple that is added to it or less that, since a before the addition of d·P, or b before that of d·lambda·P, is even and d odd.
///
/// # Source
/// Gallant, Lambert, Vanstone: "Faster point multiplication on elliptic curves with efficient endomorphisms", CRYPTO 2001.
pub fn multiples(
    backend: Backend,
    points: &[G1Affine],
    coefficients: &[u128],
) -> Result<Vec<G1Affine>, Error> {
    if points.len() != coefficients.len() {
        return Err(Error::Scalars { got: coefficients.len(), expected: points.len() });
    }
    dispatch!(backend, isa => {
        let mut out = Vec::with_capacity(points.len());
        for (points, coefficients) in points.chunks(CHUNK).zip(coefficients.chunks(CHUNK)) {
            out.extend(chunk(isa, points, coefficients));
        }
        out
    })
}

pub(super) fn chunk<I: Isa>(isa: I, points: &[G1Affine], coefficients: &[u128]) -> Vec<G1Affine> {
    let mut rows = rows(isa, points);
    let digits = |coefficient: &u128| {
        let [low, high] = halves(*coefficient);
        Halves([low, 0, high, 0])
    };
    let halves: Vec<Halves> = coefficients.iter().map(digits).collect();
    let scalar = |at: usize| scalar_of(coefficients[at]);
    multiply(isa, &mut Work::new(isa), &mut rows, &halves, DIGITS, &scalar);
    rows.iter().map(point::<I>).collect()
}
