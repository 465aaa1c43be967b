//! Encodings that are not points.

use ark_bn254::{Fq, Fq2, G2Affine};
use ark_ec::{AffineRepr, short_weierstrass::SWCurveConfig};
use ark_ff::{BigInteger, Field, PrimeField};
use ark_serialize::CanonicalSerialize;
use wufu_verifier::Reason;

/// The place of a point in some bytes.
#[derive(Clone, Copy)]
pub struct Place {
    pub name: &'static str,
    pub at: usize,
    /// The length: 32 for G1, 64 for G2.
    pub length: usize,
}

/// The bytes with an unreadable point at a place, and the reason for which it is refused.
pub fn unreadable(good: &[u8], place: Place) -> Vec<(String, Vec<u8>, Reason)> {
    let Place { name, at, length } = place;
    let last = at + length - 1;
    let with = |point: &[u8]| {
        let mut bytes = good.to_vec();
        bytes[at..at + length].copy_from_slice(point);
        bytes
    };
    let infinity = |first: u8, flags: u8| {
        let mut point = vec![0; length];
        (point[0], point[length - 1]) = (first, flags);
        with(&point)
    };
    let mut both = good.to_vec();
    both[last] |= 0xc0;
    let invalid = Reason::PointInvalid;
    vec![
        (format!("{name} without a y"), with(&no_y(length)), invalid),
        (format!("{name} infinity"), infinity(0, 0x40), Reason::PointIdentity),
        (format!("{name} infinity, with an x"), infinity(5, 0x40), invalid),
        (format!("{name} infinity, with the flag of y"), infinity(0, 0xc0), invalid),
        (format!("{name} with both flags"), both, invalid),
        (format!("{name} with x + q for x"), with(&alias(length)), invalid),
        (format!("{name} all ones"), with(&vec![0xff; length]), invalid),
    ]
}

/// An x that no point of the curve has.
fn no_y(length: usize) -> Vec<u8> {
    if length == 32 {
        let mut x = Fq::ONE;
        while (x.square() * x + ark_bn254::g1::Config::COEFF_B).sqrt().is_some() {
            x += Fq::ONE;
        }
        return compressed(&x);
    }
    let mut x = Fq2::ONE;
    while (x.square() * x + ark_bn254::g2::Config::COEFF_B).sqrt().is_some() {
        x += Fq2::ONE;
    }
    compressed(&x)
}

/// x + q for the x of a readable point. It still fits beside the flags.
fn alias(length: usize) -> Vec<u8> {
    // In G2, the first coordinate of x comes first, and 1 + u is small, so the other coordinate
    // stays the same.
    let x = if length == 32 { Fq::ONE } else { subgroup_x().c0 };
    let mut big = x.into_bigint();
    assert!(!big.add_with_carry(&Fq::MODULUS));
    let mut bytes = big.to_bytes_le();
    if length == 64 {
        bytes.extend(compressed(&subgroup_x().c1));
    }
    bytes
}

fn subgroup_x() -> Fq2 {
    G2Affine::generator().x
}

/// A point on the twist, but not in the subgroup of order r.
pub fn outside_subgroup() -> G2Affine {
    let mut x = Fq2::ONE;
    loop {
        if let Some(point) = G2Affine::get_point_from_x_unchecked(x, false)
            && !point.is_in_correct_subgroup_assuming_on_curve()
        {
            return point;
        }
        x += Fq2::ONE;
    }
}

pub fn compressed(value: &impl CanonicalSerialize) -> Vec<u8> {
    let mut out = Vec::new();
    value.serialize_compressed(&mut out).unwrap();
    out
}
