//! Multiples of points of the first group by short scalars: they multiply the proofs of a batch by
//! its random coefficients.

use ark_bn254::{Fr, G1Affine, g1};
use ark_ec::scalar_mul::glv::GLVConfig as _;

use crate::{
    Backend, Error,
    backend::{Isa, dispatch},
    glv::Halves,
    multiples::{CHUNK, Work, multiply, point, rows},
};

/// Digits of four bits in each half of a coefficient.
const DIGITS: u32 = 16;

/// The scalar that a coefficient stands for. With l for its low 64 bits and h for its high 64 bits,
/// it is
///
/// `(2l + 1 - 2^64) + lambda·(2h + 1 - 2^64)`,
///
/// where lambda is arkworks' `g1::Config::LAMBDA`, a cube root of one.
///
/// Distinct coefficients stand for distinct scalars, and none stands for zero. To see this, let
/// `a + lambda·b = 0` modulo the order r, for a and b between -2^65 and 2^65. Then r divides
/// `(a + lambda·b)(a + lambda^2·b) = a^2 - a·b + b^2`, which is not negative and is below 3·2^130,
/// hence below r. So it is zero, and then a and b are zero. The difference of two scalars has such
/// a and b, and each scalar has odd ones.
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
/// Returns an error if the numbers of coefficients and points differ, or if the CPU does not
/// support the backend.
///
/// # Cost
/// 61 doublings and 38 additions for each point; every 1,024 points share one inversion per step.
/// The running time does not depend on the coefficients: a sum (a + b·lambda)P never equals its
/// addend or the negative of it. Before d·P is added, a is even and d is odd; before d·lambda·P is
/// added, b is even and d is odd.
///
/// # Source
/// Gallant, Lambert, Vanstone: "Faster point multiplication on elliptic curves with efficient
/// endomorphisms", CRYPTO 2001.
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
