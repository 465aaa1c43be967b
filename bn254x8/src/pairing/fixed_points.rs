//! Two fixed points of the second group, and how a backend pairs with them.

use ark_bn254::{Bn254, Fq12, G1Affine, G2Affine};
use ark_ec::pairing::{MillerLoopOutput, Pairing as _};

use crate::field::SavedLanes;

pub(super) type Prepared = <Bn254 as ark_ec::pairing::Pairing>::G2Prepared;

/// Two points with their lines.
#[derive(Clone, Debug)]
pub struct FixedPoints {
    pub(super) points: [G2Affine; 2],
    pub(super) lines: Lines,
}

/// The lines of two points, as [`SinglePairing::lines`] computes them.
#[derive(Clone, Debug)]
pub enum Lines {
    /// The lines in arkworks' form.
    Plain(Box<[Prepared; 2]>),
    /// One vector per step. Lanes 0 to 3 are (9 + u)·s, s, (9 + u)·k and k of the first point, and
    /// lanes 4 to 7 are those of the second. The line at (x, y) is 1 + s·(x/y)·w + k·(1/y)·w^3.
    /// Reduced.
    Saved(Vec<SavedLanes>),
}

impl FixedPoints {
    /// The lines in vectors, if the backend has that form.
    pub(super) fn saved(&self) -> Option<&[SavedLanes]> {
        match &self.lines {
            Lines::Saved(lines) => Some(lines),
            Lines::Plain(_) => None,
        }
    }

    /// [`Fixed::miller_product`](super::Fixed::miller_product) by arkworks, for any lines and any
    /// points.
    pub(super) fn plain_product(
        &self,
        points: &[G1Affine; 2],
        pair: &(G1Affine, G2Affine),
    ) -> Option<Fq12> {
        let (p, q) = *pair;
        q.is_in_correct_subgroup_assuming_on_curve().then(|| {
            let ps = [points[0], points[1], p];
            match &self.lines {
                Lines::Plain(prepared) => {
                    let [first, second] = prepared.as_ref();
                    Bn254::multi_miller_loop(ps, [first.clone(), second.clone(), q.into()]).0
                }
                Lines::Saved(_) => {
                    Bn254::multi_miller_loop(ps, [self.points[0], self.points[1], q]).0
                }
            }
        })
    }
}

/// How a backend computes a single product of pairings.
pub trait SinglePairing<I> {
    /// Computes the lines of two points in the group.
    fn lines(isa: I, points: &[G2Affine; 2]) -> Lines;
    /// [`Fixed::miller_product`](super::Fixed::miller_product).
    fn miller_product(
        isa: I,
        fixed: &FixedPoints,
        points: &[G1Affine; 2],
        pair: &(G1Affine, G2Affine),
    ) -> Option<Fq12>;
    /// [`final_exponentiation`](super::final_exponentiation).
    fn final_exponentiation(isa: I, f: &Fq12) -> Option<Fq12>;
}

/// Computes with arkworks, one element after another.
#[derive(Clone, Copy, Debug)]
pub struct Arkworks;

impl<I> SinglePairing<I> for Arkworks {
    fn lines(_: I, points: &[G2Affine; 2]) -> Lines {
        Lines::Plain(Box::new(points.map(Prepared::from)))
    }

    fn miller_product(
        _: I,
        fixed: &FixedPoints,
        points: &[G1Affine; 2],
        pair: &(G1Affine, G2Affine),
    ) -> Option<Fq12> {
        fixed.plain_product(points, pair)
    }

    fn final_exponentiation(_: I, f: &Fq12) -> Option<Fq12> {
        Bn254::final_exponentiation(MillerLoopOutput(*f)).map(|output| output.0)
    }
}
