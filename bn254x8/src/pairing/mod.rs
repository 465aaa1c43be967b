//! Pairings eight at a time: Miller loops, the check that points lie in the second group, and the multiples that batches of proofs need.
//!
//! # Source
//! Vercauteren: "Optimal pairings", ePrint 2008/096; Aranha, Karabina, Longa, Gebotys, López: "Faster explicit formulas for computing
//! pairings over ordinary curves", ePrint 2010/526; affine lines with shared inversions: Lauter, Montgomery, Naehrig, ePrint 2010/363.

mod exponent;
mod multiples;
mod single;
mod steps;
#[cfg(test)]
mod tests;
mod twelve;

use ark_bn254::{Bn254, Config, Fq12, G1Affine, G2Affine};
use ark_ec::{AffineRepr as _, bn::BnConfig, pairing::Pairing as _};
use ark_ff::{Field as _, Zero as _};

use crate::{
    Backend, Error,
    isa::{Isa, dispatch},
};
pub use exponent::final_exponentiation;
pub use multiples::{multiples, scalar_of};
pub use single::Fixed;
use steps::Evaluate;
pub(crate) use steps::{Begin, Entries, Frobenius, Move, Opposite, Step};
use twelve::{Square, Twelve};

/// Pairs that share squarings and inversions: what they need stays in the second-level cache.
const CHUNK: usize = 1024;

/// A product of Miller loops whose points were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The product, as [`miller_product`] has it, of all pairs.
    pub product: Fq12,
    /// Which pairs' points are not in the second group, in order. When there are any, the product says nothing.
    pub outside: Vec<usize>,
}

/// Product of the Miller loops of all pairs: arkworks' `Bn254::multi_miller_loop`, up to a factor that the final exponentiation removes.
/// Pairs with a point at infinity contribute one.
///
/// Points must be on their curves.
///
/// # Errors
/// The machine lacks the backend.
///
/// # Cost
/// A product of lines a pair, and one squaring a bit and one inversion a step for 1,024 pairs.
pub fn miller_product(backend: Backend, pairs: &[(G1Affine, G2Affine)]) -> Result<Fq12, Error> {
    dispatch!(backend, isa => product(isa, pairs, &mut Vec::new()))
}

/// The same, and which points are not in the second group: the loop ends at a point that tells.
///
/// Points must be on their curves.
///
/// # Errors
/// The machine lacks the backend.
///
/// # Cost
/// As [`miller_product`]; the check is one comparison a pair.
///
/// # Source
/// See [`outside_subgroup`](crate::subgroup::outside_subgroup).
pub fn miller_product_checked(
    backend: Backend,
    pairs: &[(G1Affine, G2Affine)],
) -> Result<Checked, Error> {
    dispatch!(backend, isa => {
        let mut outside = Vec::new();
        let product = product(isa, pairs, &mut outside);
        Checked { product, outside }
    })
}

fn product<I: Isa>(isa: I, pairs: &[(G1Affine, G2Affine)], outside: &mut Vec<usize>) -> Fq12 {
    let mut product = Fq12::ONE;
    let (mut ps, mut qs, mut indices) = (Vec::new(), Vec::new(), Vec::new());
    let mut slow = |p: G1Affine, q: G2Affine| product *= Bn254::multi_miller_loop([p], [q]).0;
    for (index, (p, q)) in pairs.iter().enumerate() {
        if q.is_zero() {
            continue;
        }
        let mut p = *p;
        if !p.is_zero() && p.y.is_zero() {
            // Not on the curve, which has no such point. The lanes divide by y.
            slow(p, *q);
            p = G1Affine::identity();
        }
        ps.push(p);
        qs.push(*q);
        indices.push(index);
    }
    for ((ps, qs), indices) in ps.chunks(CHUNK).zip(qs.chunks(CHUNK)).zip(indices.chunks(CHUNK)) {
        product *= chunk(isa, ps, qs, indices, outside);
    }
    outside.sort_unstable();
    product
}

/// Of at most [`CHUNK`] pairs, whose q are finite.
fn chunk<I: Isa>(
    isa: I,
    ps: &[G1Affine],
    qs: &[G2Affine],
    indices: &[usize],
    outside: &mut Vec<usize>,
) -> Fq12 {
    if let Some((product, bad)) = attempt(isa, ps, qs) {
        outside.extend(bad.into_iter().map(|i| indices[i]));
        return product;
    }
    // A step met equal points. That does not happen to points of the group, so those that are not are done by arkworks.
    let bad = crate::subgroup::outside(isa, qs);
    let mut product = Fq12::ONE;
    let (mut ps, mut qs) = (ps.to_vec(), qs.to_vec());
    for i in bad {
        outside.push(indices[i]);
        product *= Bn254::multi_miller_loop([ps[i]], [qs[i]]).0;
        (ps[i], qs[i]) = (G1Affine::identity(), G2Affine::generator());
    }
    match attempt(isa, &ps, &qs) {
        Some((rest, _)) => product * rest,
        // Only for points that are on no curve.
        None => product * Bn254::multi_miller_loop(ps, qs).0,
    }
}

/// The product, and which points are not in the group; None when some lane met equal points on the way.
fn attempt<I: Isa>(isa: I, ps: &[G1Affine], qs: &[G2Affine]) -> Option<(Fq12, Vec<usize>)> {
    let mut entries: Entries<I> = isa.run(Begin(qs));
    isa.run(Evaluate { entries: &mut entries, points: ps });
    let mut f = Twelve::<I::Fq2>::one(isa);
    let step = |entries: &mut Entries<I>, f: &mut Twelve<I::Fq2>, step: Move| {
        isa.run(Step { entries, f: Some(f), step }).is_empty().then_some(())
    };
    for (i, digit) in <Config as BnConfig>::ATE_LOOP_COUNT.iter().rev().skip(1).enumerate() {
        if i > 0 {
            isa.run(Square(&mut f));
        }
        step(&mut entries, &mut f, Move::Double)?;
        if *digit != 0 {
            step(&mut entries, &mut f, Move::Add { negative: *digit < 0 })?;
        }
    }
    for negative in [false, true] {
        isa.run(Frobenius(&mut entries));
        step(&mut entries, &mut f, Move::Add { negative })?;
    }
    isa.run(Frobenius(&mut entries));
    let outside = lanes(&isa.run(Opposite(&entries)), qs.len());
    Some((f.product(), outside))
}

/// Lanes whose bit is set, of the first `count`.
pub(crate) fn lanes(masks: &[u8], count: usize) -> Vec<usize> {
    (0..count).filter(|i| masks[i / 8] >> (i % 8) & 1 == 1).collect()
}
