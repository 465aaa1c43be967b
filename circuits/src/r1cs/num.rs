//! A value inside a circuit.

use std::cmp::Ordering;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use zeroize::ZeroizeOnDrop;

/// One term of a row: a wire and its coefficient.
pub(super) type Term = (u32, Fr);

/// A value inside a circuit: its number and, while a shape is recorded, the linear combination of
/// wires that it stands for.
///
/// Sums and multiples of values cost no rows. A constant is known as one in every
/// [`Mode`](super::Mode), so a gadget may leave out rows for constants and still lay the same rows
/// each time.
///
/// The number may be a secret of the witness, so it is wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Num {
    value: Fr,
    #[zeroize(skip)]
    constant: bool,
    // Sorted by wire, each wire once, no coefficient zero. `None` while no shape is recorded.
    #[zeroize(skip)]
    terms: Option<Vec<Term>>,
}

impl Num {
    pub(super) fn constant(value: Fr, recorded: bool) -> Self {
        let terms = recorded.then(|| if value == Fr::ZERO { vec![] } else { vec![(0, value)] });
        Self { value, constant: true, terms }
    }

    pub(super) fn wire(wire: u32, value: Fr, recorded: bool) -> Self {
        Self { value, constant: false, terms: recorded.then(|| vec![(wire, Fr::from(1u64))]) }
    }

    pub(super) fn terms(&self) -> &[Term] {
        self.terms.as_deref().unwrap_or_default()
    }

    /// The number: the constant's own value, or the witness's. Without a witness it means nothing.
    pub fn value(&self) -> Fr {
        self.value
    }

    /// Whether the value is the same in every witness.
    pub fn is_constant(&self) -> bool {
        self.constant
    }

    /// `self + other`.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let terms = match (&self.terms, &other.terms) {
            (Some(left), Some(right)) => Some(merge(left, right)),
            _ => None,
        };
        Self { value: self.value + other.value, constant: self.constant && other.constant, terms }
    }

    /// `self - other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        match (&self.terms, &other.terms) {
            (Some(_), Some(_)) => self.plus(&other.times(-Fr::from(1u64))),
            _ => Self {
                value: self.value - other.value,
                constant: self.constant && other.constant,
                terms: None,
            },
        }
    }

    /// `factor * self`.
    #[must_use]
    pub fn times(&self, factor: Fr) -> Self {
        let terms = self.terms.as_ref().map(|terms| match factor == Fr::ZERO {
            true => vec![],
            false => terms.iter().map(|(wire, k)| (*wire, *k * factor)).collect(),
        });
        Self { value: self.value * factor, constant: self.constant, terms }
    }

    /// `self + constant`.
    #[must_use]
    pub fn plus_constant(&self, constant: Fr) -> Self {
        let terms = self.terms.as_ref().map(|terms| match constant == Fr::ZERO {
            true => terms.clone(),
            false => merge(terms, &[(0, constant)]),
        });
        Self { value: self.value + constant, constant: self.constant, terms }
    }

    /// Returns the sum of the values, each times its factor.
    #[must_use]
    pub fn combination<const T: usize>(factors: &[Fr; T], nums: &[Self; T]) -> Self {
        let terms = nums.iter().zip(factors).try_fold(vec![], |sum, (num, factor)| {
            let terms = num.terms.as_ref()?;
            let scaled: Vec<Term> = terms.iter().map(|(wire, k)| (*wire, *k * factor)).collect();
            Some(if *factor == Fr::ZERO { sum } else { merge(&sum, &scaled) })
        });
        Self {
            value: Fr::sum_of_products(factors, &nums.each_ref().map(Self::value)),
            constant: nums.iter().all(|num| num.constant),
            terms,
        }
    }
}

fn merge(left: &[Term], right: &[Term]) -> Vec<Term> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while let (Some(l), Some(r)) = (left.get(i), right.get(j)) {
        match l.0.cmp(&r.0) {
            Ordering::Less => (i, _) = (i + 1, out.push(*l)),
            Ordering::Greater => (j, _) = (j + 1, out.push(*r)),
            Ordering::Equal => {
                let sum = l.1 + r.1;
                if sum != Fr::ZERO {
                    out.push((l.0, sum));
                }
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    out.extend_from_slice(&left[i..]);
    out.extend_from_slice(&right[j..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fr(n: u64) -> Fr {
        Fr::from(n)
    }

    #[test]
    fn terms_are_sorted_merged_and_never_zero() {
        let x = Num::wire(3, fr(10), true);
        let y = Num::wire(1, fr(20), true);
        let sum = x.plus(&y).plus(&x).plus_constant(fr(7));
        assert_eq!(sum.terms(), [(0, fr(7)), (1, fr(1)), (3, fr(2))]);
        assert_eq!(sum.value(), fr(47));
        assert!(x.minus(&x).terms().is_empty());
        assert!(x.times(fr(0)).terms().is_empty());
        assert!(sum.plus_constant(-fr(7)).terms().len() == 2);
        assert!(Num::constant(fr(0), true).terms().is_empty());
    }

    #[test]
    fn nothing_is_recorded_without_a_shape() {
        let x = Num::wire(3, fr(10), false);
        let y = Num::constant(fr(5), false);
        let out = x.plus(&y).minus(&x.times(fr(2))).plus_constant(fr(1));
        assert!(out.terms.is_none());
        assert_eq!(out.value(), -fr(4));
        assert!(!out.is_constant());
        assert!(y.times(fr(3)).plus_constant(fr(1)).is_constant());
    }
}
