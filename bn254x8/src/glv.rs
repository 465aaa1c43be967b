//! Splits scalars into two short halves, using the endomorphism (x, y) -> (beta·x, y) of the first
//! group, which multiplies points by lambda.
//!
//! # Source
//! Gallant, Lambert, Vanstone: "Faster point multiplication on elliptic curves with efficient
//! endomorphisms", CRYPTO 2001.

use ark_bn254::{Fq, Fr, g1};
use ark_ec::scalar_mul::glv::GLVConfig as _;
use ark_ff::{BigInt, PrimeField as _};

/// The factor of x in the endomorphism.
pub(crate) const BETA: Fq = g1::Config::ENDO_COEFFS[0];

/// Digits of four bits in each half of a scalar of full length.
pub(crate) const DIGITS: u32 = 32;

/// Two numbers of up to 128 bits, each as two words, lowest first. A digit n of four bits stands
/// for the odd digit 2n - 15. Read in base 16 with those digits, the two numbers are odd numbers a
/// and b, which represent the scalar a + lambda·b.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Halves(pub(crate) [u64; 4]);

// A short basis of the lattice of all (a, b) with a + lambda·b = 0: (-A, B) and (-B, -D). A is
// even; B and D are odd.
const A: u128 = 0x6f4d_8248_eeb8_59fc_8211_bbeb_7d4f_1128;
const B: u128 = 0x89d3_2568_94d2_13e3;
const D: u128 = 0x6f4d_8248_eeb8_59fd_0be4_e154_1221_250b;
// 2^254·D / r and 2^254·B / r, rounded to the nearest integer.
const D_BY_R: u128 = 0x9333_bc05_29dc_f4b4_94e6_3f40_c03f_d959;
const B_BY_R: u128 = 0xb647_48cb_b1f8_2cf6;

impl Halves {
    /// A digit of the first (0) or second (1) half.
    #[inline(always)]
    pub(crate) fn digit(&self, half: u32, digit: u32) -> usize {
        (self.0[(2 * half + digit / 16) as usize] >> (4 * (digit % 16))) as usize & 15
    }

    /// Splits a scalar into halves of [`DIGITS`] digits.
    pub(crate) fn new(scalar: &Fr) -> Self {
        let [a, b] = odd_halves(scalar).map(|half| {
            // half = sum of (2n - 15)·16^j = 2·N - (2^128 - 1), where N is the number with the
            // digits n.
            let number = ((half - 1) >> 1).cast_unsigned().wrapping_add(1 << 127);
            [number as u64, (number >> 64) as u64]
        });
        Self([a[0], a[1], b[0], b[1]])
    }
}

/// Odd a and b with a + lambda·b = k, both below 2^127 in absolute value.
///
/// The point t1·(-A, B) + t2·(-B, -D) of the lattice, where t1 and t2 are -kD/r and -kB/r rounded
/// to the nearest integer, is close to (k, 0). Their difference has halves of at most 0.8·D. Each
/// even half is then made odd by adding or subtracting one basis vector. The sign is the one that
/// brings the half on that vector's long side nearer to zero.
fn odd_halves(scalar: &Fr) -> [i128; 2] {
    let BigInt([w0, w1, w2, w3]) = scalar.into_bigint();
    let low = u128::from(w1) << 64 | u128::from(w0);
    // k / 2^126, rounded. It is below 2^128, since k is below 2^254.
    let top = (u128::from(w3) << 66 | u128::from(w2) << 2 | u128::from(w1 >> 62))
        + u128::from(w1 >> 61 & 1);
    let (t1, t2) = (high(top, D_BY_R), high(top, B_BY_R));
    // The halves fit into 128 bits, so arithmetic modulo 2^128 is exact.
    let a = low.wrapping_sub(t1.wrapping_mul(A)).wrapping_sub(t2.wrapping_mul(B));
    let b = t1.wrapping_mul(B).wrapping_sub(t2.wrapping_mul(D));
    let (mut a, mut b) = (a.cast_signed(), b.cast_signed());
    let toward_zero = |half: i128| if half < 0 { -1 } else { 1 };
    let [by_a, by_b, by_d] = [A, B, D].map(u128::cast_signed);
    if a & 1 == 0 {
        let sign = toward_zero(b);
        (a, b) = (a - sign * by_b, b - sign * by_d);
    }
    if b & 1 == 0 {
        let sign = toward_zero(a);
        (a, b) = (a - sign * by_a, b + sign * by_b);
    }
    [a, b]
}

/// The product divided by 2^128, rounded.
fn high(a: u128, b: u128) -> u128 {
    let (a0, a1) = (a & u128::from(u64::MAX), a >> 64);
    let (b0, b1) = (b & u128::from(u64::MAX), b >> 64);
    let low = a0 * b0;
    let first = a1 * b0 + (low >> 64);
    let second = a0 * b1 + (first & u128::from(u64::MAX));
    let high = a1 * b1 + (first >> 64) + (second >> 64);
    high + (second >> 63 & 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use ark_ff::{Field as _, UniformRand as _};
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;

    fn signed(half: i128) -> Fr {
        let size = Fr::from(half.unsigned_abs());
        if half < 0 { -size } else { size }
    }

    fn value(halves: &Halves, half: u32) -> Fr {
        (0..DIGITS).rev().fold(Fr::from(0u64), |sum, digit| {
            let n = i128::try_from(halves.digit(half, digit)).unwrap();
            sum * Fr::from(16u64) + signed(2 * n - 15)
        })
    }

    #[test]
    fn halves_are_odd_and_short_and_make_up_the_scalar() {
        const { assert!(D + B < 1 << 127) };
        let rng = &mut StdRng::seed_from_u64(1);
        let lambda = g1::Config::LAMBDA;
        assert_eq!(lambda.square() + lambda, -Fr::ONE);
        let small = (0..300u64).flat_map(|k| [Fr::from(k), -Fr::from(k)]);
        let mut scalars: Vec<Fr> = small.flat_map(|k| [k, k * lambda, k + lambda]).collect();
        let powers = (0..254u64).map(|k| Fr::from(2u64).pow([k]));
        scalars.extend(powers.flat_map(|k| [k, k - Fr::ONE, -k]));
        scalars.extend((0..20_000).map(|_| Fr::rand(rng)));
        for scalar in scalars {
            let [a, b] = odd_halves(&scalar);
            assert!(a & 1 == 1 && b & 1 == 1, "{scalar}: {a}, {b}");
            // One basis vector brings a half to at most D, and the short side B of the other may be
            // added.
            assert!(a.unsigned_abs() <= D + B && b.unsigned_abs() <= D + B, "{scalar}: {a}, {b}");
            assert_eq!(signed(a) + lambda * signed(b), scalar);
            let halves = Halves::new(&scalar);
            assert_eq!([value(&halves, 0), value(&halves, 1)], [signed(a), signed(b)]);
        }
    }
}
