//! Fills the buckets, with one slot per lane. Round r adds the r-th entry of every slot. Slots have
//! their own sums, so no two lanes ever write to one bucket.

use ark_ff::Field as _;

use super::{
    affine::{Points, zero_lanes},
    digits::{Digits, Slot},
    group::{BaseField, Group, Row, Sum, plain_point},
    shape::SIGN,
    wipe::wipe,
};
use crate::{
    backend::{Isa as _, Kernel, prefetch},
    field::Coordinate,
};

/// Vectors of slots that share an inversion. Their coordinates and divisors stay in the
/// second-level cache.
const VECTORS: usize = 256;
/// Rows are prefetched this many vectors before they are used.
const AHEAD: usize = 16;
/// Independent chains of products, so that multiplications overlap.
const CHAINS: usize = 4;

/// Prefetches the rows of some lanes' entries.
macro_rules! fetch {
    ($table:ident, $entries:ident, $($lane:literal)*) => {$(
        if let Some(row) = $table.get(($entries[$lane] & !SIGN) as usize) {
            C::prefetch(row);
        }
    )*};
}

/// Working memory for a chunk of slots.
pub(super) struct Chunk<C> {
    sums: Vec<Points<C>>,
    /// For each vector: the difference of x, which is the divisor; the difference of y; and the
    /// product of the chain's earlier divisors.
    steps: Vec<Step<C>>,
    /// Entries, one per lane, ordered by vector and then by round. A slot that is shorter than its
    /// vector's rounds is padded with the first row.
    entries: Vec<[u32; 8]>,
    /// For each vector, where its rounds begin in `entries`.
    starts: Vec<usize>,
    /// For each vector, the lanes that the current round adds to.
    live: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Step<C> {
    dx: C,
    dy: C,
    before: C,
}

impl<C> Default for Chunk<C> {
    fn default() -> Self {
        Self {
            sums: Vec::new(),
            steps: Vec::new(),
            entries: Vec::new(),
            starts: Vec::new(),
            live: Vec::new(),
        }
    }
}

impl<C> Chunk<C> {
    /// Overwrites the entries and sums, and keeps the allocations.
    pub(super) fn wipe(&mut self) {
        let Self { sums, steps, entries, starts, live } = self;
        wipe(sums);
        wipe(steps);
        wipe(entries);
        wipe(starts);
        wipe(live);
    }
}

/// The outputs of a pass over the slots.
pub(super) struct FilledSlots<'a, G: Group> {
    pub(super) buckets: &'a mut [Row<G>],
    /// Points that could not be added in lanes, with their buckets.
    pub(super) extras: &'a mut Vec<(u32, Sum<G>)>,
}

/// Processes all slots, chunk by chunk.
pub(super) fn accumulate<G: Group, C>(
    isa: C::Isa,
    table: &[Row<G>],
    digits: &Digits,
    chunk: &mut Chunk<C>,
    filled: &mut FilledSlots<'_, G>,
) where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    let vectors = VECTORS * 64 / G::ROW;
    for slots in digits.slots.chunks(8 * vectors) {
        isa.run(Accumulate::<G, C> { table, entries: &digits.entries, slots, chunk, filled });
    }
}

struct Accumulate<'a, 'b, G: Group, C> {
    table: &'a [Row<G>],
    entries: &'a [u32],
    slots: &'a [Slot],
    chunk: &'a mut Chunk<C>,
    filled: &'a mut FilledSlots<'b, G>,
}

impl<G: Group, C> Kernel<C::Isa> for Accumulate<'_, '_, G, C>
where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    type Output = ();

    #[inline(always)]
    fn run(mut self, isa: C::Isa) {
        let vectors = self.slots.len().div_ceil(8);
        self.begin(isa, vectors);
        let longest = self.slots.first().map_or(0, |slot| slot.length);
        let mut active = self.slots.len();
        for round in 1..longest {
            while active > 0 && self.slots[active - 1].length <= round {
                active -= 1;
            }
            self.round(isa, round, active);
        }
        self.finish(vectors);
    }
}

impl<G: Group, C> Accumulate<'_, '_, G, C>
where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    /// Copies the slots' entries into the order in which the lanes need them.
    fn arrange(&mut self) {
        let Chunk { entries, starts, .. } = &mut *self.chunk;
        starts.clear();
        let mut end = 0;
        for slots in self.slots.chunks(8) {
            starts.push(end);
            end += slots.first().map_or(0, |slot| slot.length as usize);
        }
        entries.clear();
        // One extra entry, because a vector's next round is prefetched even if there is none.
        entries.resize(end + 1, [0; 8]);
        for (i, slot) in self.slots.iter().enumerate() {
            if let Some(later) = self.slots.get(i + AHEAD) {
                let start = later.start as usize;
                for line in self.entries[start..start + later.length as usize].chunks(16) {
                    prefetch(&line[0]);
                }
            }
            let from = &self.entries[slot.start as usize..][..slot.length as usize];
            let to = &mut entries[starts[i / 8]..][..from.len()];
            for (to, entry) in to.iter_mut().zip(from) {
                to[i % 8] = *entry;
            }
        }
    }

    /// The entries of a vector in a round.
    #[inline(always)]
    fn entries_of(&self, vector: usize, round: u32) -> &[u32; 8] {
        &self.chunk.entries[self.chunk.starts[vector] + round as usize]
    }

    /// Prefetches the rows of a vector's entries in a round.
    #[inline(always)]
    fn fetch(&self, vector: usize, round: u32) {
        for entry in self.entries_of(vector, round) {
            if let Some(row) = self.table.get((entry & !SIGN) as usize) {
                C::prefetch(row);
            }
        }
    }

    /// The points of a vector's entries, and the lanes whose points are negated.
    #[inline(always)]
    fn load(&self, isa: C::Isa, vector: usize, round: u32) -> (Points<C>, u8) {
        let entries = self.entries_of(vector, round);
        let row = |lane: usize| &self.table[(entries[lane] & !SIGN) as usize];
        let rows = [row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)];
        let mut negative = 0;
        for (lane, entry) in entries.iter().enumerate() {
            negative |= ((entry >> 31) as u8) << lane;
        }
        (Points::load(isa, rows), negative)
    }

    /// Sets the sums to the first entry of every slot.
    #[inline(always)]
    fn begin(&mut self, isa: C::Isa, vectors: usize) {
        let chunk = &mut *self.chunk;
        let (zero, none) = (C::zero(isa), Points::infinity(isa));
        chunk.sums.resize(vectors, none);
        chunk.steps.resize(vectors, Step { dx: zero, dy: zero, before: zero });
        chunk.live.resize(vectors, 0);
        self.arrange();
        for vector in 0..vectors.min(AHEAD) {
            self.fetch(vector, 0);
        }
        for vector in 0..vectors {
            if vector + AHEAD < vectors {
                self.fetch(vector + AHEAD, 0);
            }
            let (point, negative) = self.load(isa, vector, 0);
            let sum = &mut self.chunk.sums[vector];
            (sum.x, sum.y) = (point.x, point.y.negate(negative));
            self.fetch(vector, 1);
        }
    }

    /// Adds an entry to each of the first `active` slots.
    #[inline(always)]
    fn round(&mut self, isa: C::Isa, round: u32, active: usize) {
        let one = C::splat(isa, &BaseField::<G>::ONE);
        let vectors = active.div_ceil(8);
        for live in &mut self.chunk.live[..vectors] {
            *live = 0xff;
        }
        if !active.is_multiple_of(8) {
            self.chunk.live[vectors - 1] = (1 << (active % 8)) - 1;
        }
        let mut products = [one; CHAINS];
        let whole = vectors / CHAINS * CHAINS;
        for first in (0..whole).step_by(CHAINS) {
            for vector in first..first + CHAINS {
                isa.run(Differ { work: self, vector, round, one: &one });
            }
            let steps = &mut self.chunk.steps[first..first + CHAINS];
            for (step, product) in steps.iter_mut().zip(&products) {
                step.before = *product;
            }
            let [a, b, c, d] = &products;
            let (a, b) = C::mul_two(a, &steps[0].dx, b, &steps[1].dx);
            let (c, d) = C::mul_two(c, &steps[2].dx, d, &steps[3].dx);
            products = [a, b, c, d];
        }
        for vector in whole..vectors {
            isa.run(Differ { work: self, vector, round, one: &one });
            let (step, product) = (&mut self.chunk.steps[vector], &mut products[vector - whole]);
            step.before = *product;
            *product = product.mul(&step.dx);
        }
        let mut inverses = match inverse(isa, &products) {
            Some(inverses) => inverses,
            None => {
                self.take_out(vectors, round, &one);
                let products = self.products(vectors, &one);
                // No product is zero any more.
                inverse(isa, &products).unwrap_or([one; CHAINS])
            }
        };
        // In reverse order of the products; two vectors of different chains at a time.
        for vector in (whole..vectors).rev() {
            let inverse = &mut inverses[vector - whole];
            isa.run(AddOne { work: self, vector, round, inverse });
        }
        if C::PAIRED {
            for first in (0..whole).step_by(2).rev() {
                let (even, odd) = inverses.split_at_mut(first % CHAINS + 1);
                self.add_two(first, round, &mut even[first % CHAINS], &mut odd[0]);
            }
        } else {
            for vector in (0..whole).rev() {
                let inverse = &mut inverses[vector % CHAINS];
                isa.run(AddOne { work: self, vector, round, inverse });
            }
        }
    }

    /// Computes the differences between a vector's entries and its sums.
    #[inline(always)]
    fn differ(&mut self, isa: C::Isa, vector: usize, round: u32, one: &C) {
        let (point, negative) = self.load(isa, vector, round);
        let sum = &self.chunk.sums[vector];
        let mut dx = point.x.sub_lazy(&sum.x);
        let dy = point.y.negate_sub_lazy(negative, &sum.y);
        let live = self.chunk.live[vector];
        if live != 0xff {
            dx = dx.select(!live, one);
        }
        let step = &mut self.chunk.steps[vector];
        (step.dx, step.dy) = (dx, dy);
    }

    /// Handles lanes whose sum and entry have the same x: moves their entries to the extras and
    /// leaves those lanes out of this round.
    #[cold]
    #[inline(never)]
    fn take_out(&mut self, vectors: usize, round: u32, one: &C) {
        for vector in 0..vectors {
            let same = zero_lanes(&self.chunk.steps[vector].dx);
            for lane in (0..8).filter(|lane| same >> lane & 1 == 1) {
                let entry = self.entries_of(vector, round)[lane];
                let (x, y) = C::point(&self.table[(entry & !SIGN) as usize]);
                let y = if entry & SIGN == 0 { y } else { -y };
                let bucket = self.slots[8 * vector + lane].bucket;
                self.filled.extras.push((bucket, plain_point::<G>(x, y)));
            }
            self.chunk.live[vector] &= !same;
            let step = &mut self.chunk.steps[vector];
            step.dx = step.dx.select(same, one);
        }
    }

    /// Recomputes the products of the chains.
    #[inline(always)]
    fn products(&mut self, vectors: usize, one: &C) -> [C; CHAINS] {
        let mut products = [*one; CHAINS];
        let whole = vectors / CHAINS * CHAINS;
        for (vector, step) in self.chunk.steps[..vectors].iter_mut().enumerate() {
            let product =
                &mut products[if vector < whole { vector % CHAINS } else { vector - whole }];
            step.before = *product;
            *product = product.mul(&step.dx);
        }
        products
    }

    /// Performs one affine addition per lane. Lanes that are left out have a `dx` of one, and their
    /// results are discarded. Meanwhile it prefetches the rows of the next round, a few at a time,
    /// because the machine supports only few outstanding cache misses.
    #[inline(always)]
    fn add_one(&mut self, vector: usize, round: u32, inverse: &mut C) {
        let table = self.table;
        let Chunk { sums, steps, live, entries, starts } = &mut *self.chunk;
        let next = &entries[starts[vector] + round as usize + 1];
        let (step, sum) = (&steps[vector], &mut sums[vector]);
        let quotient = inverse.mul(&step.before);
        fetch!(table, next, 0 1);
        *inverse = inverse.mul(&step.dx);
        fetch!(table, next, 2 3);
        let slope = step.dy.mul(&quotient);
        fetch!(table, next, 4 5);
        let x = step.dx.third(&slope, &sum.x);
        fetch!(table, next, 6 7);
        let y = slope.mul_sub(&sum.x.sub_lazy(&x), &sum.y);
        put(sum, live[vector], x, y);
    }

    /// `add_one` for two vectors of different chains, with interleaved multiplications.
    #[inline(always)]
    fn add_two(&mut self, a: usize, round: u32, inverse_a: &mut C, inverse_b: &mut C) {
        let table = self.table;
        let b = a + 1;
        let Chunk { sums, steps, live, entries, starts } = &mut *self.chunk;
        let next = round as usize + 1;
        let (next_a, next_b) = (&entries[starts[a] + next], &entries[starts[b] + next]);
        let (step_a, step_b) = (&steps[a], &steps[b]);
        let (quotient_a, quotient_b) =
            C::mul_two(inverse_a, &step_a.before, inverse_b, &step_b.before);
        fetch!(table, next_a, 0 1);
        fetch!(table, next_b, 0 1);
        (*inverse_a, *inverse_b) = C::mul_two(inverse_a, &step_a.dx, inverse_b, &step_b.dx);
        fetch!(table, next_a, 2 3);
        fetch!(table, next_b, 2 3);
        let (slope_a, slope_b) = C::mul_two(&step_a.dy, &quotient_a, &step_b.dy, &quotient_b);
        fetch!(table, next_a, 4 5);
        fetch!(table, next_b, 4 5);
        let x_a = step_a.dx.third(&slope_a, &sums[a].x);
        fetch!(table, next_a, 6 7);
        let x_b = step_b.dx.third(&slope_b, &sums[b].x);
        let (left_a, left_b) = (sums[a].x.sub_lazy(&x_a), sums[b].x.sub_lazy(&x_b));
        fetch!(table, next_b, 6 7);
        let (y_a, y_b) =
            C::mul_sub_two([&slope_a, &left_a, &sums[a].y], [&slope_b, &left_b, &sums[b].y]);
        put(&mut sums[a], live[a], x_a, y_a);
        put(&mut sums[b], live[b], x_b, y_b);
    }

    /// Writes the sums to their buckets, and those of shared buckets to the extras.
    #[inline(always)]
    fn finish(&mut self, vectors: usize) {
        for vector in 0..vectors {
            let sum = &self.chunk.sums[vector];
            let rows = C::store(&sum.x, &sum.y);
            for (lane, row) in rows.into_iter().enumerate() {
                let Some(slot) = self.slots.get(8 * vector + lane) else { break };
                if slot.shared {
                    let (x, y) = C::point(&row);
                    self.filled.extras.push((slot.bucket, plain_point::<G>(x, y)));
                } else {
                    self.filled.buckets[slot.bucket as usize] = row;
                }
            }
        }
    }
}

// Kernels of their own, so that each long body exists once and stays in the instruction cache.

/// The kernel of [`Accumulate::differ`].
struct Differ<'w, 'a, 'b, G: Group, C> {
    work: &'w mut Accumulate<'a, 'b, G, C>,
    vector: usize,
    round: u32,
    one: &'w C,
}

impl<G: Group, C> Kernel<C::Isa> for Differ<'_, '_, '_, G, C>
where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, isa: C::Isa) {
        self.work.differ(isa, self.vector, self.round, self.one);
    }
}

/// The kernel of [`Accumulate::add_one`].
struct AddOne<'w, 'a, 'b, G: Group, C> {
    work: &'w mut Accumulate<'a, 'b, G, C>,
    vector: usize,
    round: u32,
    inverse: &'w mut C,
}

impl<G: Group, C> Kernel<C::Isa> for AddOne<'_, '_, '_, G, C>
where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, _: C::Isa) {
        self.work.add_one(self.vector, self.round, self.inverse);
    }
}

/// Stores the new sum in the lanes that this round adds to.
#[inline(always)]
fn put<C: Coordinate>(sum: &mut Points<C>, live: u8, x: C, y: C) {
    if live == 0xff {
        *sum = Points { x, y };
    } else {
        *sum = Points { x: sum.x.select(live, &x), y: sum.y.select(live, &y) };
    }
}

/// Inverts the products of the chains with one inversion.
#[inline(always)]
fn inverse<C: Coordinate>(isa: C::Isa, products: &[C; CHAINS]) -> Option<[C; CHAINS]> {
    let [a, b, c, d] = products;
    let (ab, cd) = (a.mul(b), c.mul(d));
    let inverse = ab.mul(&cd).inverse(isa)?;
    let (ab, cd) = (inverse.mul(&cd), inverse.mul(&ab));
    Some([ab.mul(b), ab.mul(a), cd.mul(d), cd.mul(c)])
}
