//! The rows of a table: doublings of every base, eight bases at a time.

use super::{
    BaseField, Group, Row, Shape,
    affine::{Batch, Points},
};
use crate::{
    field::Coordinate,
    isa::{Isa as _, Kernel},
};
use ark_ec::AffineRepr as _;
use ark_ff::{AdditiveGroup as _, Field as _};
use rayon::prelude::*;

/// Bases that share an inversion, in eights.
const VECTORS: usize = 128;

/// All rows, level after level.
pub(super) fn rows<G: Group, C>(
    isa: C::Isa,
    shape: &Shape,
    bases: &[G::Affine],
    progress: &(dyn Fn(usize) + Sync),
) -> Vec<Row<G>>
where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    let mut rows = vec![bytemuck::Zeroable::zeroed(); shape.rows()];
    let chunk = 8 * VECTORS;
    // One chunk's rows lie in as many places as there are levels, so they are computed apart and copied.
    let rounds = bases.chunks(chunk * rayon::current_num_threads());
    for (round, bases) in rounds.enumerate() {
        let computed = bases.par_chunks(chunk).map(|bases| {
            let mut rows =
                vec![bytemuck::Zeroable::zeroed(); bases.len() * shape.levels() as usize];
            let mut batch = Batch::default();
            isa.run(Multiples::<G, C> { shape, bases, rows: &mut rows, batch: &mut batch });
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
    /// Level after level of these bases alone.
    rows: &'a mut [Row<G>],
    batch: &'a mut Batch<C>,
}

impl<G: Group, C> Kernel<C::Isa> for Multiples<'_, G, C>
where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, isa: C::Isa) {
        let Self { shape, bases, rows, batch } = self;
        let mut points: Vec<Points<C>> = Vec::with_capacity(bases.len().div_ceil(8));
        for bases in bases.chunks(8) {
            // The last vector is filled up with its first base.
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
        for level in 0..shape.levels() as usize {
            if level > 0 {
                for _ in 0..shape.window * shape.step {
                    batch.double(isa, &mut points);
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
