//! Compares transforms and multiples of points with arkworks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicUsize, Ordering};

use ark_bn254::{Fr, G1Affine, G1Projective, g1};
use ark_ec::{AffineRepr as _, CurveGroup as _, scalar_mul::glv::GLVConfig as _};
use ark_ff::{FftField as _, Field as _, UniformRand as _, Zero as _};
use ark_poly::{EvaluationDomain as _, Radix2EvaluationDomain};
use bn254x8::{
    Backend, Error,
    transform::{multiples, scale, transform},
};
use rand::{SeedableRng as _, rngs::StdRng};

/// Checks the results of every backend, and that the reported number of multiples is right.
fn check(points: &[G1Affine], context: &str) {
    let size = points.len();
    let root = Fr::get_root_of_unity(size as u64).unwrap();
    let mut wanted: Vec<G1Projective> = points.iter().map(|point| (*point).into()).collect();
    Radix2EvaluationDomain::<Fr>::new(size).unwrap().fft_in_place(&mut wanted);
    let wanted = G1Projective::normalize_batch(&wanted);
    for backend in Backend::available() {
        let (mut got, told) = (points.to_vec(), AtomicUsize::new(0));
        let tick = |count| {
            told.fetch_add(count, Ordering::Relaxed);
        };
        transform(backend, &mut got, root, &tick).unwrap();
        assert_eq!(got, wanted, "{size} points, {context}, {backend}");
        assert_eq!(told.into_inner(), multiples(size), "{size} points, {backend}");
    }
}

fn points(count: usize, rng: &mut StdRng) -> Vec<G1Affine> {
    (0..count).map(|_| G1Affine::rand(rng)).collect()
}

/// Sizes that fill no vector, exactly one vector, and more than one chunk in each stage.
#[test]
fn transforms_are_those_of_arkworks() {
    let rng = &mut StdRng::seed_from_u64(1);
    for log in [0, 1, 2, 3, 4, 5, 7, 12] {
        check(&points(1 << log, rng), "random");
    }
}

/// Butterflies of equal points, opposite points and infinity.
#[test]
fn equal_opposite_and_missing_points() {
    let rng = &mut StdRng::seed_from_u64(2);
    let (p, o) = (G1Affine::rand(rng), G1Affine::zero());
    for log in [0, 1, 2, 3, 4, 6] {
        let size = 1usize << log;
        check(&vec![o; size], "none");
        check(&vec![p; size], "all the same");
        let opposite: Vec<G1Affine> = (0..size).map(|i| [p, -p][i % 2]).collect();
        check(&opposite, "opposite neighbours");
        let opposite: Vec<G1Affine> = (0..size).map(|i| [p, -p][2 * i / size % 2]).collect();
        check(&opposite, "opposite halves");
        for only in 0..size.min(9) {
            let mut one = vec![o; size];
            one[only] = p;
            check(&one, "one point");
            let mut but_one = points(size, rng);
            but_one[only] = o;
            check(&but_one, "one missing");
        }
        let sparse: Vec<G1Affine> = (0..size).map(|i| [o, p, p, -p, o][i % 5]).collect();
        check(&sparse, "sparse");
    }
}

/// Scalars with small halves, and sums that equal their addends.
#[test]
fn scaled_points_are_arkworks() {
    let rng = &mut StdRng::seed_from_u64(3);
    let lambda = g1::Config::LAMBDA;
    let mut scalars = vec![Fr::zero(), Fr::ONE, -Fr::ONE, lambda, -lambda, lambda + Fr::ONE];
    scalars.extend((2..20).flat_map(|k| [Fr::from(k), -Fr::from(k), lambda * Fr::from(k)]));
    scalars.extend((0..254u64).map(|k| Fr::from(2u64).pow([k])));
    scalars.extend((0..1100).map(|_| Fr::rand(rng)));
    for count in [0, 1, 2, 7, 8, 9, 60, scalars.len()] {
        let scalars = &scalars[..count];
        let mut points = points(count, rng);
        for (at, point) in points.iter_mut().enumerate().filter(|(at, _)| at % 5 == 4) {
            *point = if at % 2 == 0 { G1Affine::zero() } else { G1Affine::generator() };
        }
        let wanted: Vec<G1Projective> = points.iter().zip(scalars).map(|(p, k)| *p * k).collect();
        let wanted = G1Projective::normalize_batch(&wanted);
        for backend in Backend::available() {
            let mut got = points.clone();
            scale(backend, &mut got, scalars, &|_| ()).unwrap();
            assert_eq!(got, wanted, "{count} points, {backend}");
        }
    }
}

#[test]
fn lengths_must_fit() {
    let mut points = [G1Affine::generator(); 3];
    let got = transform(Backend::Portable, &mut points, Fr::ONE, &|_| ());
    assert_eq!(got, Err(Error::Scalars { got: 3, expected: 4 }));
    let got = scale(Backend::Portable, &mut points, &[Fr::ONE], &|_| ());
    assert_eq!(got, Err(Error::Scalars { got: 1, expected: 3 }));
    assert_eq!(points, [G1Affine::generator(); 3]);
    assert_eq!(transform(Backend::Portable, &mut [], Fr::ONE, &|_| ()), Ok(()));
}
