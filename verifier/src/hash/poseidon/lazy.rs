//! Arithmetic modulo r that reduces only where it must.
//!
//! `ark-ff` brings every product below r, and branches to do so. Here a value is four limbs, least
//! significant first, that stand for their residue in Montgomery form (times 2^256) and may be a
//! few r large: 2^256 is 5.29 r, so there is room. With rho = r / 2^256 < 0.19, a sum of products
//! of factors below `a r` and `b r`
//!
//! - fits its 512 bits while the sum of all `a b` is below 27,
//! - reduces to a value below `(1 + rho * sum of a b) r`.
//!
//! The caller ensures both. Builds with debug assertions check them, too.

use core::{array, hint};

use ark_bn254::{Fr, FrConfig};
use ark_ff::{BigInt, MontConfig};

/// A residue in Montgomery form, not necessarily below r.
pub(super) type Lazy = [u64; 4];

/// A sum of products of residues.
#[derive(Clone, Copy)]
pub(super) struct Wide([u64; 8]);

const MODULUS: Lazy = <FrConfig as MontConfig<4>>::MODULUS.0;
const TWICE_MODULUS: Lazy = twice(MODULUS);
/// -1 / r modulo 2^64.
const INVERSE: u64 = <FrConfig as MontConfig<4>>::INV;

/// `a + b`, which must be below 2^256.
#[inline(always)]
pub(super) fn add(a: &Lazy, b: &Lazy) -> Lazy {
    let mut sum = *a;
    let mut carry = false;
    for (limb, b) in sum.iter_mut().zip(b) {
        (*limb, carry) = limb.carrying_add(*b, carry);
    }
    debug_assert!(!carry, "sum does not fit 256 bits");
    sum
}

/// From below 4 r to below 2 r.
#[inline(always)]
pub(super) fn below_two(a: &Lazy) -> Lazy {
    subtract_if_not_less(a, &TWICE_MODULUS)
}

/// From below 4 r to below r, the canonical form.
#[inline(always)]
pub(super) fn below_one(a: &Lazy) -> Lazy {
    let one = subtract_if_not_less(&below_two(a), &MODULUS);
    debug_assert!(subtract_if_not_less(&one, &MODULUS) == one, "value is 4 r or more");
    one
}

/// `K a`, which must be below 2^256.
#[inline(always)]
pub(super) fn times<const K: u64>(a: &Lazy) -> Lazy {
    let mut carry = 0;
    let product = a.map(|limb| {
        let low;
        (low, carry) = limb.carrying_mul(K, carry);
        low
    });
    debug_assert!(carry == 0, "multiple does not fit 256 bits");
    product
}

/// `a b`, reduced.
#[inline(always)]
pub(super) fn product(a: &Lazy, b: &Lazy) -> Lazy {
    Wide::product(a, b).reduce()
}

/// `a a`, reduced.
#[inline(always)]
pub(super) fn square(a: &Lazy) -> Lazy {
    Wide::square(a).reduce()
}

/// The field element that a value below r stands for.
#[inline(always)]
pub(super) fn to_field(a: Lazy) -> Fr {
    Fr::new_unchecked(BigInt(a))
}

impl Wide {
    pub(super) const ZERO: Self = Self([0; 8]);

    /// Adds the products of constants and values, pair by pair.
    #[inline(always)]
    pub(super) fn plus_inner_product<const N: usize>(
        mut self,
        constants: &[Fr; N],
        values: &[Lazy; N],
    ) -> Self {
        for (constant, value) in constants.iter().zip(values) {
            let product = Self::product(&constant.0.0, value);
            let mut carry = false;
            for (limb, addend) in self.0.iter_mut().zip(product.0) {
                (*limb, carry) = limb.carrying_add(addend, carry);
            }
            debug_assert!(!carry, "sum of products does not fit 512 bits");
        }
        self
    }

    #[inline(always)]
    fn product(a: &Lazy, b: &Lazy) -> Self {
        let mut sum = [0; 8];
        let mut carry;
        [sum[0], sum[1], sum[2], sum[3], sum[4]] = row(a, b[0]);
        for i in 1..4 {
            let row = row(a, b[i]);
            carry = false;
            for j in 0..4 {
                (sum[i + j], carry) = sum[i + j].carrying_add(row[j], carry);
            }
            // No carry out: the sum so far is below 2^256 times 2^(64 (i + 1)).
            sum[i + 4] = row[4].wrapping_add(u64::from(carry));
        }
        Self(sum)
    }

    #[inline(always)]
    fn square(a: &Lazy) -> Self {
        // Products of different limbs: a0 (a1 a2 a3), a1 (a2 a3), a2 a3.
        let (s1, c) = a[0].carrying_mul(a[1], 0);
        let (s2, c) = a[0].carrying_mul(a[2], c);
        let (s3, s4) = a[0].carrying_mul(a[3], c);
        let (s3, c) = a[1].carrying_mul_add(a[2], s3, 0);
        let (s4, s5) = a[1].carrying_mul_add(a[3], s4, c);
        let (s5, s6) = a[2].carrying_mul(a[3], s5);

        // Twice those, plus the squares of the limbs.
        let mut sum = [0, s1, s2, s3, s4, s5, s6, 0];
        let mut carry = false;
        for limb in &mut sum {
            (*limb, carry) = limb.carrying_add(*limb, carry);
        }
        let mut carry = false;
        for i in 0..4 {
            let (low, high) = a[i].carrying_mul(a[i], 0);
            (sum[2 * i], carry) = sum[2 * i].carrying_add(low, carry);
            (sum[2 * i + 1], carry) = sum[2 * i + 1].carrying_add(high, carry);
        }
        Self(sum)
    }

    /// Montgomery's reduction: divides by 2^256 modulo r.
    #[inline(always)]
    pub(super) fn reduce(self) -> Lazy {
        let [s0, s1, s2, s3, high @ ..] = self.0;
        let mut low = [s0, s1, s2, s3, 0];
        for _ in 0..4 {
            let row = row(&MODULUS, low[0].wrapping_mul(INVERSE));
            let mut carry = false;
            for (limb, addend) in low.iter_mut().zip(row) {
                (*limb, carry) = limb.carrying_add(addend, carry);
            }
            // No carry out: `low` was below 2^256 and `row` is below 2^64 r. The last limb is 0.
            low = [low[1], low[2], low[3], low[4], 0];
        }
        add(&[low[0], low[1], low[2], low[3]], &high)
    }
}

/// `a b` for one limb `b`.
#[inline(always)]
fn row(a: &Lazy, b: u64) -> [u64; 5] {
    let (r0, h0) = a[0].carrying_mul(b, 0);
    let (l1, h1) = a[1].carrying_mul(b, 0);
    let (l2, h2) = a[2].carrying_mul(b, 0);
    let (l3, h3) = a[3].carrying_mul(b, 0);
    let (r1, c) = h0.carrying_add(l1, false);
    let (r2, c) = h1.carrying_add(l2, c);
    let (r3, c) = h2.carrying_add(l3, c);
    [r0, r1, r2, r3, h3.wrapping_add(u64::from(c))]
}

#[inline(always)]
fn subtract_if_not_less(a: &Lazy, b: &Lazy) -> Lazy {
    let mut difference = *a;
    let mut less = false;
    for (limb, b) in difference.iter_mut().zip(b) {
        (*limb, less) = limb.borrowing_sub(*b, less);
    }
    // A conditional move, not a branch: the outcome is as good as random, and may depend on a
    // secret.
    array::from_fn(|i| hint::select_unpredictable(less, a[i], difference[i]))
}

const fn twice(a: Lazy) -> Lazy {
    [a[0] << 1, a[1] << 1 | a[0] >> 63, a[2] << 1 | a[1] >> 63, a[3] << 1 | a[2] >> 63]
}

#[cfg(test)]
mod tests {
    use proptest::{array::uniform4, prelude::*};

    use super::*;

    /// Limbs, extremes more often than others.
    fn limb() -> BoxedStrategy<u64> {
        prop_oneof![Just(0), Just(1), Just(u64::MAX), any::<u64>(), any::<u64>()].boxed()
    }

    /// Values below `r` times the modulus.
    fn below(r: usize) -> BoxedStrategy<Lazy> {
        uniform4(limb())
            .prop_map(move |value| {
                let mut value = BigInt(value);
                while value >= times_r(r) {
                    value = BigInt(subtract_if_not_less(&value.0, &MODULUS));
                }
                value.0
            })
            .boxed()
    }

    fn constant() -> impl Strategy<Value = Fr> {
        below(1).prop_map(to_field)
    }

    fn times_r(r: usize) -> BigInt<4> {
        BigInt((0..r).fold([0; 4], |sum, _| add(&sum, &MODULUS)))
    }

    /// The field element, whatever the value's size.
    fn meaning(value: Lazy) -> Fr {
        to_field((0..5).fold(value, |value, _| subtract_if_not_less(&value, &MODULUS)))
    }

    proptest! {
        #[test]
        fn products_are_those_of_the_field(a in below(3), b in below(4)) {
            let product = product(&a, &b);
            prop_assert_eq!(meaning(product), meaning(a) * meaning(b));
            prop_assert!(BigInt(product) < times_r(4), "1 + 0.19 * 12 is below 4");
        }

        #[test]
        fn squares_are_products(a in uniform4(limb())) {
            prop_assert_eq!(Wide::square(&a).0, Wide::product(&a, &a).0);
        }

        #[test]
        fn inner_products_are_those_of_the_field(
            a in proptest::array::uniform5(constant()),
            b in proptest::array::uniform5(below(2)),
            c in uniform4(constant()),
            d in uniform4(below(2)),
        ) {
            let sum = Wide::ZERO.plus_inner_product(&a, &b).plus_inner_product(&c, &d).reduce();
            let pairs = a.iter().chain(&c).zip(b.iter().chain(&d));
            prop_assert_eq!(meaning(sum), pairs.map(|(a, b)| *a * meaning(*b)).sum::<Fr>());
            prop_assert!(BigInt(sum) < times_r(5), "1 + 0.19 * 18 is below 5");
        }

        #[test]
        fn sums_and_multiples_are_those_of_the_field(a in below(1), b in below(4)) {
            prop_assert_eq!(meaning(add(&a, &b)), meaning(a) + meaning(b));
            prop_assert_eq!(meaning(times::<1>(&a)), meaning(a));
            prop_assert_eq!(meaning(times::<2>(&a)), meaning(a) * Fr::from(2));
            prop_assert_eq!(meaning(times::<5>(&a)), meaning(a) * Fr::from(5));
        }

        #[test]
        fn reduced_is_equal_and_below(a in below(4)) {
            prop_assert_eq!(meaning(below_two(&a)), meaning(a));
            prop_assert!(BigInt(below_two(&a)) < times_r(2));
            prop_assert_eq!(to_field(below_one(&a)), meaning(a));
            prop_assert!(BigInt(below_one(&a)) < times_r(1));
        }
    }

    #[test]
    fn reduction_is_exact_at_multiples_of_r() {
        let one = [1, 0, 0, 0];
        for multiple in 0..4 {
            let exact = times_r(multiple).0;
            assert_eq!(below_one(&exact), [0; 4]);
            assert_eq!(below_one(&add(&exact, &one)), one);
        }
        for multiple in 1..5 {
            let [low, high @ ..] = times_r(multiple).0;
            let last = [low - 1, high[0], high[1], high[2]];
            assert_eq!(to_field(below_one(&last)), -to_field(one));
        }
    }
}
