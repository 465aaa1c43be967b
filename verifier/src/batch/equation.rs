//! The common equation of a range of candidates, each scaled by its coefficient.

use alloc::{collections::BTreeMap, vec, vec::Vec};
use core::ops::Range;

use ark_bn254::{Fq12, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, Field};

use crate::{
    arithmetic,
    key::{KeyPoints, VerifyingKey},
    pending::Candidate,
};

/// What an equation of so many keys takes, beside one Miller loop for each proof.
pub(super) const fn cost(keys: usize) -> u64 {
    3 * keys as u64 + 1
}

/// One candidate, times its coefficient.
struct Item {
    /// Which of the keys.
    key: usize,
    coefficient: Fr,
    /// The inputs, each times the coefficient.
    inputs: Vec<Fr>,
    pair: (G1Affine, G2Affine),
    c: G1Affine,
}

/// Candidates, times their coefficients.
pub(super) struct Scaled<'k> {
    keys: Vec<&'k VerifyingKey>,
    items: Vec<Item>,
}

/// The sums over one key's candidates.
struct Sums {
    coefficients: Fr,
    inputs: Vec<Fr>,
    c: G1Projective,
}

/// What the keys of a range of candidates add to their equation.
pub(super) struct KeyTerms<'s> {
    keys: &'s [&'s VerifyingKey],
    sums: BTreeMap<usize, Sums>,
}

impl<'k> Scaled<'k> {
    /// Scales A, C and the inputs. B stays: the coefficient is in the first argument of the pairing.
    pub(super) fn of<V>(candidates: &[&Candidate<'k, V>], coefficients: &[u128]) -> Self {
        let points = |point: fn(&Candidate<'k, V>) -> G1Affine| {
            let points: Vec<G1Affine> =
                candidates.iter().map(|candidate| point(candidate)).collect();
            arithmetic::multiples(&points, coefficients)
        };
        let (a, c) = (points(|candidate| candidate.proof.a), points(|candidate| candidate.proof.c));
        let mut places = BTreeMap::new();
        let mut keys = Vec::new();
        let mut items = Vec::with_capacity(candidates.len());
        for (at, candidate) in candidates.iter().enumerate() {
            let key = *places.entry(candidate.key.id()).or_insert_with(|| {
                keys.push(candidate.key);
                keys.len() - 1
            });
            let coefficient = arithmetic::scalar_of(coefficients[at]);
            items.push(Item {
                key,
                coefficient,
                inputs: candidate.inputs.iter().map(|input| coefficient * input).collect(),
                pair: (a[at], candidate.proof.b),
                c: c[at],
            });
        }
        Self { keys, items }
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The product of the Miller loops of a range.
    pub(super) fn miller_product(&self, range: Range<usize>) -> Fq12 {
        let pairs: Vec<_> = self.items[range].iter().map(|item| item.pair).collect();
        arithmetic::miller_product(&pairs)
    }

    /// The sums over a range, by key.
    pub(super) fn key_terms(&self, range: Range<usize>) -> KeyTerms<'_> {
        let mut sums = BTreeMap::new();
        for item in &self.items[range] {
            let sums = sums.entry(item.key).or_insert_with(|| Sums {
                coefficients: Fr::ZERO,
                inputs: vec![Fr::ZERO; item.inputs.len()],
                c: G1Projective::ZERO,
            });
            sums.coefficients += item.coefficient;
            sums.inputs.iter_mut().zip(&item.inputs).for_each(|(sum, input)| *sum += input);
            sums.c += item.c;
        }
        KeyTerms { keys: &self.keys, sums }
    }
}

impl KeyTerms<'_> {
    /// What [`KeyTerms::hold`] takes.
    pub(super) fn cost(&self) -> u64 {
        cost(self.sums.len())
    }

    /// Whether the equation of the range holds; `product` is that of its Miller loops.
    pub(super) fn hold(&self, product: Fq12) -> bool {
        let mut all = product;
        for (key, sums) in &self.sums {
            let key = self.keys[*key];
            let scalars: Vec<Fr> = [&[sums.coefficients], sums.inputs.as_slice()].concat();
            // As many as the key has: its statement was read.
            let Some(inputs) = key.inputs.sum(&scalars) else { return false };
            let KeyPoints { alpha, beta, .. } = key.points();
            let sums = [inputs, sums.c, *alpha * -sums.coefficients];
            let [inputs, c, alpha] = G1Projective::normalize_batch(&sums)[..] else { return false };
            all *= key.lines.miller_product([inputs, c], (alpha, *beta));
        }
        arithmetic::final_exponentiation(all) == Some(Fq12::ONE)
    }
}
