//! Fourier transforms of points of the first group, and multiples of many points: what a proving key is prepared with.
//!
//! Nothing secret belongs here. The time depends on the points where some are equal, opposite or at infinity.

use ark_bn254::{Fr, G1Affine};
use ark_ff::Field as _;
use bytemuck::Zeroable as _;
use rayon::prelude::*;

use crate::{
    Backend, Error,
    backend::{Isa, dispatch},
    field::Row1,
    glv::{DIGITS, Halves},
    multiples::{CHUNK, Work, butterflies, multiply, point, rows},
};

/// Is told now and then how many more points were multiplied, by several threads.
pub type Tick<'a> = &'a (dyn Fn(usize) + Sync);

/// How many multiples a transform of `size` points takes: one for every pair of points and stage, but for the first pair of each
/// block. `size` is a power of two.
pub fn multiples(size: usize) -> usize {
    size / 2 * size.ilog2() as usize - (size - 1)
}

/// `sum over k of root^(i·k) points[k]`, for every i.
///
/// # Shapes
/// As many points as the order of `root`, a power of two.
///
/// # Errors
/// The points are not a power of two; the machine lacks the backend. Then nothing is changed.
///
/// # Cost
/// [`multiples`] by scalars of full length, each 125 doublings and 71 additions, one inversion each for 1,024 points; on all threads of the
/// rayon pool.
pub fn transform(
    backend: Backend,
    points: &mut [G1Affine],
    root: Fr,
    tick: Tick<'_>,
) -> Result<(), Error> {
    let got = points.len();
    if got > 1 && !got.is_power_of_two() {
        return Err(Error::Scalars { got, expected: got.next_power_of_two() });
    }
    dispatch!(backend, isa => if got > 1 { run(isa, points, root, tick) })
}

/// Every point times its scalar.
///
/// # Errors
/// There are not as many scalars as points; the machine lacks the backend. Then nothing is changed.
///
/// # Cost
/// A multiple each, as for [`transform`].
pub fn scale(
    backend: Backend,
    points: &mut [G1Affine],
    scalars: &[Fr],
    tick: Tick<'_>,
) -> Result<(), Error> {
    let (got, expected) = (scalars.len(), points.len());
    if got != expected {
        return Err(Error::Scalars { got, expected });
    }
    dispatch!(backend, isa => scale_all(isa, points, scalars, tick))
}

fn scale_all<I: Isa>(isa: I, points: &mut [G1Affine], scalars: &[Fr], tick: Tick<'_>) {
    let chunks = points.par_chunks_mut(CHUNK).zip(scalars.par_chunks(CHUNK));
    chunks.for_each_init(
        || Work::new(isa),
        |work, (points, scalars)| {
            let mut rows = rows(isa, points);
            let halves: Vec<Halves> = scalars.iter().map(Halves::new).collect();
            multiply(isa, work, &mut rows, &halves, DIGITS, &|at| scalars[at]);
            for (to, row) in points.iter_mut().zip(&rows) {
                *to = point::<I>(row);
            }
            tick(points.len());
        },
    );
}

/// Decimation in time, of two points or more.
pub(crate) fn run<I: Isa>(isa: I, points: &mut [G1Affine], root: Fr, tick: Tick<'_>) {
    let size = points.len();
    let shift = usize::BITS - size.ilog2();
    let in_order = rows(isa, points);
    let mut rows: Vec<Row1> =
        (0..size).map(|place| in_order[place.reverse_bits() >> shift]).collect();
    let powers: Vec<Fr> =
        std::iter::successors(Some(Fr::ONE), |power| Some(*power * root)).take(size / 2).collect();
    let twiddles: Vec<Halves> = powers.par_iter().map(Halves::new).collect();
    let mut left = vec![Row1::zeroed(); size / 2];
    let mut right = left.clone();
    let mut half = 1;
    while half < size {
        let place = |pair: usize| pair / half * 2 * half + pair % half;
        for pair in 0..size / 2 {
            (left[pair], right[pair]) = (rows[place(pair)], rows[place(pair) + half]);
        }
        // The power that a pair's right point is multiplied by.
        let power = |pair: usize| pair % half * (size / (2 * half));
        let chunks = left.par_chunks_mut(CHUNK).zip(right.par_chunks_mut(CHUNK)).enumerate();
        chunks.for_each_init(
            || Chunk::new(isa),
            |chunk, (at, (left, right))| {
                let powers_of = (0..right.len()).map(|pair| power(at * CHUNK + pair));
                let count = chunk.multiply(isa, right, powers_of, &powers, &twiddles);
                butterflies(isa, &mut chunk.work, left, right);
                tick(count);
            },
        );
        for pair in 0..size / 2 {
            (rows[place(pair)], rows[place(pair) + half]) = (left[pair], right[pair]);
        }
        half *= 2;
    }
    points.par_iter_mut().zip(&rows).for_each(|(to, row)| *to = point::<I>(row));
}

/// Memory for a chunk of pairs.
struct Chunk<I: Isa> {
    work: Work<I>,
    /// The points that are multiplied, where they lie, and what by.
    rows: Vec<Row1>,
    places: Vec<usize>,
    powers: Vec<usize>,
    halves: Vec<Halves>,
}

impl<I: Isa> Chunk<I> {
    fn new(isa: I) -> Self {
        let (rows, places, powers, halves) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { work: Work::new(isa), rows, places, powers, halves }
    }

    /// Every point by the power of the root that goes with it; those that stay as they are, by none. Tells how many were multiplied.
    fn multiply(
        &mut self,
        isa: I,
        points: &mut [Row1],
        wanted: impl Iterator<Item = usize>,
        powers: &[Fr],
        twiddles: &[Halves],
    ) -> usize {
        let Self { work, rows, places, powers: by, halves } = self;
        places.clear();
        by.clear();
        for (place, power) in wanted.enumerate().filter(|(_, power)| *power != 0) {
            places.push(place);
            by.push(power);
        }
        rows.clear();
        rows.extend(places.iter().map(|place| points[*place]));
        halves.clear();
        halves.extend(by.iter().map(|power| twiddles[*power]));
        multiply(isa, work, rows, halves, DIGITS, &|at| powers[by[at]]);
        for (place, row) in places.iter().zip(&*rows) {
            points[*place] = *row;
        }
        places.len()
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::G1Projective;
    use ark_ec::CurveGroup as _;
    use ark_ff::{FftField as _, UniformRand as _};
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;
    use crate::backend::EmulatedIsa;

    /// In emulation, with all bounds checked.
    #[test]
    fn bounds_hold_through_a_transform() {
        let rng = &mut StdRng::seed_from_u64(1);
        let root = Fr::get_root_of_unity(16).unwrap_or_default();
        let mut points: Vec<G1Affine> = (0..16).map(|_| G1Affine::rand(rng)).collect();
        points[3] = G1Affine::default();
        points[5] = points[13];
        let term = |i: usize, k: usize| points[k] * ark_ff::Field::pow(&root, [(i * k) as u64]);
        let wanted = |i| (0..16).map(|k| term(i, k)).sum::<G1Projective>().into_affine();
        let wanted: Vec<G1Affine> = (0..16).map(wanted).collect();
        run(EmulatedIsa, &mut points, root, &|_| ());
        assert_eq!(points, wanted);
    }
}
