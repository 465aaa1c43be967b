//! Changes that make one clause of a true statement false.

use ark_bn254::Fr;
use rand::rngs::StdRng;
use wufu_analysis::samples::{five_fu, paths};
use wufu_circuits::{Clause, FiveFuInstance, Path};
use wufu_verifier::FiveFu;

use crate::common::{refused, rngs};

/// For each of the five cards: makes a true claim, changes it for this card, and checks that
/// exactly `clause` is false.
pub fn alone_for_each_card(
    clause: Clause,
    change: impl Fn(&mut StdRng, &mut FiveFuInstance, usize),
) {
    for (card, mut rng) in rngs(5).enumerate() {
        let mut claim = five_fu(&mut rng);
        change(&mut rng, &mut claim, card);
        refused(&claim, clause);
    }
}

/// Breaks a path at one level. Below, it leads from the leaf to somewhere else; from there on, it
/// is unchanged.
///
/// # Shapes
/// `level` is from 1 to below `DEPTH`: nothing is below the lowest.
pub fn break_at<const DEPTH: usize>(
    rng: &mut StdRng,
    path: &mut Path<DEPTH>,
    leaf: Fr,
    level: usize,
) {
    let elsewhere: Path<DEPTH> = paths(rng, &[leaf]).pop().unwrap();
    path.levels_mut()[..level].copy_from_slice(&elsewhere.levels()[..level]);
}

pub fn nullifier_mut(public: &mut FiveFu, kind: usize) -> &mut Fr {
    match kind {
        0 => &mut public.nf_0,
        1 => &mut public.nf_1,
        2 => &mut public.nf_2,
        3 => &mut public.nf_3,
        _ => &mut public.nf_4,
    }
}
