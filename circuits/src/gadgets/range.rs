//! Range proofs by bits.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};

use crate::r1cs::{Builder, Num};

/// Returns whether the integer of `value` is below `2^bits`.
pub fn is_below(value: &Fr, bits: usize) -> bool {
    value.into_bigint().num_bits() as usize <= bits
}

/// Constrains the integer of `value` to be below `2^bits`: see [`is_below`].
///
/// Each bit is a wire `b` with the row `b (b - 1) = 0`, and one row says that the weighted sum of
/// the bits is `value`. The sum of the weights is below the modulus, so nothing wraps and the bits
/// are unique.
///
/// # Shapes
/// `BITS` is below 254, which is checked when a circuit is compiled: with 254 bits small values
/// would have two forms.
///
/// ```
/// # use wufu_circuits::{gadgets::range, r1cs::{Builder, Num}};
/// # fn main() { let _: fn(&mut Builder, &Num) =
/// range::fits::<253>
/// # ; }
/// ```
///
/// ```compile_fail,E0080
/// # use wufu_circuits::{gadgets::range, r1cs::{Builder, Num}};
/// # fn main() { let _: fn(&mut Builder, &Num) =
/// range::fits::<254>
/// # ; }
/// ```
///
/// # Cost
/// `BITS + 1` rows.
pub fn fits<const BITS: usize>(b: &mut Builder, value: &Num) {
    const { assert!(BITS < 254, "the sum of the weights would wrap") };
    let integer = value.value().into_bigint();
    let mut weight = Fr::ONE;
    let mut sum = b.constant(Fr::ZERO);
    for index in 0..BITS {
        let bit = b.wire(Fr::from(integer.get_bit(index)));
        b.product_is_zero(&bit, &bit.plus_constant(-Fr::ONE));
        sum = sum.plus(&bit.times(weight));
        weight.double_in_place();
    }
    let one = b.constant(Fr::ONE);
    b.product_is_zero(&sum.minus(value), &one);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        clause::Clause,
        r1cs::{Declaration, Mode, R1cs, Size},
    };

    const BITS: usize = 48;
    // Wires: one, the value, then the bits from the lowest.
    const FIRST_BIT: usize = 2;

    fn circuit(value: Fr) -> (R1cs, Vec<Fr>) {
        let (declaration, [value]) = Declaration::new(Mode::Both, Size::default(), [value]);
        let mut b = declaration.begin(Clause::D7);
        fits::<BITS>(&mut b, &value);
        let (shape, assignment) = b.finish();
        (shape, assignment.z().to_vec())
    }

    fn accepts(value: Fr) -> bool {
        let (shape, z) = circuit(value);
        shape.check(&z).is_ok()
    }

    /// Rows of docs/failures.md: 13.
    #[test]
    fn only_integers_below_the_power_fit() {
        let power = Fr::from(1u64 << BITS);
        for fit in [Fr::ZERO, Fr::ONE, power - Fr::ONE] {
            assert!(accepts(fit) && is_below(&fit, BITS));
        }
        let wide = [power, Fr::from(u64::MAX), Fr::from(1u128 << 64), Fr::from(1u128 << 127)];
        for other in wide.into_iter().chain([-Fr::ONE, -power, Fr::from(2u64).inverse().unwrap()]) {
            assert!(!accepts(other) && !is_below(&other, BITS));
        }
        assert_eq!(circuit(power).0.rows(), BITS + 1);
    }

    /// Rows of docs/failures.md: 10.
    #[test]
    fn a_non_bit_is_refused_though_the_sum_is_right() {
        let two = Fr::from(2u64);
        let half = two.inverse().unwrap();
        // Each case keeps the sum: the lowest bit has too much, and the second bit correspondingly
        // less.
        for (value, lowest, second) in [
            (Fr::from(4u64), two, -Fr::ONE),
            (Fr::from(2u64), two, Fr::ZERO),
            (Fr::from(1u64), half, half * half),
            (Fr::from(0u64), -Fr::ONE, half),
        ] {
            let (shape, mut z) = circuit(value);
            assert_eq!(shape.check(&z), Ok(()));
            let rest: Fr = (2..BITS).map(|i| z[FIRST_BIT + i] * Fr::from(1u64 << i)).sum();
            z[FIRST_BIT] = lowest;
            z[FIRST_BIT + 1] = second;
            // The sum is right, and only the bits are not bits.
            if lowest + second * two + rest != value {
                z[FIRST_BIT + 1] = (value - rest - lowest) * half;
            }
            let tie = shape.rows() - 1;
            assert!(shape.holds(tie, &z));
            assert!(shape.check(&z).is_err());
        }
    }

    proptest! {
        /// Rows of docs/failures.md: 13.
        #[test]
        fn bits_are_unique(value in 0..1u64 << BITS, at in 0..BITS) {
            let (shape, mut z) = circuit(Fr::from(value));
            prop_assert_eq!(shape.check(&z), Ok(()));
            z[FIRST_BIT + at] = Fr::ONE - z[FIRST_BIT + at];
            prop_assert!(shape.check(&z).is_err());
        }
    }
}
