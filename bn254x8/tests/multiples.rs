//! Compares multiples of points by short scalars with arkworks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;

use ark_bn254::{Fr, G1Affine, G1Projective, g1};
use ark_ec::{AffineRepr as _, CurveGroup as _, PrimeGroup as _, scalar_mul::glv::GLVConfig as _};
use ark_ff::{Field as _, UniformRand as _, Zero as _};
use bn254x8::{
    Backend, Error,
    pairing::{multiples, scalar_of},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// Coefficients at both ends of either half and near digit boundaries, then random ones.
fn coefficients(count: usize, rng: &mut StdRng) -> Vec<u128> {
    let (top, half) = (u128::MAX, 1 << 64);
    let edges = [0, 1, 7, 8, 15, 16, top, top - 1, half, half - 1, half + 1, 1 << 127, 1 << 63];
    edges.into_iter().chain(std::iter::repeat_with(|| rng.r#gen())).take(count).collect()
}

fn check(points: &[G1Affine], coefficients: &[u128]) {
    let wanted: Vec<G1Projective> =
        points.iter().zip(coefficients).map(|(p, c)| *p * scalar_of(*c)).collect();
    let wanted_affine = G1Projective::normalize_batch(&wanted);
    for backend in Backend::available() {
        let got = multiples(backend, points, coefficients).unwrap();
        assert_eq!(got, wanted_affine, "{} points, {backend}", points.len());
    }
}

#[test]
fn multiples_are_arkworks() {
    let rng = &mut StdRng::seed_from_u64(1);
    for count in [0, 1, 7, 8, 9, 16, 17, 24, 100] {
        let points: Vec<G1Affine> = (0..count).map(|_| G1Affine::rand(rng)).collect();
        check(&points, &coefficients(count, rng));
    }
    // More than one chunk, with equal points.
    let point = G1Affine::rand(rng);
    check(&vec![point; 1024 + 9], &coefficients(1024 + 9, rng));
}

#[test]
fn infinity_at_every_position() {
    let rng = &mut StdRng::seed_from_u64(2);
    let points: Vec<G1Affine> = (0..9).map(|_| G1Affine::rand(rng)).collect();
    for position in 0..9 {
        let mut points = points.clone();
        points[position] = G1Affine::identity();
        check(&points, &coefficients(9, rng));
    }
    check(&[G1Affine::identity(); 8], &coefficients(8, rng));
}

/// The half that stands for `value`, which must be odd.
fn half(value: i128) -> u128 {
    ((value + (1 << 64) - 1) / 2) as u128
}

/// Halves near zero and at both ends. If a sum could equal its addend, it would happen here.
#[test]
fn small_and_extreme_halves() {
    let rng = &mut StdRng::seed_from_u64(3);
    let point = G1Affine::rand(rng);
    let mut all = Vec::new();
    for low in [-15, -3, -1, 1, 3, 15, 17, 255, (1 << 64) - 1, 1 - (1 << 64)] {
        for high in [-15, -3, -1, 1, 3, 15, (1 << 64) - 1, 1 - (1 << 64)] {
            let coefficient = half(low) | half(high) << 64;
            let scalar = |value: i128| {
                let size = Fr::from(value.unsigned_abs());
                if value < 0 { -size } else { size }
            };
            assert_eq!(scalar_of(coefficient), scalar(low) + g1::Config::LAMBDA * scalar(high));
            all.push(coefficient);
        }
    }
    check(&vec![point; all.len()], &all);
    check(&vec![G1Affine::generator(); all.len()], &all);
}

#[test]
fn scalars_are_distinct_and_not_zero() {
    let rng = &mut StdRng::seed_from_u64(4);
    let lambda = g1::Config::LAMBDA;
    assert_eq!(lambda.square() + lambda, -Fr::ONE);
    // lambda is the factor by which the endomorphism multiplies points.
    let generator = G1Projective::generator();
    assert_eq!(g1::Config::endomorphism(&generator), generator * lambda);
    let mut all: Vec<u128> = coefficients(1000, rng);
    all.extend((0..2000).map(|i| (i % 40) | (i / 40) << 64));
    let distinct: HashSet<u128> = all.iter().copied().collect();
    let scalars: HashSet<Fr> = distinct.iter().map(|c| scalar_of(*c)).collect();
    assert_eq!(scalars.len(), distinct.len());
    assert!(!scalars.contains(&Fr::zero()));
}

#[test]
fn lengths_must_agree() {
    let got = multiples(Backend::Portable, &[G1Affine::generator()], &[]);
    assert_eq!(got, Err(Error::Scalars { got: 0, expected: 1 }));
}
