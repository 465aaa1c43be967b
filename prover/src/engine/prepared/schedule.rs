//! The sums of a proof in parts, for several threads.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use bn254x8::msm::Shape;

use super::budget;

/// Parts for each thread, roughly: more of them balance better, and each ends in a pass over its buckets.
const PARTS: usize = 2;

/// A part of one of the four sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Which sum: A, B in G1, B in G2, L with H.
    pub(super) query: usize,
    /// Which of its bases.
    pub(super) range: Range<usize>,
}

/// The parts for so many threads, the costliest first: those that need wires alone, and those that need the products, too. The
/// first `of_wires` bases of the last sum are for wires. Where both sums of B are `joint`, parts of B in G1 are of both.
pub(super) fn parts(
    shapes: &[Shape; 4],
    of_wires: usize,
    threads: usize,
    joint: bool,
) -> [Vec<Part>; 2] {
    let mut costs: Vec<usize> =
        (0..4).map(|query| budget::cost(&shapes[query], query == 2)).collect();
    if joint {
        costs[1] += std::mem::take(&mut costs[2]);
    }
    let share = (costs.iter().sum::<usize>() / (threads * PARTS)).max(1);
    let mut early = Vec::new();
    let mut late = Vec::new();
    let mut split = |query: usize, range: Range<usize>, late_too: bool| {
        if range.is_empty() {
            return;
        }
        let bases = shapes[query].bases;
        let cost = costs[query] / bases * range.len();
        let count = (cost + share / 2) / share;
        let length = range.len().div_ceil(count.max(1));
        for start in range.clone().step_by(length) {
            let range = start..(start + length).min(range.end);
            let part = (cost / count.max(1), Part { query, range });
            if late_too { late.push(part) } else { early.push(part) }
        }
    };
    for (query, shape) in shapes.iter().enumerate().take(3) {
        if !joint || query != 2 {
            split(query, 0..shape.bases, false);
        }
    }
    split(3, 0..of_wires, false);
    split(3, of_wires..shapes[3].bases, true);
    [early, late].map(|mut parts: Vec<(usize, Part)>| {
        parts.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
        parts.into_iter().map(|(_, part)| part).collect()
    })
}

/// What parts came to.
pub(super) struct Done<T>(Mutex<Vec<T>>);

impl<T> Default for Done<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T> Done<T> {
    pub(super) fn put(&self, value: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(value);
    }

    pub(super) fn take(&self) -> impl Iterator<Item = T> + use<T> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_base_is_in_one_part() {
        for (bases, of_wires) in [([1, 1, 1, 2], 1), ([0, 0, 0, 3], 0), ([40, 30, 31, 90], 41)] {
            for threads in [2, 3, 16] {
                let shapes = bases.map(|bases| Shape { bases, window: 5, step: 1 });
                for joint in [false, true] {
                    let [early, late] = parts(&shapes, of_wires, threads, joint);
                    assert!(early.iter().all(|part| part.query < 3 || part.range.end <= of_wires));
                    assert!(
                        late.iter().all(|part| part.query == 3 && part.range.start >= of_wires)
                    );
                    for (query, bases) in bases.into_iter().enumerate() {
                        let bases = if joint && query == 2 { 0 } else { bases };
                        let mut seen = vec![0; bases];
                        let parts = early.iter().chain(&late).filter(|part| part.query == query);
                        parts.for_each(|part| {
                            seen[part.range.clone()].iter_mut().for_each(|n| *n += 1)
                        });
                        assert_eq!(seen, vec![1; bases]);
                    }
                }
            }
        }
    }
}
