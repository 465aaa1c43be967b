//! Many proofs at once: the pairing equations of all of them are one equation, with random coefficients.
//!
//! What comes out for each is what [`OpenedProof::verify`] gives: the same checks in the same order, the same reason. Only how the last
//! two are made differs. The points of all are read together. Then, with a 128-bit coefficient `r_i` for each proof,
//!
//! ```text
//! prod_i e(r_i A_i, B_i) = prod_keys e(sum r_i alpha, beta) e(sum r_i inputs_i, gamma) e(sum r_i C_i, delta)
//! ```
//!
//! which is one Miller loop for each proof, three for each key, and one final exponentiation. The loop of a proof ends at a point that says whether B is in
//! its subgroup: those that are not are taken out of the equation before it is looked at.
//!
//! **Coefficients** come from BLAKE3 over everything (how many, then the key, inputs and proof of each, in order) and 32 fresh bytes that
//! are drawn when all of that is absorbed. Whoever made the proofs could not know them, nor choose proofs by them: a product of
//! wrong equations, of which not all are 1, is 1 for one choice in 2^128 of any one wrong proof's coefficient.
//!
//! **Bad ones are named** by bisection. The parts that are tried are those of one tree, cut by position before any coefficient is drawn; each
//! keeps the scaled points of the whole. So they may share their coefficients: of the `2n - 1` parts, each by itself hides a wrong proof with
//! probability 2^-128, and by the union bound no part does but with `2n / 2^128`, whatever the path through the tree and although the parts are not
//! independent. Nothing of a coefficient outlives the call, and nobody is told more of it than which proofs are bad, which they are anyway.
//!
//! **Poison.** Work is counted in Miller loops ([`Work::total`]). A [`BatchVerifier`] holds credit. What a batch saves against one proof at a time is
//! paid in, what a spoiled one wastes is paid out, and what is not covered is not tried: then it is one proof at a time. So, over all
//! calls of its life, it never does more than what each bad proof costs alone, five quarters of that for each good one, and [`CREDIT`] times that.

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

/// The most that a [`BatchVerifier`] may waste: what so many proofs cost, one at a time.
pub const CREDIT: u64 = 384;

fn full_credit() -> u64 {
    CREDIT * Work::alone()
}

/// The most proofs that share an equation. More go by turns.
pub const MAX: usize = 1024;

/// What came of a batch.
#[derive(Debug)]
pub struct Outcome<V> {
    /// The verdict on each, in the order in which they were given.
    pub verdicts: Vec<Result<V, VerifyError>>,
    /// What it took.
    pub work: Work,
}

impl<V> Outcome<V> {
    /// Which ones spoiled the batch, by their place in it: all was in order but the proof proves nothing, which is found out only together
    /// with the others. What is refused for another reason costs the others nothing: of a B outside its subgroup the Miller loop is done once more, at most.
    pub fn spoilers(&self) -> impl Iterator<Item = usize> {
        let spoiled =
            |verdict: &Result<V, VerifyError>| matches!(verdict, Err(VerifyError::Equation));
        self.verdicts.iter().enumerate().filter(move |(_, v)| spoiled(v)).map(|(at, _)| at)
    }
}

/// Checks batches, and does not let bad ones make it slow. Keep the value: what it learns of a flood is lost with it.
#[derive(Clone, Debug)]
pub struct BatchVerifier {
    credit: u64,
}

impl Default for BatchVerifier {
    /// With full credit.
    fn default() -> Self {
        Self { credit: full_credit() }
    }
}

impl BatchVerifier {
    /// Checks everything that is pending, which may be of several keys (and of several statements, by
    /// [`AnyVerified`](crate::check::AnyVerified)).
    ///
    /// # Errors
    /// When `entropy` fails. Then nothing is verified.
    ///
    /// # Cost
    /// The page of [`crate::check::batch`] says it in Miller loops.
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

    /// How many of the next candidates may be tried together: what that would waste, were one bad, is covered with a quarter to spare.
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

    /// One proof by itself. A good one pays in a quarter of what it cost, so that batches come back after a flood.
    fn alone<V>(&mut self, candidate: &Candidate<'_, V>, work: &mut Work) -> Finding {
        work.add(Work::ONE);
        let found = candidate.find();
        let paid = u64::from(found == Finding::Holds) * Work::alone() / 4;
        self.credit = (self.credit + paid).min(full_credit());
        found
    }

    /// Several proofs in one equation; if it does not hold, parts of them; in the end, what is left, by itself.
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
        // Never below zero: the search does not go on where that could be.
        let paid = self.credit + Work::alone() * decided;
        self.credit = paid.saturating_sub(spent.total()).min(full_credit());
        let decide = |(found, candidate): (Option<Finding>, &&Candidate<'_, V>)| {
            found.unwrap_or_else(|| self.alone(candidate, work))
        };
        found.into_iter().zip(candidates).map(decide).collect()
    }
}

/// [`BatchVerifier::verify`] by one that has full credit, for whoever has one batch.
///
/// # Errors
/// When `entropy` fails. Then nothing is verified.
pub fn verify_batch<V>(
    pending: Vec<OpenedProof<'_, V>>,
    entropy: &mut impl Entropy,
) -> Result<Outcome<V>, EntropyError> {
    BatchVerifier::default().verify(pending, entropy)
}
