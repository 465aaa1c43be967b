//! Fills buckets: lane = slot. Round r adds the r-th entry of every slot, so no two lanes ever write to one bucket.

use ark_ff::Field as _;

use super::{
    BaseField, Group, Row, Sum,
    affine::{Points, zero_lanes},
    digits::{Digits, SIGN, Slot},
    plain_point,
};
use crate::{
    field::Coordinate,
    isa::{Isa as _, Kernel},
};

/// Vectors of slots that share an inversion: their coordinates and divisors stay in the second-level cache.
const VECTORS: usize = 256;
/// Rows are fetched this many vectors before they are used.
const AHEAD: usize = 16;
/// Independent chains of products, so that multiplications overlap.
const CHAINS: usize = 4;

/// Memory for a chunk of slots.
pub(super) struct Chunk<C> {
    sums: Vec<Points<C>>,
    /// Per vector: difference of x, which is divided by; difference of y; product of the chain's divisors before.
    steps: Vec<Step<C>>,
    /// Per vector: the entries of this round.
    entries: Vec<[u32; 8]>,
    /// Per vector: where its slots begin.
    starts: Vec<[u32; 8]>,
    /// Per vector: lanes that this round adds to.
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

/// What a pass over the slots fills.
pub(super) struct Filled<'a, G: Group> {
    pub(super) buckets: &'a mut [Row<G>],
    /// Points that could not be added in lanes, with their buckets.
    pub(super) extras: &'a mut Vec<(u32, Sum<G>)>,
}

/// All slots, chunk after chunk.
pub(super) fn accumulate<G: Group, C>(
    isa: C::Isa,
    table: &[Row<G>],
    digits: &Digits,
    chunk: &mut Chunk<C>,
    filled: &mut Filled<'_, G>,
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
    filled: &'a mut Filled<'b, G>,
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
            self.round(isa, round, active, round + 1 < longest);
        }
        self.finish(vectors);
    }
}

impl<G: Group, C> Accumulate<'_, '_, G, C>
where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    /// Looks up the entries of a vector in a round, and sends for their rows.
    #[inline(always)]
    fn fetch(&mut self, vector: usize, round: u32) {
        let starts = &self.chunk.starts[vector];
        let mut entries = [0; 8];
        for lane in 0..8 {
            entries[lane] = self.entries[(starts[lane] + round) as usize];
            C::prefetch(&self.table[(entries[lane] & !SIGN) as usize]);
        }
        self.chunk.entries[vector] = entries;
    }

    /// The points of a vector's entries, and which of them are negative.
    #[inline(always)]
    fn load(&self, isa: C::Isa, vector: usize) -> (Points<C>, u8) {
        let entries = &self.chunk.entries[vector];
        let row = |lane: usize| &self.table[(entries[lane] & !SIGN) as usize];
        let rows = [row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)];
        let mut negative = 0;
        for (lane, entry) in entries.iter().enumerate() {
            negative |= ((entry >> 31) as u8) << lane;
        }
        (Points::load(isa, rows), negative)
    }

    /// The first entry of every slot.
    #[inline(always)]
    fn begin(&mut self, isa: C::Isa, vectors: usize) {
        let chunk = &mut *self.chunk;
        let (zero, none) = (C::zero(isa), Points::infinity(isa));
        chunk.sums.resize(vectors, none);
        chunk.steps.resize(vectors, Step { dx: zero, dy: zero, before: zero });
        chunk.entries.resize(vectors, [0; 8]);
        chunk.starts.resize(vectors, [0; 8]);
        chunk.live.resize(vectors, 0);
        for (vector, starts) in chunk.starts.iter_mut().enumerate() {
            let last = self.slots.len() - 1;
            *starts = std::array::from_fn(|lane| self.slots[(8 * vector + lane).min(last)].start);
        }
        for vector in 0..vectors.min(AHEAD) {
            self.fetch(vector, 0);
        }
        for vector in 0..vectors {
            if vector + AHEAD < vectors {
                self.fetch(vector + AHEAD, 0);
            }
            let (point, negative) = self.load(isa, vector);
            let sum = &mut self.chunk.sums[vector];
            (sum.x, sum.y) = (point.x, point.y.negate(negative));
            self.fetch(vector, 1);
        }
    }

    /// Adds an entry to each of the first `active` slots.
    #[inline(always)]
    fn round(&mut self, isa: C::Isa, round: u32, active: usize, more: bool) {
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
            self.differ(isa, first, &one);
            self.differ(isa, first + 1, &one);
            self.differ(isa, first + 2, &one);
            self.differ(isa, first + 3, &one);
            let steps = &mut self.chunk.steps[first..first + CHAINS];
            for (step, product) in steps.iter_mut().zip(&products) {
                step.before = *product;
            }
            products = [
                products[0].mul(&steps[0].dx),
                products[1].mul(&steps[1].dx),
                products[2].mul(&steps[2].dx),
                products[3].mul(&steps[3].dx),
            ];
        }
        for vector in whole..vectors {
            self.differ(isa, vector, &one);
            let (step, product) = (&mut self.chunk.steps[vector], &mut products[vector - whole]);
            step.before = *product;
            *product = product.mul(&step.dx);
        }
        let mut inverses = match inverse(isa, &products) {
            Some(inverses) => inverses,
            None => {
                self.take_out(vectors, &one);
                let products = self.products(vectors, &one);
                // No product is zero any more.
                inverse(isa, &products).unwrap_or([one; CHAINS])
            }
        };
        // Backwards, as the products were made; two vectors of different chains at a time.
        for vector in (whole..vectors).rev() {
            self.add_one(vector, &mut inverses[vector - whole]);
            if more {
                self.fetch(vector, round + 1);
            }
        }
        for first in (0..whole).step_by(CHAINS).rev() {
            for pair in [2, 0] {
                let (left, right) = (first + pair, first + pair + 1);
                let (low, high) = inverses.split_at_mut(pair + 1);
                self.add_two(left, right, &mut low[pair], &mut high[0]);
                if more {
                    self.fetch(left, round + 1);
                    self.fetch(right, round + 1);
                }
            }
        }
    }

    /// The differences between a vector's entries and its sums.
    #[inline(always)]
    fn differ(&mut self, isa: C::Isa, vector: usize, one: &C) {
        let (point, negative) = self.load(isa, vector);
        let sum = &self.chunk.sums[vector];
        let mut dx = point.x.sub_lazy(&sum.x);
        let dy = point.y.negate(negative).sub_lazy(&sum.y);
        let live = self.chunk.live[vector];
        if live != 0xff {
            dx = dx.select(!live, one);
        }
        let step = &mut self.chunk.steps[vector];
        (step.dx, step.dy) = (dx, dy);
    }

    /// Sum and entry of some lane have the same x: their entries go to the extras, and those lanes rest.
    #[cold]
    #[inline(never)]
    fn take_out(&mut self, vectors: usize, one: &C) {
        for vector in 0..vectors {
            let same = zero_lanes(&self.chunk.steps[vector].dx);
            for lane in (0..8).filter(|lane| same >> lane & 1 == 1) {
                let entry = self.chunk.entries[vector][lane];
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

    /// The chains' products once more.
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

    /// One affine addition a lane. In lanes that rest, whose `dx` is one, what comes of it is thrown away.
    #[inline(always)]
    fn add_one(&mut self, vector: usize, inverse: &mut C) {
        let Chunk { sums, steps, live, .. } = &mut *self.chunk;
        let (step, sum) = (&steps[vector], &mut sums[vector]);
        let quotient = inverse.mul(&step.before);
        *inverse = inverse.mul(&step.dx);
        let slope = step.dy.mul(&quotient);
        let x = step.dx.third(&slope.square(), &sum.x);
        let y = slope.mul(&sum.x.sub_lazy(&x)).sub(&sum.y);
        put(sum, live[vector], x, y);
    }

    /// `add_one` for two vectors whose multiplications overlap.
    #[inline(always)]
    fn add_two(&mut self, a: usize, b: usize, inverse_a: &mut C, inverse_b: &mut C) {
        let Chunk { sums, steps, live, .. } = &mut *self.chunk;
        let (step_a, step_b) = (&steps[a], &steps[b]);
        let quotient_a = inverse_a.mul(&step_a.before);
        let quotient_b = inverse_b.mul(&step_b.before);
        *inverse_a = inverse_a.mul(&step_a.dx);
        *inverse_b = inverse_b.mul(&step_b.dx);
        let slope_a = step_a.dy.mul(&quotient_a);
        let slope_b = step_b.dy.mul(&quotient_b);
        let square_a = slope_a.square();
        let square_b = slope_b.square();
        let x_a = step_a.dx.third(&square_a, &sums[a].x);
        let x_b = step_b.dx.third(&square_b, &sums[b].x);
        let y_a = slope_a.mul(&sums[a].x.sub_lazy(&x_a));
        let y_b = slope_b.mul(&sums[b].x.sub_lazy(&x_b));
        let (y_a, y_b) = (y_a.sub(&sums[a].y), y_b.sub(&sums[b].y));
        put(&mut sums[a], live[a], x_a, y_a);
        put(&mut sums[b], live[b], x_b, y_b);
    }

    /// Sums into buckets; those of shared buckets to the extras.
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

/// The new sum, in the lanes that this round adds to.
#[inline(always)]
fn put<C: Coordinate>(sum: &mut Points<C>, live: u8, x: C, y: C) {
    if live == 0xff {
        *sum = Points { x, y };
    } else {
        *sum = Points { x: sum.x.select(live, &x), y: sum.y.select(live, &y) };
    }
}

/// One over each chain's product, by one inversion.
#[inline(always)]
fn inverse<C: Coordinate>(isa: C::Isa, products: &[C; CHAINS]) -> Option<[C; CHAINS]> {
    let [a, b, c, d] = products;
    let (ab, cd) = (a.mul(b), c.mul(d));
    let inverse = ab.mul(&cd).inverse(isa)?;
    let (ab, cd) = (inverse.mul(&cd), inverse.mul(&ab));
    Some([ab.mul(b), ab.mul(a), cd.mul(d), cd.mul(c)])
}
