//! Pairings, eight at a time: Miller loops, the check that points are in the second group, and the
//! multiples that batches of proofs need.
//!
//! # Source
//! Vercauteren: "Optimal pairings", ePrint 2008/096; Aranha, Karabina, Longa, Gebotys, López:
//! "Faster explicit formulas for computing pairings over ordinary curves", ePrint 2010/526; affine
//! lines with shared inversions: Lauter, Montgomery, Naehrig, ePrint 2010/363.

mod final_exponentiation;
mod fixed;
mod fixed_points;
mod multiples;
mod single;
mod steps;
#[cfg(test)]
mod tests;

use core::num::NonZeroUsize;

use ark_bn254::{Bn254, Config, Fq12, G1Affine, G2Affine, g2};
use ark_ec::{
    AffineRepr as _, bn::BnConfig, models::short_weierstrass::SWCurveConfig, pairing::Pairing as _,
};
use ark_ff::{Field as _, Zero as _};

use crate::{
    Backend, Error,
    backend::{Isa, dispatch},
    field::{Fp12Lanes, Square},
};
pub use fixed::Fixed;
pub(crate) use fixed_points::{Arkworks, SinglePairing};
pub use multiples::{multiples, scalar_of};
pub(crate) use single::InLanes;
pub(crate) use steps::{Begin, Entries, Frobenius, Move, OppositeMask, Step, lanes};
use steps::{Evaluate, Lines};

/// Pairs that share squarings and inversions. Their data stays in the second-level cache.
const CHUNK: usize = 1024;

/// Products of Miller loops, with the result of the membership check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The products, each as [`miller_product`] computes it, in the order of the pairs.
    pub products: Vec<Fq12>,
    /// The pairs whose second points are not in the second group, in ascending order. Their
    /// contributions to the products are not pairings.
    pub outside: Vec<usize>,
}

/// The product of the Miller loops of all pairs. It equals arkworks' `Bn254::multi_miller_loop` up
/// to a factor that the final exponentiation removes. Pairs with a point at infinity contribute
/// one.
///
/// Points must be on their curves.
///
/// # Errors
/// Returns an error if the CPU does not support the backend.
///
/// # Cost
/// A product with each line of each pair. Every 1,024 pairs share one squaring per bit and one
/// inversion per step.
pub fn miller_product(backend: Backend, pairs: &[(G1Affine, G2Affine)]) -> Result<Fq12, Error> {
    dispatch!(backend, isa => run(isa, pairs, CHUNK / 8).0.iter().flatten().product())
}

/// The products of consecutive groups of `8 * eights` pairs; the last group may be smaller. Also
/// checks that the second points are in the second group, by comparing the last point of each
/// Miller loop.
///
/// Points must be on their curves.
///
/// # Errors
/// Returns an error if the CPU does not support the backend.
///
/// # Cost
/// The cost of [`miller_product`], with one squaring per bit for each product. The membership check
/// is one comparison per pair.
///
/// # Source
/// See [`outside_subgroup`](crate::subgroup::outside_subgroup).
pub fn miller_products(
    backend: Backend,
    pairs: &[(G1Affine, G2Affine)],
    eights: NonZeroUsize,
) -> Result<Checked, Error> {
    dispatch!(backend, isa => {
        let (lanes, outside) = run(isa, pairs, eights.get());
        Checked { products: lanes.iter().map(|lanes| lanes.iter().product()).collect(), outside }
    })
}

/// The Miller loop of each pair. The products of these values are the products that
/// [`miller_products`] computes for the same pairs.
///
/// Points must be on their curves.
///
/// # Errors
/// Returns an error if the CPU does not support the backend.
///
/// # Cost
/// The cost of [`miller_products`], with one squaring per bit for every eight pairs.
pub fn miller_values(backend: Backend, pairs: &[(G1Affine, G2Affine)]) -> Result<Vec<Fq12>, Error> {
    dispatch!(backend, isa => {
        let (lanes, _) = run(isa, pairs, 1);
        lanes.into_iter().flatten().take(pairs.len()).collect()
    })
}

/// The final exponentiation, by the same exponent as arkworks. `None` for zero.
///
/// # Errors
/// Returns an error if the CPU does not support the backend.
///
/// # Cost
/// 190 squarings in the cyclotomic subgroup, and 60 products.
///
/// # Source
/// Fuentes-Castañeda, Knapp, Rodríguez-Henríquez: "Faster hashing to G2", SAC 2011; Granger, Scott:
/// "Faster squaring in the cyclotomic subgroup of sixth degree extensions", ePrint 2009/565.
pub fn final_exponentiation(backend: Backend, f: &Fq12) -> Result<Option<Fq12>, Error> {
    dispatch!(backend, isa => single(isa, f))
}

fn single<I: Isa>(isa: I, f: &Fq12) -> Option<Fq12> {
    I::Pairing::final_exponentiation(isa, f)
}

/// The products of each group of `vectors` vectors of eight pairs, lane by lane, and the pairs
/// whose points are not in the group.
fn run<I: Isa>(
    isa: I,
    pairs: &[(G1Affine, G2Affine)],
    vectors: usize,
) -> (Vec<[Fq12; 8]>, Vec<usize>) {
    let (mut ps, mut qs): (Vec<G1Affine>, Vec<G2Affine>) = pairs.iter().copied().unzip();
    let mut slow = Vec::new();
    for (index, (p, q)) in ps.iter_mut().zip(&mut qs).enumerate() {
        if q.is_zero() {
            (*p, *q) = ONE;
        } else if !p.is_zero() && p.y.is_zero() {
            // This point is not on the curve, which has no point with y = 0. The lanes divide by y.
            slow.push(index);
            *p = ONE.0;
        }
    }
    let length = 8 * vectors.min(pairs.len().div_ceil(8).max(1));
    let size = (CHUNK / length).max(1) * length;
    let (mut all, mut outside) = (Vec::new(), Vec::new());
    for (c, (ps, qs)) in ps.chunks(size).zip(qs.chunks(size)).enumerate() {
        let (lanes, bad) = chunk(isa, ps, qs, length);
        all.extend(lanes);
        outside.extend(bad.into_iter().map(|i| size * c + i));
    }
    multiply(&mut all, slow.into_iter().map(|i| (i, pairs[i])), length);
    (all, outside)
}

/// A pair that contributes one.
const ONE: (G1Affine, G2Affine) = (G1Affine::identity(), <g2::Config as SWCurveConfig>::GENERATOR);

/// Multiplies the Miller loops of some pairs into the products, by arkworks.
fn multiply(
    all: &mut [[Fq12; 8]],
    pairs: impl Iterator<Item = (usize, (G1Affine, G2Affine))>,
    length: usize,
) {
    for (index, (p, q)) in pairs {
        all[index / length][index % 8] *= Bn254::multi_miller_loop([p], [q]).0;
    }
}

/// Computes the products of pairs that share inversions. Every q must be finite. Groups of `length`
/// pairs share squarings.
fn chunk<I: Isa>(
    isa: I,
    ps: &[G1Affine],
    qs: &[G2Affine],
    length: usize,
) -> (Vec<[Fq12; 8]>, Vec<usize>) {
    if let Some(done) = attempt(isa, ps, qs, length) {
        return done;
    }
    // A step met points with equal x. That cannot happen for points of the group, so arkworks
    // computes the pairs of all others.
    let bad = crate::subgroup::outside(isa, qs);
    let (mut rest_ps, mut rest_qs) = (ps.to_vec(), qs.to_vec());
    for i in &bad {
        (rest_ps[*i], rest_qs[*i]) = ONE;
    }
    let pair = |i: usize| (i, (ps[i], qs[i]));
    let lanes = match attempt(isa, &rest_ps, &rest_qs, length) {
        Some((mut lanes, _)) => {
            multiply(&mut lanes, bad.iter().copied().map(pair), length);
            lanes
        }
        // Reached only if points are on no curve.
        None => {
            let mut lanes = vec![[Fq12::ONE; 8]; ps.len().div_ceil(length)];
            multiply(&mut lanes, (0..ps.len()).map(pair), length);
            lanes
        }
    };
    (lanes, bad)
}

/// The products lane by lane, and the pairs whose points are not in the group. `None` if a lane met
/// points with equal x.
fn attempt<I: Isa>(
    isa: I,
    ps: &[G1Affine],
    qs: &[G2Affine],
    length: usize,
) -> Option<(Vec<[Fq12; 8]>, Vec<usize>)> {
    let mut entries: Entries<I> = isa.run(Begin(qs));
    isa.run(Evaluate { entries: &mut entries, points: ps });
    let mut products = vec![Fp12Lanes::<I::Fq2>::one(isa); ps.len().div_ceil(length)];
    let step = |entries: &mut Entries<I>, products: &mut [Fp12Lanes<I::Fq2>], step: Move| {
        let lines = Some(Lines { products, vectors: length / 8 });
        isa.run(Step { entries, lines, step }).is_empty().then_some(())
    };
    for (i, digit) in <Config as BnConfig>::ATE_LOOP_COUNT.iter().rev().skip(1).enumerate() {
        if i > 0 {
            isa.run(Square(&mut products));
        }
        step(&mut entries, &mut products, Move::Double)?;
        if *digit != 0 {
            step(&mut entries, &mut products, Move::Add { negative: *digit < 0 })?;
        }
    }
    for negative in [false, true] {
        isa.run(Frobenius(&mut entries));
        step(&mut entries, &mut products, Move::Add { negative })?;
    }
    isa.run(Frobenius(&mut entries));
    let outside = lanes(&isa.run(OppositeMask(&entries)), qs.len());
    Some((products.iter().map(Fp12Lanes::lanes).collect(), outside))
}
