//! The moduli of Fq and Fr, and their constants for limbs of 52 bits.

use ark_bn254::{Fq, Fr};
use ark_ff::{BigInt, PrimeField};

/// Bits of a limb.
pub(crate) const BITS: u32 = 52;
/// A limb with all its bits set.
pub(crate) const MASK: u64 = (1 << BITS) - 1;
/// A number below 2^260. The top limb of a sum may have more than 52 bits.
pub(crate) type Limbs = [u64; 5];
/// Eight numbers, limb by limb: `[i][k]` is limb i of number k.
pub(crate) type Limbs8 = [[u64; 8]; 5];

/// The modulus p of Fq or of Fr.
pub trait Prime: Copy + Send + Sync + 'static {
    /// The field's type in arkworks: Montgomery form with radix 2^256.
    type Plain: PrimeField<BigInt = BigInt<4>>;
    /// The modulus p, lowest word first.
    const WORDS: [u64; 4];
    /// The internal words of an arkworks element.
    fn words(element: &Self::Plain) -> [u64; 4];
    /// The arkworks element with these internal words, which must be below p.
    fn element(words: [u64; 4]) -> Self::Plain;

    /// The modulus p in limbs.
    const P: Limbs = limbs(Self::WORDS);
    /// -1/p mod 2^52.
    const NEGATIVE_INVERSE: u64 = negative_inverse(Self::WORDS[0]);
    /// k·p for k = 0 to 7.
    const MULTIPLES: Limbs8 = multiples(limbs(Self::WORDS), [0, 1, 2, 3, 4, 5, 6, 7]);
    /// floor(k·2^253 / p)·p for k = 0 to 7. Both moduli lie between 1.512·2^253 and 1.513·2^253.
    const QUOTIENTS: Limbs8 = multiples(limbs(Self::WORDS), [0, 0, 1, 1, 2, 3, 3, 4]);
    /// 2^264 mod p: one product with it converts from arkworks' form to ours.
    const FROM_PLAIN: Limbs = limbs(power_of_two(Self::WORDS, 264));
    /// 2^768 mod p.
    const RADIX_CUBED: [u64; 4] = power_of_two(Self::WORDS, 768);
    /// 2^268 mod p: the correction after arkworks has inverted words that are in our form.
    const INVERSION: Limbs = limbs(power_of_two(Self::WORDS, 268));
}

/// The modulus of the base field, in which coordinates lie.
#[derive(Clone, Copy, Debug)]
pub struct Base;
/// The modulus of the scalar field: the order r of the groups.
#[derive(Clone, Copy, Debug)]
pub struct Scalar;

impl Prime for Base {
    type Plain = Fq;
    const WORDS: [u64; 4] =
        [0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029];

    #[inline(always)]
    fn words(element: &Fq) -> [u64; 4] {
        element.0.0
    }

    #[inline(always)]
    fn element(words: [u64; 4]) -> Fq {
        Fq::new_unchecked(BigInt(words))
    }
}

impl Prime for Scalar {
    type Plain = Fr;
    const WORDS: [u64; 4] =
        [0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029];

    #[inline(always)]
    fn words(element: &Fr) -> [u64; 4] {
        element.0.0
    }

    #[inline(always)]
    fn element(words: [u64; 4]) -> Fr {
        Fr::new_unchecked(BigInt(words))
    }
}

/// Four words as five limbs.
pub(crate) const fn limbs(w: [u64; 4]) -> Limbs {
    [
        w[0] & MASK,
        ((w[0] >> 52) | (w[1] << 12)) & MASK,
        ((w[1] >> 40) | (w[2] << 24)) & MASK,
        ((w[2] >> 28) | (w[3] << 36)) & MASK,
        w[3] >> 16,
    ]
}

/// Reduces a number below 2^256 modulo p.
pub(crate) const fn canonical(mut x: [u64; 4], p: [u64; 4]) -> [u64; 4] {
    while !less(&x, &p) {
        x = minus(x, p);
    }
    x
}

pub(crate) const fn less(a: &[u64; 4], b: &[u64; 4]) -> bool {
    let mut i = 4;
    while i > 0 {
        i -= 1;
        if a[i] != b[i] {
            return a[i] < b[i];
        }
    }
    false
}

pub(crate) const fn minus(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let (mut out, mut borrow, mut i) = ([0; 4], false, 0);
    while i < 4 {
        let (x, first) = a[i].overflowing_sub(b[i]);
        let (x, second) = x.overflowing_sub(borrow as u64);
        (out[i], borrow) = (x, first | second);
        i += 1;
    }
    out
}

/// `a - b` modulo 2^256, and whether b is larger.
#[inline(always)]
pub(super) fn borrowing(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let (mut out, mut borrow) = ([0; 4], false);
    for i in 0..4 {
        let (x, first) = a[i].overflowing_sub(b[i]);
        let (x, second) = x.overflowing_sub(u64::from(borrow));
        (out[i], borrow) = (x, first | second);
    }
    (out, borrow)
}

/// `a + b` modulo 2^256.
#[inline(always)]
pub(super) fn plus(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let (mut out, mut carry) = ([0; 4], false);
    for i in 0..4 {
        let (x, first) = a[i].overflowing_add(b[i]);
        let (x, second) = x.overflowing_add(u64::from(carry));
        (out[i], carry) = (x, first | second);
    }
    out
}

/// The modulus p if the condition holds, else zero.
#[inline(always)]
fn prime_if<P: Prime>(condition: bool) -> [u64; 4] {
    let mask = u64::from(condition).wrapping_neg();
    P::WORDS.map(|word| word & mask)
}

/// `a + b` without a branch. arkworks branches on whether to reduce, and the branch predictor is
/// wrong half the time.
#[inline(always)]
pub(crate) fn sum<P: Prime>(a: &P::Plain, b: &P::Plain) -> P::Plain {
    let (less, borrow) = borrowing(plus(P::words(a), P::words(b)), P::WORDS);
    P::element(plus(less, prime_if::<P>(borrow)))
}

/// `a - b` without a branch.
#[inline(always)]
pub(crate) fn difference<P: Prime>(a: &P::Plain, b: &P::Plain) -> P::Plain {
    let (words, borrow) = borrowing(P::words(a), P::words(b));
    P::element(plus(words, prime_if::<P>(borrow)))
}

/// -1/p mod 2^52. Newton's iteration: each round doubles the number of correct bits.
pub(crate) const fn negative_inverse(p: u64) -> u64 {
    let (mut x, mut i) = (1u64, 0);
    while i < 6 {
        x = x.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(x)));
        i += 1;
    }
    x.wrapping_neg() & MASK
}

const fn multiples(p: Limbs, factors: [u64; 8]) -> Limbs8 {
    let mut out = [[0; 8]; 5];
    let mut k = 0;
    while k < 8 {
        let (mut carry, mut i) = (0, 0);
        while i < 5 {
            let limb = p[i] * factors[k] + carry;
            out[i][k] = if i < 4 { limb & MASK } else { limb };
            carry = limb >> 52;
            i += 1;
        }
        k += 1;
    }
    out
}

/// 2^exponent mod p, by doubling. p is below 2^254, so no doubling overflows.
const fn power_of_two(p: [u64; 4], exponent: u32) -> [u64; 4] {
    let (mut x, mut i) = ([1, 0, 0, 0], 0);
    while i < exponent {
        x = [
            x[0] << 1,
            (x[1] << 1) | (x[0] >> 63),
            (x[2] << 1) | (x[1] >> 63),
            (x[3] << 1) | (x[2] >> 63),
        ];
        x = canonical(x, p);
        i += 1;
    }
    x
}

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, Field, PrimeField};

    use super::*;

    /// Five limbs as four words. The number must be below 2^256.
    fn words(l: Limbs) -> [u64; 4] {
        [
            l[0] | (l[1] << 52),
            (l[1] >> 12) | (l[2] << 40),
            (l[2] >> 24) | (l[3] << 28),
            (l[3] >> 36) | (l[4] << 16),
        ]
    }

    fn constants<P: Prime>() {
        assert_eq!(P::Plain::MODULUS, BigInt(P::WORDS));
        assert_eq!(words(P::P), P::WORDS);
        let two = P::Plain::ONE.double();
        for (got, exponent) in [(P::FROM_PLAIN, 264u64), (P::INVERSION, 268)] {
            assert_eq!(words(got), two.pow([exponent]).into_bigint().0);
        }
        assert_eq!(P::NEGATIVE_INVERSE.wrapping_mul(P::WORDS[0]) & MASK, MASK);
        let times = P::WORDS[3] as f64 / (1u64 << 61) as f64;
        assert!((1.512..1.513).contains(&times), "{times}");
    }

    #[test]
    fn constants_are_what_they_say() {
        constants::<Base>();
        constants::<Scalar>();
        for x in [[0; 4], [u64::MAX; 4], [1, 2, 3, 4]] {
            assert_eq!(words(limbs(x)), x);
        }
    }
}
