//! Verifies many proofs at once: their pairing equations are combined into one, with random
//! coefficients.
//!
//! The result for each proof is that of [`OpenedProof::verify`]: the same checks in the same order,
//! with the same reason. Only the last two checks work differently. The points of all proofs are
//! read together. Then, with a 128-bit coefficient `r_i` for each proof, one equation is checked:
//!
//! ```text
//! prod_i e(r_i A_i, B_i) =
//!     prod_keys e(sum r_i alpha, beta) e(sum r_i inputs_i, gamma) e(sum r_i C_i, delta)
//! ```
//!
//! It takes one Miller loop for each proof, three for each key, and one final exponentiation. A
//! proof's Miller loop ends at a point that shows whether B is in its subgroup. If it is not, the
//! proof is taken out of the equation before the equation is checked.
//!
//! **Coefficients** come from BLAKE3 over everything (the number of proofs, then the key, inputs
//! and proof of each, in order), followed by 32 fresh bytes that are drawn once all of that is
//! absorbed. The authors of the proofs could not know the coefficients, nor choose proofs to fit
//! them. For a product of wrong equations, not all equal to 1, only one of the 2^128 values of any
//! one wrong proof's coefficient makes the product 1.
//!
//! **Bad proofs are named** by bisection. The parts that are tried belong to one tree, split by
//! position before any coefficient is drawn, and each part keeps the scaled points of the whole. So
//! the parts may share their coefficients: each of the `2n - 1` parts hides a wrong proof with
//! probability 2^-128, and by the union bound the probability that any part does is below `2n /
//! 2^128`, whatever path is taken through the tree, although the parts are not independent. No
//! coefficient outlives the call, and callers learn only which proofs are bad.
//!
//! **Poison.** Work is counted in Miller loops ([`Work::total`]). A [`BatchVerifier`] holds credit.
//! A batch pays in what it saves against one proof at a time. A spoiled batch pays out what it
//! wastes. What the credit does not cover is not tried; those proofs are checked one at a time.
//! Over its life, a batch verifier therefore never does more work than this: the cost of each bad
//! proof alone, five quarters of that for each good one, and [`CREDIT`] times that.

mod coefficients;
mod entropy;
mod equation;
mod search;
mod work;

use alloc::{collections::BTreeSet, vec::Vec};

#[cfg(feature = "simd")]
pub use crate::groth16::arithmetic::refused_by_lanes;
#[cfg(feature = "std")]
pub use entropy::OsEntropy;
pub use entropy::{Entropy, EntropyError};
pub use work::Work;

use crate::{
    check::{
        OpenedProof, VerifyError,
        opened::{Candidate, Finding},
    },
    groth16::arithmetic,
};
use coefficients::coefficients;
use equation::ScaledCandidates;
use search::Search;

/// The most that a [`BatchVerifier`] may waste: the cost of this many proofs, one at a time.
pub const CREDIT: u64 = 384;

fn full_credit() -> u64 {
    CREDIT * Work::alone()
}

/// The largest number of proofs in one equation. More proofs are checked in turns.
pub const MAX: usize = 1024;

/// The result of a batch.
#[derive(Debug)]
pub struct Outcome<V> {
    /// The verdict on each proof, in the order in which they were given.
    pub verdicts: Vec<Result<V, VerifyError>>,
    /// The work that it took.
    pub work: Work,
}

impl<V> Outcome<V> {
    /// Returns the positions of the proofs that spoiled the batch: everything was in order, but the
    /// proof proves nothing, which shows only in the common equation. Proofs refused for another
    /// reason cost the others nothing, except that a B outside its subgroup may take one more
    /// Miller loop.
    pub fn spoilers(&self) -> impl Iterator<Item = usize> {
        let spoiled =
            |verdict: &Result<V, VerifyError>| matches!(verdict, Err(VerifyError::Equation));
        self.verdicts.iter().enumerate().filter(move |(_, v)| spoiled(v)).map(|(at, _)| at)
    }
}

/// Verifies batches, and keeps bad proofs from making it slow. Keep the value: what it learns
/// during a flood is lost with it.
#[derive(Clone, Debug)]
pub struct BatchVerifier {
    credit: u64,
}

impl Default for BatchVerifier {
    /// Starts with full credit.
    fn default() -> Self {
        Self { credit: full_credit() }
    }
}

impl BatchVerifier {
    /// Verifies all opened proofs. They may be of several keys, and of several statements with
    /// [`AnyVerified`](crate::check::AnyVerified).
    ///
    /// # Errors
    /// Returns an error if `entropy` fails. Then nothing is verified.
    ///
    /// # Cost
    /// The page of [`crate::check::batch`] states it in Miller loops.
    pub fn verify<V>(
        &mut self,
        pending: Vec<OpenedProof<'_, V>>,
        entropy: &mut impl Entropy,
    ) -> Result<Outcome<V>, EntropyError> {
        let mut work = Work::default();
        let read = OpenedProof::read_all(pending);
        // Only these share an equation. They keep their order.
        let candidates: Vec<&Candidate<'_, V>> =
            read.iter().filter_map(|read| read.as_ref().ok()).collect();
        let absorbed = candidates.iter().map(|candidate| candidate.bytes.parts());
        let coefficients = coefficients(absorbed, entropy)?;
        let mut found = Vec::with_capacity(candidates.len());
        while let Some(rest) = candidates.get(found.len()..).filter(|rest| !rest.is_empty()) {
            let size = self.affordable(rest);
            if size < arithmetic::FEWEST {
                found.push(self.alone(rest[0], &mut work));
            } else {
                let coefficients = &coefficients[found.len()..found.len() + size];
                found.extend(self.together(&rest[..size], coefficients, &mut work));
            }
        }
        drop(candidates);
        let mut found = found.into_iter();
        let judge = |read: Result<Candidate<'_, V>, VerifyError>| {
            read?.judge(found.next().unwrap_or(Finding::Fails))
        };
        let verdicts = read.into_iter().map(judge).collect();
        Ok(Outcome { verdicts, work })
    }

    /// Returns how many of the next candidates may be tried together, so that the credit covers,
    /// with a quarter to spare, what one bad proof would waste.
    fn affordable<V>(&self, rest: &[&Candidate<'_, V>]) -> usize {
        let budget = self.credit - self.credit / 4;
        let mut keys = BTreeSet::new();
        let alone = Work::alone();
        let fits = |(before, candidate): (usize, &&Candidate<'_, V>)| {
            keys.insert(candidate.key.id());
            let (size, cost) = (before as u64 + 1, before as u64 + 1 + equation::cost(keys.len()));
            (cost, cost < alone * size)
        };
        let costs = rest.iter().take(MAX).enumerate().map(fits);
        let fitting = costs.take_while(|(cost, _)| *cost <= budget);
        // The largest size that is cheaper together than one by one.
        fitting.enumerate().filter(|(_, (_, gains))| *gains).last().map_or(1, |(at, _)| at + 1)
    }

    /// Checks one proof alone. A good one pays in a quarter of its cost, so that batches come back
    /// after a flood.
    fn alone<V>(&mut self, candidate: &Candidate<'_, V>, work: &mut Work) -> Finding {
        work.add(Work::ONE);
        let found = candidate.find();
        let paid = u64::from(found == Finding::Holds) * Work::alone() / 4;
        self.credit = (self.credit + paid).min(full_credit());
        found
    }

    /// Checks several proofs in one equation. If it does not hold, checks parts of them, and
    /// finally the rest one by one.
    fn together<V>(
        &mut self,
        candidates: &[&Candidate<'_, V>],
        coefficients: &[u128],
        work: &mut Work,
    ) -> Vec<Finding> {
        let scaled = ScaledCandidates::of(candidates, coefficients);
        let (found, spent) = Search::new(scaled, self.credit).run();
        work.add(spent);
        let decided = found.iter().filter(|found| found.is_some()).count() as u64;
        // Never below zero, because the search stops before that.
        let paid = self.credit + Work::alone() * decided;
        self.credit = paid.saturating_sub(spent.total()).min(full_credit());
        let decide = |(found, candidate): (Option<Finding>, &&Candidate<'_, V>)| {
            found.unwrap_or_else(|| self.alone(candidate, work))
        };
        found.into_iter().zip(candidates).map(decide).collect()
    }
}

/// Runs [`BatchVerifier::verify`] with full credit, for callers with a single batch.
///
/// # Errors
/// Returns an error if `entropy` fails. Then nothing is verified.
pub fn verify_batch<V>(
    pending: Vec<OpenedProof<'_, V>>,
    entropy: &mut impl Entropy,
) -> Result<Outcome<V>, EntropyError> {
    BatchVerifier::default().verify(pending, entropy)
}
