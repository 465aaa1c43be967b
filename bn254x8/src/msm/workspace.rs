//! The working memory of sums, and the sums.

use std::marker::PhantomData;

use ark_ec::AdditiveGroup as _;
use ark_ff::{BigInt, Zero as _};
use bytemuck::Zeroable as _;

use super::{
    accumulate::{Chunk, FilledSlots, accumulate},
    digits::{Digits, Sort},
    group::{Group, LanesOf, Row, RowsRef, Sum},
    reduce::{Reduce, Segments},
    wipe::{Wipe, wipe},
};
use crate::backend::{Form, Isa, Listed, Slots};

/// The working memory of a group. Its contents reveal the scalars.
pub struct Workspace<G: Group> {
    pub(super) digits: Digits,
    pub(super) buckets: Buckets<G>,
}

pub(super) struct Buckets<G: Group> {
    rows: Vec<Row<G>>,
    extras: Vec<(u32, Sum<G>)>,
    /// Memory in the form of each backend that was used.
    lanes: Slots<WorkOf<G>>,
}

/// The part in a backend's own form.
struct Work<C> {
    chunk: Chunk<C>,
    segments: Segments<C>,
}

/// [`Work`] for each backend.
struct WorkOf<G>(PhantomData<G>);

impl<G: Group> Form for WorkOf<G> {
    type Of<I: Isa> = Work<LanesOf<G, I>>;

    fn wipe<I: Isa>(work: &mut Self::Of<I>) {
        work.chunk.wipe();
        work.segments.wipe();
    }
}

impl<G: Group> Default for Workspace<G> {
    fn default() -> Self {
        let buckets = Buckets { rows: Vec::new(), extras: Vec::new(), lanes: Slots::empty() };
        Self { digits: Digits::default(), buckets }
    }
}

impl<G: Group> Wipe for Workspace<G> {
    fn wipe(&mut self) {
        self.digits.wipe();
        let Buckets { rows, extras, lanes } = &mut self.buckets;
        wipe(rows);
        wipe(extras);
        lanes.wipe();
    }
}

/// The sum of the multiples of the bases from `base` on.
pub(super) fn sum<G: Group, I: Listed>(
    isa: I,
    table: RowsRef<'_, Row<G>>,
    base: usize,
    scalars: &[BigInt<4>],
    workspace: &mut Workspace<G>,
) -> Sum<G> {
    let Workspace { digits, buckets } = workspace;
    let mut total = Sum::<G>::zero();
    for first in (0..table.shape.step).rev() {
        isa.run(Sort { digits, shape: table.shape, first, base, scalars });
        add_windows(isa, table, digits, buckets, &mut total);
    }
    total
}

/// Multiplies `total` by 2^window, then adds the sum of the sorted digits.
pub(super) fn add_windows<G: Group, I: Listed>(
    isa: I,
    table: RowsRef<'_, Row<G>>,
    digits: &Digits,
    buckets: &mut Buckets<G>,
    total: &mut Sum<G>,
) {
    for _ in 0..table.shape.window {
        total.double_in_place();
    }
    let Buckets { rows, extras, lanes } = buckets;
    let Work { chunk, segments } = I::slot_mut(lanes)
        .get_or_insert_with(|| Work { chunk: Chunk::default(), segments: Segments::default() });
    rows.clear();
    rows.resize(1 << (table.shape.window - 1), Row::<G>::zeroed());
    extras.clear();
    let filled = &mut FilledSlots { buckets: rows, extras };
    accumulate::<G, LanesOf<G, I>>(isa, table.rows, digits, chunk, filled);
    *total += isa.run(Reduce::<G, LanesOf<G, I>> { buckets: rows, segments });
    *total += merged::<G>(extras);
}

/// The weighted sum of the points that were not added in lanes.
fn merged<G: Group>(extras: &mut [(u32, Sum<G>)]) -> Sum<G> {
    extras.sort_unstable_by_key(|extra| extra.0);
    let buckets = extras.chunk_by(|a, b| a.0 == b.0);
    let weighted = buckets.filter_map(|points| {
        let weight = u64::from(points.first()?.0) + 1;
        let sum: Sum<G> = points.iter().map(|point| point.1).sum();
        Some(ark_ec::PrimeGroup::mul_bigint(&sum, [weight]))
    });
    weighted.sum()
}
