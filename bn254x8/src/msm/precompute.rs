//! Computes the rows of a table by doubling every base, eight bases at a time.

use super::{
    affine::Points,
    group::{BaseField, Group, LanesOf, Row},
    shape::Shape,
};
use crate::{
    backend::{Isa, Kernel},
    division::Divisions,
    field::Coordinate,
};
use ark_ec::AffineRepr as _;
use ark_ff::{AdditiveGroup as _, Field as _};
use rayon::prelude::*;
use std::marker::PhantomData;

/// Number of bases that share an inversion, in vectors of eight.
const VECTORS: usize = 128;

/// Computes all rows, level by level.
pub(super) fn rows<G: Group, I: Isa>(
    isa: I,
    shape: &Shape,
    bases: &[G::Affine],
    progress: &(dyn Fn(usize) + Sync),
) -> Vec<Row<G>> {
    let mut rows = vec![bytemuck::Zeroable::zeroed(); shape.rows()];
    let chunk = 8 * VECTORS;
    // The rows of one chunk are spread over all levels of the table, so they are computed elsewhere
    // and copied.
    let rounds = bases.chunks(chunk * rayon::current_num_threads());
    for (round, bases) in rounds.enumerate() {
        let computed = bases.par_chunks(chunk).map(|bases| {
            let mut rows =
                vec![bytemuck::Zeroable::zeroed(); bases.len() * shape.levels() as usize];
            isa.run(Multiples::<G, LanesOf<G, I>> {
                shape,
                bases,
                rows: &mut rows,
                lanes: PhantomData,
            });
            rows
        });
        let computed: Vec<Vec<Row<G>>> = computed.collect();
        let mut first = round * chunk * rayon::current_num_threads();
        for (bases, computed) in bases.chunks(chunk).zip(computed) {
            for (level, computed) in computed.chunks(bases.len()).enumerate() {
                let from = level * shape.bases + first;
                rows[from..from + bases.len()].copy_from_slice(computed);
            }
            first += bases.len();
        }
        progress(bases.len() * shape.levels() as usize);
    }
    rows
}

struct Multiples<'a, G: Group, C> {
    shape: &'a Shape,
    bases: &'a [G::Affine],
    /// The rows of these bases alone, level by level.
    rows: &'a mut [Row<G>],
    lanes: PhantomData<C>,
}

impl<G: Group, C> Kernel<C::Isa> for Multiples<'_, G, C>
where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, isa: C::Isa) {
        let Self { shape, bases, rows, .. } = self;
        let mut points: Vec<Points<C>> = Vec::with_capacity(bases.len().div_ceil(8));
        for bases in bases.chunks(8) {
            // The last vector is padded with its first base.
            let coordinates = |lane: usize| {
                let base = bases.get(lane).or(bases.first());
                base.and_then(|base| base.xy())
                    .unwrap_or((BaseField::<G>::ZERO, BaseField::<G>::ONE))
            };
            let all: [_; 8] = std::array::from_fn(coordinates);
            points.push(Points {
                x: C::from_plain(isa, &all.map(|point| point.0)),
                y: C::from_plain(isa, &all.map(|point| point.1)),
            });
        }
        let mut divisions = Divisions::new(isa, points.len());
        for level in 0..shape.levels() as usize {
            if level > 0 {
                for _ in 0..shape.window * shape.step {
                    double(isa, &mut divisions, &mut points);
                }
            }
            let rows = &mut rows[level * bases.len()..(level + 1) * bases.len()];
            for (rows, point) in rows.chunks_mut(8).zip(&points) {
                let (x, y) = (point.x.canonical(), point.y.canonical());
                for (row, new) in rows.iter_mut().zip(C::store(&x, &y)) {
                    *row = new;
                }
            }
        }
    }
}

/// Doubles every point. No point may be at infinity. Coordinates are reduced.
#[inline(always)]
fn double<C: Coordinate>(isa: C::Isa, divisions: &mut Divisions<C>, points: &mut [Points<C>]) {
    for (point, divisor) in points.iter().zip(&mut divisions.divisors) {
        *divisor = point.y.add(&point.y);
    }
    // No point of order r has y = 0.
    divisions.invert(isa);
    for v in (0..points.len()).rev() {
        let (x1, y1) = (&points[v].x, &points[v].y);
        let quotient = divisions.quotient(v);
        let square = x1.square();
        let slope = square.add(&square).add(&square).mul(&quotient);
        // The difference x1 - x1, in the form that `third` requires.
        let x = x1.sub_lazy(x1).third(&slope, x1);
        let y = slope.mul_sub(&x1.sub_lazy(&x), y1);
        points[v] = Points { x, y };
    }
}
