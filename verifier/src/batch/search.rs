//! Finds the bad ones of a batch: by halves, as long as that may cost less than one by one.

use alloc::{vec, vec::Vec};
use core::ops::Range;

use ark_bn254::Fq12;
use ark_ff::Field;

use super::{
    equation::{KeyTerms, Scaled},
    work::Work,
};

/// For a batch of so many, how many candidates' Miller loops are multiplied together and kept, so that no larger part is ever multiplied out twice.
///
/// Arkworks shares squarings among four. Lanes share squarings and inversions among all of a product, and want long ones; a quarter of the
/// batch at most, else finding a bad one would do half of the batch again.
const fn chunk(size: usize) -> usize {
    if !cfg!(feature = "simd") || size <= 4 * CHUNK {
        CHUNK
    } else if size.div_ceil(4) < 8 * CHUNK {
        size.div_ceil(4).next_multiple_of(CHUNK)
    } else {
        8 * CHUNK
    }
}

/// The shortest product that is worth keeping.
const CHUNK: usize = 32;

/// A search through one batch.
pub(super) struct Search<'s> {
    scaled: &'s Scaled<'s>,
    /// Products of the Miller loops, `chunk` candidates each.
    chunks: Vec<Fq12>,
    chunk: usize,
    found: Vec<Option<bool>>,
    undecided: u64,
    spent: Work,
    /// What may be spent, with what is undecided then counted one by one.
    limit: u64,
}

impl<'s> Search<'s> {
    /// Before anything is tried. `credit` is what may be lost.
    pub(super) fn new(scaled: &'s Scaled<'s>, credit: u64) -> Self {
        let undecided = scaled.len() as u64;
        // A few bad ones are found within half a loop for each candidate. More of them are cheaper found one by one.
        let search = undecided / 2 + 8 * u64::from(undecided.ilog2() + 1);
        let all = scaled.key_terms(0..scaled.len());
        let loss = (undecided + all.cost() + search).min(credit);
        Self {
            scaled,
            chunks: Vec::new(),
            chunk: chunk(scaled.len()),
            found: vec![None; scaled.len()],
            undecided,
            spent: Work::default(),
            limit: Work::ALONE * undecided + loss,
        }
    }

    /// Tries all of them, then parts. Gives for each whether its equation holds, or nothing where the search stopped, and the work done.
    pub(super) fn run(mut self) -> (Vec<Option<bool>>, Work) {
        let all = 0..self.scaled.len();
        let starts = all.clone().step_by(self.chunk);
        self.chunks = starts
            .map(|start| self.scaled.miller_product(start..all.end.min(start + self.chunk)))
            .collect();
        self.spent.miller_loops += self.undecided;
        let product = self.chunks.iter().product();
        let terms = self.scaled.key_terms(all.clone());
        if self.holds(&terms, product) {
            self.decide(all, true);
        } else {
            self.split(all, product);
        }
        (self.found, self.spent)
    }

    /// Looks for the bad ones of a range that has at least one.
    fn split(&mut self, range: Range<usize>, product: Fq12) {
        if range.len() == 1 {
            return self.decide(range, false);
        }
        let middle = middle(&range, self.chunk);
        let (left, right) = (range.start..middle, middle..range.end);
        let Some((left_product, left_holds)) = self.attempt(left.clone(), None) else { return };
        let Some(right_product) = left_product.inverse().map(|inverse| product * inverse) else {
            return;
        };
        if left_holds {
            // So the bad one is on the right.
            self.decide(left, true);
            return self.split(right, right_product);
        }
        self.split(left, left_product);
        match self.attempt(right.clone(), Some(right_product)) {
            Some((_, true)) => self.decide(right, true),
            Some((_, false)) => self.split(right, right_product),
            None => {}
        }
    }

    /// The Miller product of a range and whether its equation holds. Nothing, when going on could cost more than may be lost.
    fn attempt(&mut self, range: Range<usize>, known: Option<Fq12>) -> Option<(Fq12, bool)> {
        let terms = self.scaled.key_terms(range.clone());
        let ends = range.end.is_multiple_of(self.chunk) || range.end == self.scaled.len();
        let kept = range.start.is_multiple_of(self.chunk) && ends;
        let loops = if known.is_some() || kept { 0 } else { range.len() as u64 };
        let then = self.spent.total() + loops + terms.cost() + Work::ALONE * self.undecided;
        if then > self.limit {
            return None;
        }
        self.spent.miller_loops += loops;
        let product = known.unwrap_or_else(|| {
            if kept {
                self.chunks[range.start / self.chunk..range.end.div_ceil(self.chunk)]
                    .iter()
                    .product()
            } else {
                self.scaled.miller_product(range)
            }
        });
        Some((product, self.holds(&terms, product)))
    }

    fn holds(&mut self, terms: &KeyTerms<'_>, product: Fq12) -> bool {
        self.spent.miller_loops += terms.cost() - 1;
        self.spent.final_exponentiations += 1;
        terms.hold(product)
    }

    fn decide(&mut self, range: Range<usize>, holds: bool) {
        self.undecided -= range.len() as u64;
        self.found[range].fill(Some(holds));
    }
}

/// Where a range is cut: at a multiple of `chunk` if it is longer than that.
fn middle(range: &Range<usize>, chunk: usize) -> usize {
    let half = range.len().div_ceil(2);
    range.start + if range.len() > chunk { half.next_multiple_of(chunk) } else { half }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_cut_into_two_and_long_ones_where_products_are_kept() {
        for size in [1024, 1000, 257, 65, 33, 32, 3, 2] {
            let chunk = chunk(size);
            let mut ranges = Vec::from([Range { start: 0, end: size }]);
            while let Some(range) = ranges.pop() {
                if range.len() == 1 {
                    continue;
                }
                let middle = middle(&range, chunk);
                assert!(range.start < middle && middle < range.end, "{range:?} of {size}");
                assert!(
                    range.len() <= chunk || middle.is_multiple_of(chunk),
                    "{range:?} of {size}"
                );
                ranges.extend([range.start..middle, middle..range.end]);
            }
        }
    }
}
