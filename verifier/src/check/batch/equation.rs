//! The common equation of a range of candidates, each scaled by its coefficient.

use alloc::{collections::BTreeMap, vec, vec::Vec};
use core::ops::Range;

use ark_bn254::{Fq12, Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::AdditiveGroup;

use crate::{
    check::opened::Candidate,
    groth16::{
        arithmetic::{self, NO_PAIR, Pair, Products},
        key::VerifyingKey,
    },
};

use super::work::Work;

/// What an equation of this many keys costs, beside one Miller loop for each proof.
pub(super) fn cost(keys: usize) -> u64 {
    work(keys).total()
}

fn work(keys: usize) -> Work {
    Work { miller_loops: 3 * keys as u64, final_exponentiations: 1 }
}

/// One candidate, times its coefficient.
struct Item {
    /// The position of its key.
    key: usize,
    coefficient: Fr,
    /// The inputs, each times the coefficient.
    inputs: Vec<Fr>,
    pair: Pair,
    c: G1Affine,
}

/// Candidates, times their coefficients.
pub(super) struct ScaledCandidates<'k> {
    keys: Vec<&'k VerifyingKey>,
    items: Vec<Item>,
}

/// The sums over one key's candidates.
struct Sums {
    coefficients: Fr,
    inputs: Vec<Fr>,
    c: G1Projective,
}

/// What the keys of a range of candidates add to their equation: sums, by the position of the key.
pub(super) struct KeyTerms(BTreeMap<usize, Sums>);

impl<'k> ScaledCandidates<'k> {
    /// Scales A, C and the inputs. B stays, because the coefficient is in the first argument of the
    /// pairing.
    pub(super) fn of<V>(candidates: &[&Candidate<'k, V>], coefficients: &[u128]) -> Self {
        let points = |point: fn(&Candidate<'k, V>) -> G1Affine| {
            let points: Vec<G1Affine> =
                candidates.iter().map(|candidate| point(candidate)).collect();
            arithmetic::multiples(&points, coefficients)
        };
        let (a, c) =
            (points(|candidate| candidate.points.0), points(|candidate| candidate.points.2));
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
                pair: (a[at], candidate.points.1),
                c: c[at],
            });
        }
        Self { keys, items }
    }

    /// What the keys of all candidates add to their equation.
    pub(super) fn all_terms(&self) -> Work {
        work(self.keys.len())
    }

    /// The number of candidates.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns the products of the Miller loops of `length` candidates each. It reports the
    /// candidates whose B is outside the subgroup, and leaves them out of all products and sums
    /// from then on.
    pub(super) fn miller_products(&mut self, length: usize) -> Products {
        let all = arithmetic::miller_products(&self.pairs(0..self.len()), length);
        for at in &all.outside {
            let item = &mut self.items[*at];
            item.coefficient = Fr::ZERO;
            item.inputs.fill(Fr::ZERO);
            (item.pair, item.c) = (NO_PAIR, G1Affine::identity());
        }
        all
    }

    /// Returns the Miller loop of each candidate of a range.
    pub(super) fn miller_values(&self, range: Range<usize>) -> Vec<Fq12> {
        arithmetic::miller_values(&self.pairs(range))
    }

    fn pairs(&self, range: Range<usize>) -> Vec<Pair> {
        self.items[range].iter().map(|item| item.pair).collect()
    }

    /// Returns the sums over a range, by key.
    pub(super) fn key_terms(&self, range: Range<usize>) -> KeyTerms {
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
        KeyTerms(sums)
    }

    /// Returns what the equation of a range is off by: 1 if it holds. `product` is that of its
    /// Miller loops. For two ranges together, it is the product of both. Returns `None` if it
    /// cannot be computed.
    pub(super) fn error(&self, terms: &KeyTerms, product: Fq12) -> Option<Fq12> {
        let mut all = product;
        for (key, sums) in &terms.0 {
            let key = self.keys[*key];
            let scalars: Vec<Fr> = [&[sums.coefficients], sums.inputs.as_slice()].concat();
            // As many as the key has, since its statement was decoded.
            let inputs = key.inputs.sum(&scalars)?;
            let beta = key.points().beta;
            let sums = [inputs, sums.c, key.alpha.sum(&[-sums.coefficients])?];
            let [inputs, c, alpha] = G1Projective::normalize_batch(&sums)[..] else { return None };
            all *= key.lines.miller_product([inputs, c], (alpha, beta));
        }
        arithmetic::final_exponentiation(all)
    }
}

impl KeyTerms {
    /// The work that [`ScaledCandidates::error`] takes.
    pub(super) fn work(&self) -> Work {
        work(self.0.len())
    }
}
