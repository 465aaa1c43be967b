//! Splits the sums of a proof into parts for several threads.

use std::{
    cmp::Reverse,
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bn254x8::msm::Shape;

use super::budget;

/// Parts per thread with which the search for a good split starts. More parts balance better, but
/// each ends with a pass over its buckets.
const PARTS: std::ops::RangeInclusive<usize> = 0..=3;

/// The cost of one butterfly, in the units of [`budget::part_cost`].
const BUTTERFLY: usize = 2;

/// A part of one of the four sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The sum that it belongs to: 0 is A, 1 is B in G1, 2 is B in G2, 3 is L with H.
    pub(super) query: usize,
    /// Whether it also computes the other sum of B.
    pub(super) both: bool,
    /// The range of its bases.
    pub(super) range: Range<usize>,
    /// Whether it needs the products.
    late: bool,
    cost: usize,
}

/// The work of a proof, before it is split into parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Workload {
    pub(super) shapes: [Shape; 4],
    /// Number of bases of the last sum that belong to wires. They come first, and do not need the
    /// products.
    pub(super) of_wires: usize,
    /// Whether both sums of B are over the same wires.
    pub(super) joint: bool,
    /// Binary logarithm of the transforms' size, if transforms are needed.
    pub(super) transforms: Option<u32>,
}

impl Workload {
    /// The parts with which this many threads finish soonest, among those that were tried;
    /// costliest first.
    pub(super) fn parts(&self, threads: usize) -> Vec<Part> {
        let ways = [(true, self.joint), (false, self.joint), (true, false), (false, false)];
        let wholes = ways.map(|(split, both)| self.wholes(split, both));
        let begins = wholes.iter().flat_map(|wholes| PARTS.map(move |parts| (wholes, parts)));
        let found = begins.map(|(wholes, parts)| {
            let pieces = self.share(wholes, threads * parts);
            self.improve(threads, wholes, pieces)
        });
        found.min_by_key(|parts| self.end(threads, parts)).unwrap_or_default()
    }

    /// The units that may be cut into pieces. With `split`, bases that need the products are
    /// separate from those that do not.
    fn wholes(&self, split: bool, both: bool) -> Vec<Part> {
        let bases = |query: usize| self.shapes[query].bases;
        let cut = if split { self.of_wires } else { 0 };
        let mut wholes = vec![(0, 0..bases(0), false), (1, 0..bases(1), false)];
        if !both {
            wholes.push((2, 0..bases(2), false));
        }
        wholes.extend([(3, 0..cut, false), (3, cut..bases(3), true)]);
        wholes.retain(|(_, range, _)| !range.is_empty());
        let part = |(query, range, late)| self.part(query, both && query == 1, range, late);
        wholes.into_iter().map(part).collect()
    }

    fn part(&self, query: usize, both: bool, range: Range<usize>, late: bool) -> Part {
        let of = |query: usize| budget::part_cost(&self.shapes[query], range.len(), query == 2);
        let cost = if both {
            of(1) + of(2) - budget::sort_cost(&self.shapes[2], range.len())
        } else {
            of(query)
        };
        Part { query, both, range, late, cost }
    }

    /// Number of pieces of each unit, so that a piece is about a `count`-th of the total. One piece
    /// each if `count` is 0.
    fn share(&self, wholes: &[Part], count: usize) -> Vec<usize> {
        let all: usize = wholes.iter().map(|part| part.cost).sum();
        let share = all.checked_div(count).unwrap_or(usize::MAX).max(1);
        wholes.iter().map(|part| ((part.cost + share / 2) / share).max(1)).collect()
    }

    /// Adds or removes one piece of one unit at a time, as long as that makes all threads finish
    /// sooner.
    fn improve(&self, threads: usize, wholes: &[Part], mut pieces: Vec<usize>) -> Vec<Part> {
        let mut best = self.cut(wholes, &pieces);
        loop {
            let steps =
                (0..pieces.len()).flat_map(|at| [(at, pieces[at] + 1), (at, pieces[at] - 1)]);
            let steps = steps.filter(|(_, count)| *count > 0).map(|(at, count)| {
                let mut pieces = pieces.clone();
                pieces[at] = count;
                let parts = self.cut(wholes, &pieces);
                (self.end(threads, &parts), pieces, parts)
            });
            match steps.min_by_key(|(end, ..)| *end) {
                Some((end, more, parts)) if end < self.end(threads, &best) => {
                    (pieces, best) = (more, parts);
                }
                _ => return best,
            }
        }
    }

    /// Cuts each unit into the given number of pieces.
    fn cut(&self, wholes: &[Part], pieces: &[usize]) -> Vec<Part> {
        let mut parts = Vec::new();
        for (whole, pieces) in wholes.iter().zip(pieces) {
            let Part { query, both, range, late, .. } = whole;
            let length = range.len().div_ceil(*pieces);
            for start in range.clone().step_by(length) {
                let end = (start + length).min(range.end);
                parts.push(self.part(*query, *both, start..end, *late));
            }
        }
        parts.sort_by_key(|part| Reverse(part.cost));
        parts
    }

    /// When the last thread finishes, if each takes the first part that can start.
    fn end(&self, threads: usize, parts: &[Part]) -> usize {
        let transforms = self.transforms.map_or(0, |log| (4 * BUTTERFLY * log as usize) << log);
        let mut free = vec![0; threads.max(1)];
        free[0] = transforms;
        let mut left: Vec<&Part> = parts.iter().collect();
        while !left.is_empty() {
            let next = free.iter_mut().min();
            let Some(now) = next else { break };
            match left.iter().position(|part| !part.late || *now >= transforms) {
                Some(at) => *now += left.remove(at).cost,
                None => *now = transforms,
            }
        }
        free.into_iter().max().unwrap_or(0)
    }
}

/// Parts that wait for a thread, the results of finished parts, and what late parts need.
pub(super) struct PartQueue<'a, P: ?Sized, T, E> {
    state: Mutex<State<'a, P, T, E>>,
}

struct State<'a, P: ?Sized, T, E> {
    waiting: Vec<Part>,
    done: Vec<T>,
    products: Option<&'a P>,
    failed: Option<E>,
}

impl<'a, P: ?Sized, T, E> PartQueue<'a, P, T, E> {
    pub(super) fn new(waiting: Vec<Part>) -> Self {
        let state = State { waiting, done: Vec::new(), products: None, failed: None };
        Self { state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State<'a, P, T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the products, so that parts that need them can start. After an error no further part
    /// starts.
    pub(super) fn set_products(&self, products: Result<&'a P, E>) {
        let mut state = self.state();
        match products {
            Ok(products) => state.products = Some(products),
            Err(error) => state.fail(error),
        }
    }

    /// Works on parts until none is left that can start. `None` stands for products that a part
    /// does not need.
    pub(super) fn work(&self, mut act: impl FnMut(Part, Option<&'a P>) -> Result<T, E>) {
        let mut state = self.state();
        loop {
            let products = state.products;
            let begins = |part: &Part| !part.late || products.is_some();
            let Some(at) = state.waiting.iter().position(begins) else { return };
            let part = state.waiting.remove(at);
            drop(state);
            let done = act(part, products);
            state = self.state();
            match done {
                Ok(done) => state.done.push(done),
                Err(error) => state.fail(error),
            }
        }
    }

    /// The results of all parts.
    pub(super) fn finish(self) -> Result<Vec<T>, E> {
        let State { done, failed, .. } =
            self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed.map_or(Ok(done), Err)
    }
}

impl<P: ?Sized, T, E> State<'_, P, T, E> {
    fn fail(&mut self, error: E) {
        self.failed.get_or_insert(error);
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(bases: [usize; 4], of_wires: usize, joint: bool) -> Workload {
        let shapes = bases.map(|bases| Shape { bases, window: 5, step: 1 });
        Workload { shapes, of_wires, joint, transforms: Some(9) }
    }

    #[test]
    fn every_base_is_in_one_part() {
        for (bases, of_wires) in [([1, 1, 1, 2], 1), ([0, 0, 0, 3], 0), ([40, 30, 30, 90], 41)] {
            for joint in [false, true] {
                let work = workload(bases, of_wires, joint);
                for (count, split) in [(0, true), (0, false), (4, true), (9, false), (40, true)] {
                    let wholes = work.wholes(split, joint);
                    let parts = work.cut(&wholes, &work.share(&wholes, count));
                    assert!(parts.windows(2).all(|pair| pair[0].cost >= pair[1].cost));
                    for (query, bases) in bases.into_iter().enumerate() {
                        let mut seen = vec![0; bases];
                        let mine = |part: &&Part| part.query == query || query == 2 && part.both;
                        for part in parts.iter().filter(mine) {
                            let needs = query == 3 && part.range.end > of_wires;
                            assert!(
                                part.late || !needs,
                                "a late part started without the products"
                            );
                            seen[part.range.clone()].iter_mut().for_each(|n| *n += 1);
                        }
                        assert_eq!(seen, vec![1; bases], "query {query}");
                    }
                }
            }
        }
    }

    /// The sizes of Five Fu's tables.
    #[test]
    fn two_threads_take_little_more_than_half_as_long() {
        let bases = [32_000, 21_000, 21_000, 65_000];
        let mut shapes = bases.map(|bases| Shape { bases, window: 15, step: 1 });
        shapes[3].window = 16;
        let work = Workload { shapes, of_wires: 32_500, joint: true, transforms: Some(15) };
        let alone = work.end(1, &work.wholes(false, true)) as f64;
        for (threads, times) in [(2, 1.93), (4, 3.4)] {
            let end = work.end(threads, &work.parts(threads)) as f64;
            assert!(alone / end > times, "{} times on {threads}", alone / end);
        }
    }

    #[test]
    fn parts_wait_for_the_products_and_a_failure_ends_all() {
        let parts = workload([40, 30, 30, 90], 41, true).parts(2);
        let (count, late) = (parts.len(), parts.iter().filter(|part| part.late).count());
        assert!(late > 0);
        let queue = PartQueue::<u8, bool, u8>::new(parts.clone());
        let act = |part: Part, products: Option<&u8>| Ok(!part.late || products == Some(&7));
        queue.work(act);
        assert_eq!(queue.state().done.len(), count - late);
        queue.set_products(Ok(&7));
        queue.work(act);
        assert_eq!(queue.finish(), Ok(vec![true; count]));

        let queue = PartQueue::<u8, (), u8>::new(parts.clone());
        queue.work(|_, _| Ok(()));
        queue.set_products(Err(3));
        queue.work(|_, _| Ok(()));
        assert_eq!(queue.finish(), Err(3));
        let queue = PartQueue::<u8, (), u8>::new(parts);
        queue.work(|_, _| Err(5));
        assert_eq!(queue.finish(), Err(5));
    }
}
