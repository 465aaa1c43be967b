//! Digits of a number: wires with few values, whose sum determines them.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInt, BigInteger, Field, PrimeField};

use super::{
    propagation::{DeterminedBy, Hunt},
    sets::Range,
};

/// More digits than this never fit below the modulus.
const MOST: usize = 256;

impl Hunt<'_> {
    /// Finds the digits of determined sums, and the range of a sum of digits. Returns whether
    /// anything is new.
    ///
    /// Two witnesses that agree on the sum differ in the digits by `d_i` with `|d_i| <= s_i`, and
    /// `c_1 d_1 + c_2 d_2 + …` is zero modulo the modulus. If all `c_i s_i` together stay below the
    /// modulus, it is zero as an integer. If each `c_i` is also larger than all smaller `c_j s_j`
    /// together, nothing can make up for the largest digit that differs.
    pub(super) fn digits(&mut self) -> bool {
        let mut found = Vec::new();
        let mut ranged = Vec::new();
        for equation in self.equations.iter().filter(|equation| equation.open > 1) {
            let open = self.open_part(&equation.form);
            if open.len() > MOST {
                continue;
            }
            let digits: Option<Vec<(Fr, u32)>> =
                open.iter().map(|(wire, k)| self.digit(*wire, *k)).collect();
            match digits {
                Some(digits) if unique(&digits) => found.extend(open.iter().map(|term| term.0)),
                Some(_) => {}
                None if equation.zero => ranged.extend(self.sum_of_digits(&equation.form)),
                None => {}
            }
        }
        let before = found.len() + ranged.len();
        for (wire, range) in ranged {
            self.ranges[wire as usize] = Some(range);
        }
        for wire in found {
            self.know(wire, DeterminedBy::Digits);
        }
        before > 0
    }

    /// Returns the factor and the bits of a wire's digit.
    fn digit(&self, wire: u32, k: Fr) -> Option<(Fr, u32)> {
        self.ranges[wire as usize].map(|range| (k * range.step, range.bits))
    }

    /// Returns the one wire without a range in a combination that is zero, and the range that it
    /// has as the sum of the others.
    fn sum_of_digits(&self, form: &[(u32, Fr)]) -> Option<(u32, Range)> {
        let mut bare = form.iter().filter(|(w, _)| *w != 0 && self.ranges[*w as usize].is_none());
        let (Some((wire, factor)), None) = (bare.next(), bare.next()) else {
            return None;
        };
        if !self.is_open(*wire) {
            return None;
        }
        let scale = -factor.inverse()?;
        let (mut low, mut span) = (Fr::ZERO, BigInt::<4>::zero());
        for (other, k) in form.iter().filter(|(other, _)| other != wire) {
            let k = *k * scale;
            match self.ranges[*other as usize] {
                None => low += k,
                Some(range) => {
                    low += k * range.low;
                    span = plus(span, times_span(k * range.step, range.bits)?)?;
                }
            }
        }
        Some((*wire, Range { low, step: Fr::ONE, bits: span.num_bits() }))
    }
}

/// Returns `k (2^bits - 1)` if it stays below the modulus.
fn times_span(k: Fr, bits: u32) -> Option<BigInt<4>> {
    let k = k.into_bigint();
    if k.num_bits() + bits > 256 {
        return None;
    }
    let mut out = k << bits;
    out.sub_with_borrow(&k);
    (out < Fr::MODULUS).then_some(out)
}

/// Returns the sum if it stays below the modulus.
fn plus(mut left: BigInt<4>, right: BigInt<4>) -> Option<BigInt<4>> {
    (!left.add_with_carry(&right) && left < Fr::MODULUS).then_some(left)
}

/// Whether no two choices of digits have the same sum.
fn unique(digits: &[(Fr, u32)]) -> bool {
    let scales = digits.iter().filter_map(|(k, _)| k.inverse());
    std::iter::once(Fr::ONE).chain(scales).any(|scale| unique_scaled(digits, scale))
}

fn unique_scaled(digits: &[(Fr, u32)], scale: Fr) -> bool {
    // A digit may have either sign, since its difference may.
    let size = |k: Fr| if (-k).into_bigint() < k.into_bigint() { -k } else { k };
    let mut digits: Vec<(Fr, u32)> =
        digits.iter().map(|(k, bits)| (size(*k * scale), *bits)).collect();
    digits.sort_by_key(|(k, _)| k.into_bigint());
    let mut below = BigInt::<4>::zero();
    for (k, bits) in digits {
        if k.into_bigint() <= below {
            return false;
        }
        match times_span(k, bits).and_then(|span| plus(below, span)) {
            Some(sum) => below = sum,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of docs/failures.md: 13.
    #[test]
    fn sums_that_wrap_have_no_unique_digits() {
        let bits = |count: u64| -> Vec<(Fr, u32)> {
            (0..count).map(|i| (Fr::from(2u64).pow([i]), 1)).collect()
        };
        assert!(unique(&bits(48)));
        assert!(unique(&bits(253)));
        assert!(!unique(&bits(254)));
        // The same weight twice; a digit of four values that reaches the next one.
        assert!(!unique(&[(Fr::ONE, 1), (-Fr::ONE, 1)]));
        assert!(!unique(&[(Fr::ONE, 2), (Fr::from(3u64), 1)]));
        assert!(unique(&[(Fr::ONE, 2), (-Fr::from(4u64), 1)]));
        // Weights with a common factor, in no order.
        let third = Fr::from(3u64).inverse().unwrap();
        let scaled: Vec<(Fr, u32)> = bits(48).iter().rev().map(|(k, n)| (*k * third, *n)).collect();
        assert!(unique(&scaled));
    }
}
