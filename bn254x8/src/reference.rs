//! Short, plain versions of the same functions. The fast ones are tested against them.

use ark_bn254::Fr;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup as _, BigInt, FftField, Field, PrimeField};

/// The sum of all `bases[i] * scalars[i]`, by one double-and-add after another.
///
/// # Cost
/// About 380 additions per base.
pub fn msm<A: AffineRepr<ScalarField = Fr>>(bases: &[A], scalars: &[BigInt<4>]) -> A::Group {
    bases.iter().zip(scalars).map(|(base, scalar)| base.mul_bigint(scalar)).sum()
}

/// Evaluates a polynomial at `shift * w^i` for every i, given its values at `w^i`, where `w` is the
/// root of unity whose order is the number of values.
///
/// # Cost
/// Quadratic in the number of values, which must be a power of two.
pub fn coset(values: &[Fr], shift: Fr) -> Option<Vec<Fr>> {
    let n = values.len();
    let w = Fr::get_root_of_unity(n as u64)?;
    let (back, scale) = (w.inverse()?, Fr::from(n as u64).inverse()?);
    let at =
        |coefficients: &[Fr], x: Fr| coefficients.iter().rev().fold(Fr::ZERO, |sum, c| sum * x + c);
    let power = |base: Fr, k: usize| base.pow([k as u64]);
    let coefficients: Vec<Fr> = (0..n).map(|k| at(values, power(back, k)) * scale).collect();
    Some((0..n).map(|i| at(&coefficients, power(w, i) * shift)).collect())
}

/// Converts points to affine form, which is unique.
pub fn affine<G: CurveGroup>(points: &[G]) -> Vec<G::Affine> {
    points.iter().map(|point| point.into_affine()).collect()
}

/// A scalar as an integer.
pub fn integer(scalar: &Fr) -> BigInt<4> {
    scalar.into_bigint()
}
