//! Fourier transforms of points of the first group, and multiples of many points. They are used to
//! prepare proving keys.
//!
//! Do not use these functions for secrets: the running time depends on the points if some are
//! equal, opposite or at infinity.

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

/// A callback for progress, called from several threads with the number of newly multiplied points.
pub type Tick<'a> = &'a (dyn Fn(usize) + Sync);

/// Number of multiples that a transform of `size` points computes: one for every pair of points in
/// every stage, except the first pair of each block. `size` must be a power of two.
pub fn multiples(size: usize) -> usize {
    size / 2 * size.ilog2() as usize - (size - 1)
}

/// Replaces point i by `sum over k of root^(i·k) points[k]`, for every i.
///
/// # Shapes
/// The number of points is the order of `root`, a power of two.
///
/// # Errors
/// Returns an error if the number of points is not a power of two, or if the CPU does not
/// support the backend. The points are then unchanged.
///
/// # Cost
/// [`multiples`] by scalars of full length, on all threads of the rayon pool. Each takes 125
/// doublings and 71 additions; every 1,024 points share one inversion per step.
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

/// Multiplies every point by its scalar.
///
/// # Errors
/// Returns an error if the numbers of scalars and points differ, or if the CPU does not
/// support the backend. The points are then unchanged.
///
/// # Cost
/// One multiple per point, at the cost given for [`transform`].
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

/// Decimation in time of two or more points.
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
        // Exponent of the root by which a pair's right point is multiplied.
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

/// Working memory for a chunk of pairs.
struct Chunk<I: Isa> {
    work: Work<I>,
    /// The points to multiply, with their positions and exponents.
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

    /// Multiplies every point by its power of the root, except those whose factor is one. Returns
    /// the number of multiplied points.
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

    /// Runs in emulation, so that all bounds are checked.
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
