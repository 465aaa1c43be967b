//! Products in the quadratic extension with u^2 = -1, on 64-bit words. A product takes three
//! multiplications in the base field and two reductions; arkworks takes four multiplications.
//!
//! # Source
//! Karatsuba and Ofman (1962), reduced lazily as in Aranha et al., "Faster explicit formulas for
//! computing pairings over ordinary curves" (EUROCRYPT 2011), section 3.

use ark_bn254::{Fq, Fq2};

use super::prime::{Base, Prime, borrowing, plus};

type Double = [u64; 8];

/// -1/p mod 2^64.
const NEGATIVE_INVERSE: u64 = {
    // Newton's iteration: each round doubles the number of correct bits.
    let (p, mut x, mut i) = (Base::WORDS[0], 1u64, 0);
    while i < 6 {
        x = x.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(x)));
        i += 1;
    }
    x.wrapping_neg()
};

/// `a·b`.
#[inline(always)]
pub(crate) fn product(a: &Fq2, b: &Fq2) -> Fq2 {
    let [a0, a1, b0, b1] = [&a.c0, &a.c1, &b.c0, &b.c1].map(Base::words);
    let (first, second) = (wide(a0, b0), wide(a1, b1));
    // The sums are below 2 p, so their product is below 4 p^2. Minus the two other products it is
    // a0·b1 + a1·b0, below 2 p^2.
    let cross = wide(plus(a0, a1), plus(b0, b1));
    let cross = minus(minus(cross, first).0, second).0;
    // Between -p^2 and p^2. If it is negative, add 2^256·p, which the reduction cancels.
    let (mut real, negative) = minus(first, second);
    let mask = u64::from(negative).wrapping_neg();
    let high = [real[4], real[5], real[6], real[7]];
    [real[4], real[5], real[6], real[7]] = plus(high, Base::WORDS.map(|word| word & mask));
    Fq2::new(reduced(real), reduced(cross))
}

/// The product as 512 bits.
#[inline(always)]
fn wide(a: [u64; 4], b: [u64; 4]) -> Double {
    let mut t = [0; 8];
    for i in 0..4 {
        let mut carry = 0;
        for j in 0..4 {
            (t[i + j], carry) = step(t[i + j], a[j], b[i], carry);
        }
        t[i + 4] = carry;
    }
    t
}

/// `t + a·b + carry` as low and high word. It is at most 2^128 - 1, so it does not overflow.
#[inline(always)]
fn step(t: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let all = u128::from(t) + u128::from(a) * u128::from(b) + u128::from(carry);
    (all as u64, (all >> 64) as u64)
}

/// `a - b` modulo 2^512, and whether b is larger.
#[inline(always)]
fn minus(a: Double, b: Double) -> (Double, bool) {
    let (mut out, mut borrow) = ([0; 8], false);
    for i in 0..8 {
        let (x, first) = a[i].overflowing_sub(b[i]);
        let (x, second) = x.overflowing_sub(u64::from(borrow));
        (out[i], borrow) = (x, first | second);
    }
    (out, borrow)
}

/// Montgomery's reduction of a number t below 2^256·p: `t / 2^256` mod p. Before the final
/// subtraction it is below 2 p.
#[inline(always)]
fn reduced(mut t: Double) -> Fq {
    let mut above = 0;
    for i in 0..4 {
        let factor = t[i].wrapping_mul(NEGATIVE_INVERSE);
        let mut carry = 0;
        for j in 0..4 {
            (t[i + j], carry) = step(t[i + j], factor, Base::WORDS[j], carry);
        }
        // The total is below 2^512, so the last word produces no carry.
        let sum = u128::from(t[i + 4]) + u128::from(carry) + u128::from(above);
        (t[i + 4], above) = (sum as u64, (sum >> 64) as u64);
    }
    let words = [t[4], t[5], t[6], t[7]];
    let (less, borrow) = borrowing(words, Base::WORDS);
    let mask = u64::from(borrow).wrapping_neg();
    Base::element(std::array::from_fn(|i| words[i] & mask | less[i] & !mask))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ark_ff::{AdditiveGroup as _, BigInt, PrimeField as _, UniformRand as _};
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;

    /// Parts at and near both ends of the range. They give the largest sums, the largest
    /// differences of either sign, and the smallest values.
    #[test]
    fn products_are_arkworks_at_the_bounds_and_elsewhere() {
        let mut rng = StdRng::seed_from_u64(1);
        let largest = Base::element(super::super::prime::minus(Base::WORDS, [1, 0, 0, 0]));
        let mut parts =
            vec![Fq::ZERO, Base::element([1, 0, 0, 0]), largest, largest - largest.double()];
        parts.push(Fq::from_bigint(BigInt([u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 3])).unwrap());
        parts.extend((0..4).map(|_| Fq::rand(&mut rng)));
        for (a0, a1) in parts.iter().flat_map(|a| parts.iter().map(move |b| (*a, *b))) {
            for (b0, b1) in parts.iter().flat_map(|a| parts.iter().map(move |b| (*a, *b))) {
                let (a, b) = (Fq2::new(a0, a1), Fq2::new(b0, b1));
                assert_eq!(product(&a, &b), a * b);
            }
        }
    }

    #[test]
    fn the_constant_is_what_it_says() {
        assert_eq!(NEGATIVE_INVERSE.wrapping_mul(Base::WORDS[0]), u64::MAX);
    }
}
