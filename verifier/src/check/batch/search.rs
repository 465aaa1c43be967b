//! Finds the bad proofs of a batch: by halves, as long as that may cost less than one by one.

use alloc::{vec, vec::Vec};
use core::ops::Range;

use ark_bn254::Fq12;
use ark_ff::Field;

use super::{
    equation::{KeyTerms, ScaledCandidates},
    work::Work,
};
use crate::{check::opened::Finding, groth16::arithmetic::Products};

/// Returns how many candidates' Miller loops are multiplied together and kept, for a batch of this
/// size.
///
/// Arkworks shares squarings among four. Lanes share them across a whole product, and so prefer
/// long ones; but with more than a quarter of the batch in one product, finding a bad proof would
/// repeat half of the batch.
const fn chunk(size: usize) -> usize {
    if !cfg!(feature = "simd") || size <= 4 * CHUNK {
        CHUNK
    } else if size.div_ceil(4) < 4 * CHUNK {
        size.div_ceil(4).next_multiple_of(CHUNK)
    } else {
        4 * CHUNK
    }
}

/// The shortest product that is worth keeping.
const CHUNK: usize = 32;

/// A search through one batch.
pub(super) struct Search<'k> {
    scaled: ScaledCandidates<'k>,
    /// Products of the Miller loops, `chunk` candidates each.
    chunks: Vec<Fq12>,
    chunk: usize,
    inside: ChunkSearch,
    found: Vec<Option<Finding>>,
    undecided: u64,
    alone: u64,
    spent: Work,
    /// How much may be spent, if whatever is then undecided is checked one by one.
    limit: u64,
}

/// The chunk that is searched: the products of its Miller loops, from its start up to each of its
/// candidates. No loop runs a third time.
#[derive(Default)]
struct ChunkSearch {
    range: Range<usize>,
    products: Vec<Fq12>,
}

impl<'k> Search<'k> {
    /// Starts a search. `credit` is how much may be wasted.
    pub(super) fn new(scaled: ScaledCandidates<'k>, credit: u64) -> Self {
        let undecided = scaled.len() as u64;
        // A few bad proofs are found with less than half a loop for each candidate. If there are
        // more, one by one is cheaper.
        let alone = Work::alone();
        let search = undecided / 2 + 2 * alone * u64::from(undecided.ilog2() + 1);
        let loss = (undecided + scaled.all_terms().total() + search).min(credit);
        Self {
            chunks: Vec::new(),
            chunk: chunk(scaled.len()),
            inside: ChunkSearch::default(),
            found: vec![None; scaled.len()],
            scaled,
            undecided,
            alone,
            spent: Work::default(),
            limit: alone * undecided + loss,
        }
    }

    /// Tries all of them together, then parts. Returns what was found for each, or `None` where the
    /// search stopped, and the work done.
    pub(super) fn run(mut self) -> (Vec<Option<Finding>>, Work) {
        let all = 0..self.scaled.len();
        self.spent.miller_loops += self.undecided;
        let Products { products, outside } = self.scaled.miller_products(self.chunk);
        self.chunks = products;
        for at in outside {
            // Its loop ran once more, by itself.
            self.spent.miller_loops += Self::BY_ITSELF;
            self.decide(at..at + 1, Finding::Outside);
        }
        let terms = self.scaled.key_terms(all.clone());
        if let Some(error) = self.error(all.clone(), &terms, Range::default()) {
            self.settle(all, error);
        }
        (self.found, self.spent)
    }

    /// What a loop counts that runs by itself, because it shares no squarings.
    const BY_ITSELF: u64 = 2;

    /// Searches a range whose equation is off by `error`, which is not 1, so that the range has at
    /// least one bad proof.
    fn split(&mut self, range: Range<usize>, error: Fq12) {
        if range.len() == 1 {
            return self.decide(range, Finding::Fails);
        }
        let middle = middle(&range, self.chunk);
        let (left, right) = (range.start..middle, middle..range.end);
        let Some(left_error) = self.attempt(left.clone()) else { return };
        let Some(right_error) = left_error.inverse().map(|inverse| error * inverse) else {
            return;
        };
        self.settle(left, left_error);
        self.settle(right, right_error);
    }

    /// Decides a range whose equation holds, and searches one whose equation does not.
    fn settle(&mut self, range: Range<usize>, error: Fq12) {
        if error == Fq12::ONE {
            self.decide(range, Finding::Holds);
        } else {
            self.split(range, error);
        }
    }

    /// Returns what the equation of a range is off by, or `None` if going on could cost more than
    /// may be wasted.
    fn attempt(&mut self, range: Range<usize>) -> Option<Fq12> {
        let needed = self.unread(&range);
        let loops = Self::BY_ITSELF * needed.len() as u64;
        let terms = self.scaled.key_terms(range.clone());
        if self.spent.total() + loops + terms.work().total() + self.alone * self.undecided
            > self.limit
        {
            return None;
        }
        self.spent.miller_loops += loops;
        self.error(range, &terms, needed)
    }

    /// Returns the chunk whose loops must run one by one before anything can be said about the
    /// range.
    fn unread(&self, range: &Range<usize>) -> Range<usize> {
        let start = range.start - range.start % self.chunk;
        let chunk = start..self.scaled.len().min(start + self.chunk);
        let whole = range.start == chunk.start && range.end >= chunk.end;
        if whole || self.inside.range == chunk { Range::default() } else { chunk }
    }

    fn error(
        &mut self,
        range: Range<usize>,
        terms: &KeyTerms,
        unread: Range<usize>,
    ) -> Option<Fq12> {
        if !unread.is_empty() {
            let mut product = Fq12::ONE;
            let products = self.scaled.miller_values(unread.clone()).into_iter().map(|value| {
                product *= value;
                product
            });
            self.inside = ChunkSearch { products: products.collect(), range: unread };
        }
        let product = if range.start.is_multiple_of(self.chunk)
            && (range.end.is_multiple_of(self.chunk) || range.end == self.scaled.len())
        {
            self.chunks
                .get(range.start / self.chunk..range.end.div_ceil(self.chunk))?
                .iter()
                .product()
        } else {
            let up_to = |at: usize| match at - self.inside.range.start {
                0 => Some(Fq12::ONE),
                count => self.inside.products.get(count - 1).copied(),
            };
            up_to(range.end)? * up_to(range.start)?.inverse()?
        };
        self.spent.add(terms.work());
        self.scaled.error(terms, product)
    }

    fn decide(&mut self, range: Range<usize>, finding: Finding) {
        for found in self.found[range].iter_mut().filter(|found| found.is_none()) {
            *found = Some(finding);
            self.undecided -= 1;
        }
    }
}

/// Returns where a range is split: at a multiple of `chunk`, if it is longer than that.
fn middle(range: &Range<usize>, chunk: usize) -> usize {
    let half = range.len().div_ceil(2);
    range.start + if range.len() > chunk { half.next_multiple_of(chunk) } else { half }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_in_two_long_ones_at_kept_products() {
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
