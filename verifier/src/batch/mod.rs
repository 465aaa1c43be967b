//! Many proofs at once: the pairing equations of all of them are one equation, with random coefficients.
//!
//! What comes out for each is what [`Pending::verify`] gives: the same checks in the same order, the same reason. Only how the last
//! two are made differs. The points of all are read together, the subgroup of every B included. Then, with a 128-bit coefficient `r_i` for each proof,
//!
//! ```text
//! prod_i e(r_i A_i, B_i) = prod_keys e(sum r_i alpha, beta) e(sum r_i inputs_i, gamma) e(sum r_i C_i, delta)
//! ```
//!
//! which is one Miller loop for each proof, three for each key, and one final exponentiation.
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
//! **Poison.** Work is counted in Miller loops and final exponentiations; a proof by itself is 4. A [`BatchVerifier`] holds credit. What a
//! batch saves is paid in, what a spoiled one wastes is paid out, and what is not covered is not tried: then it is one proof at a time. So, over all
//! calls of its life, it never does more than 4 for each bad proof, 5 for each good one, and [`CREDIT`].

mod coefficients;
mod entropy;
mod equation;
mod search;
mod work;

use alloc::{collections::BTreeSet, vec::Vec};

#[cfg(feature = "simd")]
pub use crate::arithmetic::refused_by_lanes;
#[cfg(feature = "std")]
pub use entropy::OsEntropy;
pub use entropy::{Entropy, EntropyError};
pub use work::Work;

use crate::{
    pending::{Candidate, Pending},
    verify::VerifyError,
};
use coefficients::coefficients;
use equation::Scaled;
use search::Search;

/// The most that a [`BatchVerifier`] may waste: 384 proofs, one at a time.
pub const CREDIT: u64 = 4 * 384;

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
    /// with the others. What is refused for another reason costs the others nothing.
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
        Self { credit: CREDIT }
    }
}

impl BatchVerifier {
    /// Checks everything that is pending, which may be of several keys (and of several statements, by
    /// [`AnyVerified`](crate::verify::AnyVerified)).
    ///
    /// # Errors
    /// When `entropy` fails. Then nothing is verified.
    ///
    /// # Cost
    /// The page of [`crate::batch`] says it in Miller loops.
    pub fn verify<V>(
        &mut self,
        pending: Vec<Pending<'_, V>>,
        entropy: &mut impl Entropy,
    ) -> Result<Outcome<V>, EntropyError> {
        let mut work = Work::default();
        let confirmed = Pending::confirm_all(pending);
        // Only these share an equation. They keep their order.
        let candidates: Vec<&Candidate<'_, V>> =
            confirmed.iter().filter_map(|confirmed| confirmed.as_ref().ok()).collect();
        let absorbed = candidates.iter().map(|candidate| candidate.bytes.parts());
        let coefficients = coefficients(absorbed, entropy)?;
        let mut holds = Vec::with_capacity(candidates.len());
        while let Some(rest) = candidates.get(holds.len()..).filter(|rest| !rest.is_empty()) {
            let size = self.affordable(rest);
            if size < 2 {
                holds.push(self.alone(rest[0], &mut work));
            } else {
                let coefficients = &coefficients[holds.len()..holds.len() + size];
                holds.extend(self.together(&rest[..size], coefficients, &mut work));
            }
        }
        drop(candidates);
        let mut holds = holds.into_iter();
        let verdicts = confirmed
            .into_iter()
            .map(|confirmed| confirmed?.judge(holds.next().unwrap_or(false)))
            .collect();
        Ok(Outcome { verdicts, work })
    }

    /// How many of the next candidates may be tried together: what that would waste, were one bad, is covered with a quarter to spare.
    fn affordable<V>(&self, rest: &[&Candidate<'_, V>]) -> usize {
        let budget = self.credit - self.credit / 4;
        let mut keys = BTreeSet::new();
        let fits = |(before, candidate): (usize, &&Candidate<'_, V>)| {
            keys.insert(candidate.key.id());
            let (size, cost) = (before as u64 + 1, before as u64 + 1 + equation::cost(keys.len()));
            (cost, cost < Work::ALONE * size)
        };
        let costs = rest.iter().take(MAX).enumerate().map(fits);
        let fitting = costs.take_while(|(cost, _)| *cost <= budget);
        // The largest size that is cheaper together than one by one.
        fitting.enumerate().filter(|(_, (_, gains))| *gains).last().map_or(1, |(at, _)| at + 1)
    }

    /// One proof by itself. A good one pays in, so that batches come back after a flood.
    fn alone<V>(&mut self, candidate: &Candidate<'_, V>, work: &mut Work) -> bool {
        work.add(Work::ONE);
        let holds = candidate.equation_holds();
        self.credit = (self.credit + u64::from(holds)).min(CREDIT);
        holds
    }

    /// Several proofs in one equation; if it does not hold, parts of them; in the end, what is left, by itself.
    fn together<V>(
        &mut self,
        candidates: &[&Candidate<'_, V>],
        coefficients: &[u128],
        work: &mut Work,
    ) -> Vec<bool> {
        let scaled = Scaled::of(candidates, coefficients);
        let alone = Work::ALONE * candidates.len() as u64;
        let (found, spent) = Search::new(&scaled, self.credit).run();
        work.add(spent);
        let undecided = found.iter().filter(|found| found.is_none()).count() as u64;
        // Never below zero: the search does not go on where that could be.
        let paid = self.credit + alone - Work::ALONE * undecided;
        self.credit = paid.saturating_sub(spent.total()).min(CREDIT);
        let decide = |(found, candidate): (Option<bool>, &&Candidate<'_, V>)| {
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
    pending: Vec<Pending<'_, V>>,
    entropy: &mut impl Entropy,
) -> Result<Outcome<V>, EntropyError> {
    BatchVerifier::default().verify(pending, entropy)
}
