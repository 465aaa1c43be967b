//! The weighted sum of the buckets: running sums over segments, one segment per lane, and a tree
//! over the segments.

use super::{
    affine::{Batch, Points},
    group::{BaseField, Group, Row, Sum, plain_point},
    wipe::wipe,
};
use crate::{backend::Kernel, field::Coordinate};
use ark_ec::AdditiveGroup as _;
use ark_ff::Zero as _;

/// Working memory for a reduction.
pub(super) struct Segments<C> {
    sums: Vec<Points<C>>,
    next: Vec<Points<C>>,
    batch: Batch<C>,
    /// The running sums of the segments, grouped by level. The points of each group are then added
    /// up.
    groups: [Vec<Points<C>>; GROUPS],
    to: Vec<Points<C>>,
    from: Vec<Points<C>>,
}

/// Number of groups. There are at most 2^6 vectors of segments, which take six groups, one for each
/// bit of a vector's number. The sums of the running sums are the seventh.
const GROUPS: usize = 7;

impl<C> Default for Segments<C> {
    fn default() -> Self {
        let empty = Vec::new;
        let groups = std::array::from_fn(|_| empty());
        Self {
            sums: empty(),
            next: empty(),
            batch: Batch::default(),
            groups,
            to: empty(),
            from: empty(),
        }
    }
}

impl<C> Segments<C> {
    /// Overwrites the sums, and keeps the allocations.
    pub(super) fn wipe(&mut self) {
        let Self { sums, next, batch, groups, to, from } = self;
        groups.iter_mut().chain([sums, next, to, from]).for_each(wipe);
        batch.wipe();
    }
}

/// The kernel that computes the sum of `(b + 1) * bucket[b]`. The number of buckets must be a power
/// of two and at least eight.
pub(super) struct Reduce<'a, G: Group, C> {
    pub(super) buckets: &'a [Row<G>],
    pub(super) segments: &'a mut Segments<C>,
}

impl<G: Group, C> Kernel<C::Isa> for Reduce<'_, G, C>
where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    type Output = Sum<G>;

    #[inline(always)]
    fn run(self, isa: C::Isa) -> Sum<G> {
        let Self { buckets, segments } = self;
        let count = (buckets.len() / 16).clamp(8, 512);
        let (length, vectors) = (buckets.len() / count, count / 8);
        let Segments { sums, next, batch, groups, to, from } = segments;
        let none = Points::infinity(isa);
        // The first half holds the running sums from the top of each segment; the second half holds
        // the sums of those.
        sums.clear();
        sums.resize(2 * vectors, none);
        next.clear();
        next.resize(2 * vectors, none);
        // Both halves advance in one batch, so the second half adds the first half's sum of the
        // previous step.
        for step in 0..=length {
            for v in 0..vectors {
                next[vectors + v] = sums[v];
                next[v] = none;
                if step < length {
                    let row = |lane: usize| &buckets[(8 * v + lane) * length + length - 1 - step];
                    let rows = [row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)];
                    next[v] = Points::load(isa, rows);
                }
            }
            if step == 0 {
                sums.copy_from_slice(next);
            } else {
                batch.add::<G>(isa, sums, next);
            }
        }
        // The sum over the segments s of inner[s] + length · s · whole[s], with s = 8 · v + lane.
        let [inner, levels @ ..] = &mut *groups;
        inner.clear();
        inner.extend_from_slice(&sums[vectors..]);
        let whole = sums;
        whole.truncate(vectors);
        // v bit by bit: the odd vectors of each level have weight 2^level.
        for odd in levels {
            odd.clear();
            if whole.len() > 1 {
                odd.extend(whole.iter().skip(1).step_by(2));
                let half = whole.len() / 2;
                for i in 1..half {
                    whole[i] = whole[2 * i];
                }
                whole.truncate(half);
                batch.add::<G>(isa, whole, odd);
            }
        }
        add_up::<G, C>(isa, batch, groups, to, from);
        let [inner, levels @ ..] = &*groups;
        let lanes = |group: &Vec<Points<C>>| group.first().map_or(Sum::<G>::zero(), flat::<G, C>);
        let inner = lanes(inner);
        let mut total =
            levels.iter().rev().fold(Sum::<G>::zero(), |sum, level| sum.double() + lanes(level));
        for _ in 0..3 {
            total.double_in_place();
        }
        // The weights of the lanes themselves, 7 down to 1.
        let mut running = Sum::<G>::zero();
        if let Some(whole) = whole.first() {
            for point in whole.to_plain().into_iter().skip(1).rev() {
                if let Some((x, y)) = point {
                    running += plain_point::<G>(x, y);
                }
                total += running;
            }
        }
        let mut bits = length;
        while bits > 1 {
            total.double_in_place();
            bits /= 2;
        }
        total + inner
    }
}

/// Adds up the vectors of each group. Every pass adds the second half of each group to its first
/// half, for all groups in one batch.
#[inline(always)]
fn add_up<G: Group, C>(
    isa: C::Isa,
    batch: &mut Batch<C>,
    groups: &mut [Vec<Points<C>>; GROUPS],
    to: &mut Vec<Points<C>>,
    from: &mut Vec<Points<C>>,
) where
    C: Coordinate<Plain = BaseField<G>, Row = Row<G>>,
{
    while groups.iter().any(|group| group.len() > 1) {
        to.clear();
        from.clear();
        let mut halves = [0; GROUPS];
        for (group, half) in groups.iter_mut().zip(&mut halves) {
            *half = group.len() / 2;
            let half = *half;
            from.extend(group.drain(group.len() - half..));
            to.extend_from_slice(&group[..half]);
        }
        batch.add::<G>(isa, to, from);
        // Three vectors become two: the sum of the outer ones, and the middle one.
        let mut sums = to.iter();
        for (group, half) in groups.iter_mut().zip(&halves) {
            for (point, sum) in group.iter_mut().zip(sums.by_ref().take(*half)) {
                *point = *sum;
            }
        }
    }
}

/// The sum of eight points.
fn flat<G: Group, C>(points: &Points<C>) -> Sum<G>
where
    C: Coordinate<Plain = BaseField<G>>,
{
    let points = points.to_plain().into_iter().flatten();
    points.map(|(x, y)| plain_point::<G>(x, y)).sum()
}
