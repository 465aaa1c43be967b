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
    let mut batch = Batch::default();
    for (first, bases) in bases.chunks(8 * VECTORS).enumerate() {
        let first = 8 * VECTORS * first;
        isa.run(Multiples::<G, C> { shape, bases, first, rows: &mut rows, batch: &mut batch });
        progress(bases.len() * shape.levels() as usize);
    }
    rows
}

struct Multiples<'a, G: Group, C> {
    shape: &'a Shape,
    bases: &'a [G::Affine],
    first: usize,
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
        let Self { shape, bases, first, rows, batch } = self;
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
            let from = level * shape.bases + first;
            let rows = &mut rows[from..from + bases.len()];
            for (rows, point) in rows.chunks_mut(8).zip(&points) {
                let (x, y) = (point.x.canonical(), point.y.canonical());
                for (row, new) in rows.iter_mut().zip(C::store(&x, &y)) {
                    *row = new;
                }
            }
        }
    }
}
