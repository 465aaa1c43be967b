//! Pairings with two points of the second group that are known beforehand, one product at a time.

use ark_bn254::{Bn254, Fq12, G1Affine, G2Affine};
use ark_ec::pairing::{MillerLoopOutput, Pairing as _};

use crate::{
    Backend, Error,
    backend::{Isa, dispatch},
    field::SavedLanes,
};

pub(super) type Prepared = <Bn254 as ark_ec::pairing::Pairing>::G2Prepared;

/// Two points of the second group, their lines computed.
#[derive(Clone, Debug)]
pub struct Fixed {
    backend: Backend,
    points: [G2Affine; 2],
    lines: Lines,
}

/// The lines of two points, in the form that [`SinglePairing::lines`] gives them.
#[derive(Clone, Debug)]
pub enum Lines {
    /// As arkworks has them.
    Plain(Box<[Prepared; 2]>),
    /// Per step: lanes 0 to 3 are (9 + u)·s, s, (9 + u)·k and k of the first point, lanes 4 to 7
    /// those of the second, where the line at (x, y) is 1 + s·(x/y)·w + k·(1/y)·w^3. Reduced.
    Saved(Vec<SavedLanes>),
}

impl Fixed {
    /// Computes the lines of two points.
    ///
    /// # Errors
    /// A point is not in the group; the machine lacks the backend.
    ///
    /// # Cost
    /// Some milliseconds, and 56 KiB.
    pub fn new(backend: Backend, points: [G2Affine; 2]) -> Result<Self, Error> {
        for (index, point) in points.iter().enumerate() {
            if !point.is_on_curve() || !point.is_in_correct_subgroup_assuming_on_curve() {
                return Err(Error::Subgroup { index });
            }
        }
        let lines = dispatch!(backend, isa => lines(isa, &points))?;
        Ok(Self { backend, points, lines })
    }

    /// The product of the Miller loops of `points` with the fixed points, in their order, and of
    /// the pair, up to a factor that the final exponentiation removes. None when the pair's second
    /// point is not in the group.
    ///
    /// Points must be on their curves. Those at infinity contribute one.
    ///
    /// # Cost
    /// 64 squarings and 264 lines, but only the pair's are computed. The check of the group is one comparison.
    pub fn miller_product(
        &self,
        points: &[G1Affine; 2],
        pair: &(G1Affine, G2Affine),
    ) -> Option<Fq12> {
        // The backend was there when the lines were made, and they cannot be moved to another machine.
        dispatch!(self.backend, isa => product(isa, self, points, pair)).ok()?
    }

    /// The lines in lanes, if they are.
    pub(super) fn saved(&self) -> Option<&[SavedLanes]> {
        match &self.lines {
            Lines::Saved(lines) => Some(lines),
            Lines::Plain(_) => None,
        }
    }

    /// [`Fixed::miller_product`] by arkworks, on any lines and any points.
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

/// How a backend computes one product of pairings.
pub trait SinglePairing<I: Isa> {
    /// The lines of points in the group.
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

/// As arkworks does it, one element after another.
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
