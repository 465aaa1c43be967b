//! Pairings with two fixed points of the second group, one product at a time.

use ark_bn254::{Bn254, Fq12, G1Affine, G2Affine};
use ark_ec::pairing::{MillerLoopOutput, Pairing as _};

use crate::{
    Backend, Error,
    backend::{Isa, dispatch},
    field::SavedLanes,
};

pub(super) type Prepared = <Bn254 as ark_ec::pairing::Pairing>::G2Prepared;

/// Two fixed points of the second group, with precomputed lines.
#[derive(Clone, Debug)]
pub struct Fixed {
    backend: Backend,
    points: [G2Affine; 2],
    lines: Lines,
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

impl Fixed {
    /// Computes the lines of two points.
    ///
    /// # Errors
    /// Returns an error if a point is not in the group, or if the CPU does not support the
    /// backend.
    ///
    /// # Cost
    /// Some milliseconds, and 56 KiB of memory.
    pub fn new(backend: Backend, points: [G2Affine; 2]) -> Result<Self, Error> {
        for (index, point) in points.iter().enumerate() {
            if !point.is_on_curve() || !point.is_in_correct_subgroup_assuming_on_curve() {
                return Err(Error::Subgroup { index });
            }
        }
        let lines = dispatch!(backend, isa => lines(isa, &points))?;
        Ok(Self { backend, points, lines })
    }

    /// The product of three Miller loops: of `points` with the two fixed points, in their order,
    /// and of `pair`. It is determined up to a factor that the final exponentiation removes. `None`
    /// if the second point of `pair` is not in the group.
    ///
    /// Points must be on their curves. A pair with a point at infinity contributes one.
    ///
    /// # Cost
    /// 64 squarings and 264 lines, of which only those of `pair` are computed. The membership check
    /// is one comparison.
    pub fn miller_product(
        &self,
        points: &[G1Affine; 2],
        pair: &(G1Affine, G2Affine),
    ) -> Option<Fq12> {
        // The backend was available when the lines were computed, and they stay on the same
        // machine.
        dispatch!(self.backend, isa => product(isa, self, points, pair)).ok()?
    }

    /// The lines in vectors, if the backend has that form.
    pub(super) fn saved(&self) -> Option<&[SavedLanes]> {
        match &self.lines {
            Lines::Saved(lines) => Some(lines),
            Lines::Plain(_) => None,
        }
    }

    /// [`Fixed::miller_product`] by arkworks, for any lines and any points.
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

fn lines<I: Isa>(isa: I, points: &[G2Affine; 2]) -> Lines {
    I::Pairing::lines(isa, points)
}

fn product<I: Isa>(
    isa: I,
    fixed: &Fixed,
    points: &[G1Affine; 2],
    pair: &(G1Affine, G2Affine),
) -> Option<Fq12> {
    I::Pairing::miller_product(isa, fixed, points, pair)
}

/// How a backend computes a single product of pairings.
pub trait SinglePairing<I: Isa> {
    /// Computes the lines of two points in the group.
    fn lines(isa: I, points: &[G2Affine; 2]) -> Lines;
    /// [`Fixed::miller_product`].
    fn miller_product(
        isa: I,
        fixed: &Fixed,
        points: &[G1Affine; 2],
        pair: &(G1Affine, G2Affine),
    ) -> Option<Fq12>;
    /// [`final_exponentiation`](super::final_exponentiation).
    fn final_exponentiation(isa: I, f: &Fq12) -> Option<Fq12>;
}

/// Computes with arkworks, one element after another.
#[derive(Clone, Copy, Debug)]
pub struct Arkworks;

impl<I: Isa> SinglePairing<I> for Arkworks {
    fn lines(_: I, points: &[G2Affine; 2]) -> Lines {
        Lines::Plain(Box::new(points.map(Prepared::from)))
    }

    fn miller_product(
        _: I,
        fixed: &Fixed,
        points: &[G1Affine; 2],
        pair: &(G1Affine, G2Affine),
    ) -> Option<Fq12> {
        fixed.plain_product(points, pair)
    }

    fn final_exponentiation(_: I, f: &Fq12) -> Option<Fq12> {
        Bn254::final_exponentiation(MillerLoopOutput(*f)).map(|output| output.0)
    }
}
