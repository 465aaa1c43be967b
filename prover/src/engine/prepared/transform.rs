//! Fourier transforms of points.

use ark_bn254::{Fr, G1Affine};
use ark_ec::AffineRepr;
use ark_ff::Field;
use rayon::prelude::*;

use super::lanes::{CHUNK, Digits, Lanes};

/// How many points were multiplied.
pub(super) type Tick<'a> = &'a (dyn Fn(usize) + Sync);

/// How many multiples a transform of `size` points takes.
pub(super) fn multiples(size: usize) -> usize {
    size / 2 * size.ilog2() as usize - (size - 1)
}

/// `sum_k root^(i k) points[k]`, for every i.
///
/// # Shapes
/// As many points as the order of `root`, a power of two.
///
/// # Cost
/// A multiple of a point for every pair of points and stage, but for one pair of each block.
pub(super) fn transform(points: &mut [G1Affine], root: Fr, tick: Tick<'_>) {
    let size = points.len();
    if size < 2 {
        return;
    }
    let shift = usize::BITS - size.ilog2();
    for place in 0..size {
        let other = place.reverse_bits() >> shift;
        if place < other {
            points.swap(place, other);
        }
    }
    let powers = powers(root, Fr::ONE, size / 2);
    let twiddles: Vec<Digits> = powers.into_par_iter().map(Digits::new).collect();
    let mut left = vec![G1Affine::zero(); size / 2];
    let mut right = left.clone();
    let mut half = 1;
    while half < size {
        let place = |pair: usize| pair / half * 2 * half + pair % half;
        for pair in 0..size / 2 {
            (left[pair], right[pair]) = (points[place(pair)], points[place(pair) + half]);
        }
        let chunks = left.par_chunks_mut(CHUNK).zip(right.par_chunks_mut(CHUNK)).enumerate();
        chunks.for_each_init(Lanes::default, |lanes, (chunk, (left, right))| {
            let twiddle = |pair: usize| match pair % half {
                0 => None,
                k => Some(&twiddles[k * (size / (2 * half))]),
            };
            let scalars: Vec<Option<&Digits>> =
                (0..left.len()).map(|at| twiddle(chunk * CHUNK + at)).collect();
            lanes.multiply(right, &scalars);
            lanes.butterflies(left, right);
            tick(scalars.iter().flatten().count());
        });
        for pair in 0..size / 2 {
            (points[place(pair)], points[place(pair) + half]) = (left[pair], right[pair]);
        }
        half *= 2;
    }
}

/// Every point times its scalar.
pub(super) fn scale(points: &mut [G1Affine], scalars: &[Fr], tick: Tick<'_>) {
    let chunks = points.par_chunks_mut(CHUNK).zip(scalars.par_chunks(CHUNK));
    chunks.for_each_init(Lanes::default, |lanes, (points, scalars)| {
        let digits: Vec<Option<Digits>> =
            scalars.iter().map(|k| (*k != Fr::ONE).then(|| Digits::new(*k))).collect();
        let digits: Vec<Option<&Digits>> = digits.iter().map(Option::as_ref).collect();
        lanes.multiply(points, &digits);
        tick(points.len());
    });
}

/// `first * base^k`, for k below `count`.
pub(super) fn powers(base: Fr, first: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(first), |power| Some(*power * base)).take(count).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ark_bn254::G1Projective;
    use ark_ec::CurveGroup;
    use ark_ff::{FftField, UniformRand};
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;

    #[test]
    fn a_transform_is_its_definition() {
        let rng = &mut StdRng::seed_from_u64(3);
        for log in 0..6 {
            let size = 1usize << log;
            let root = Fr::get_root_of_unity(size as u64).unwrap();
            let mut points: Vec<G1Affine> = (0..size).map(|_| G1Affine::rand(rng)).collect();
            points[size - 1] = G1Affine::zero();
            points[size / 3] = points[0];
            let expected: Vec<G1Affine> = (0..size)
                .map(|i| {
                    let term = |k: usize| points[k] * root.pow([(i * k) as u64]);
                    (0..size).map(term).sum::<G1Projective>().into_affine()
                })
                .collect();
            let told = AtomicUsize::new(0);
            transform(&mut points, root, &|count| {
                told.fetch_add(count, Ordering::Relaxed);
            });
            assert_eq!(points, expected, "2^{log} points");
            assert_eq!(told.into_inner(), multiples(size));
        }
    }
}
