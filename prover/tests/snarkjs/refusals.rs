//! A good `.zkey`, damaged in every way that its reader must notice.

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
use wufu_groth16::{KeyFileError, iden3::ZkeyError};
use wufu_prover::keys;
use wufu_verifier::{
    CircuitName,
    groth16::key::{KeyError, Provenance},
};

use crate::snarkjs::ptau::{limbs, point_g1, point_g2};

/// Where a section's body begins and how long it is.
fn section(bytes: &[u8], number: u32) -> (usize, usize) {
    let mut at = 12;
    loop {
        let kind = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let length = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().unwrap()) as usize;
        if kind == number {
            return (at + 12, length);
        }
        at += 12 + length;
    }
}

pub fn of(good: &[u8], circuit: CircuitName) {
    let read = |bytes: &[u8]| keys::from_zkey(bytes, circuit, Provenance::Development).map(|_| ());
    let at = |number| section(good, number).0;
    let with = |place: usize, bytes: &[u8]| {
        let mut spoiled = good.to_vec();
        spoiled[place..place + bytes.len()].copy_from_slice(bytes);
        read(&spoiled).unwrap_err()
    };

    // The file.
    for length in [0, 3, 11, 12, 23, at(5) + 7, good.len() - 1] {
        assert!(read(&good[..length]).is_err(), "cut to {length}");
    }
    assert!(matches!(read(&[good, &[0]].concat()), Err(ZkeyError::Section { section: 0 })));
    assert!(matches!(with(0, b"ptau"), ZkeyError::Magic));
    assert!(matches!(with(4, &[2]), ZkeyError::Magic));
    assert!(matches!(with(at(1), &[2]), ZkeyError::Magic));
    // A length that exceeds all memory, and a section that appears twice.
    assert!(matches!(with(at(3) - 8, &[0xff; 8]), ZkeyError::Section { section: 3 }));
    assert!(matches!(with(at(6) - 12, &[5]), ZkeyError::Section { section: 5 }));

    // The circuit.
    for other in CircuitName::ALL.into_iter().filter(|other| *other != circuit) {
        let refused = keys::from_zkey(good, other, Provenance::Development);
        assert!(matches!(refused, Err(ZkeyError::Size { what: "wires", .. })));
    }
    assert!(matches!(with(at(2) + 4, &[1]), ZkeyError::Curve));
    let coefficient = at(4) + 4;
    for place in [0, 4, 8, 12] {
        let changed = [good[coefficient + place] ^ 1];
        assert!(matches!(with(coefficient + place, &changed), ZkeyError::Rows));
    }
    assert!(matches!(with(coefficient + 12, &limbs(Fr::MODULUS)), ZkeyError::Rows));

    // Points that are off the curve, not canonical, outside the subgroup, or from other secrets.
    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    let off = G1Affine::new_unchecked(g1.x, g1.y + Fq::ONE);
    for number in [3, 5, 6, 8, 9] {
        let refused = with(at(number), &point_g1(&off));
        assert!(matches!(refused, ZkeyError::Point { section, index: 0 } if section == number));
    }
    let beta_g1 = at(2) + 2 * 36 + 12 + 64;
    for place in (0..2).map(|point| beta_g1 - 64 + 64 * point) {
        assert!(matches!(with(place, &point_g1(&off)), ZkeyError::Point { section: 2, .. }));
    }
    assert!(matches!(with(beta_g1, &point_g1(&g1)), ZkeyError::Halves { what: "beta" }));
    let beta_g2 = beta_g1 + 64;
    let outside = outside_the_subgroup();
    for place in (0..2).map(|point| beta_g2 + 128 * point) {
        assert!(matches!(with(place, &point_g2(&outside)), ZkeyError::Point { section: 2, .. }));
    }
    let other = point_g2(&(g2 + g2).into());
    assert!(matches!(with(beta_g2 + 128, &other), ZkeyError::Halves { what: "gamma" }));
    let delta_g1 = beta_g2 + 256;
    assert!(matches!(with(delta_g1, &point_g1(&g1)), ZkeyError::Halves { what: "delta" }));
    let both = [point_g1(&g1), point_g2(&g2)].concat();
    let refused = with(delta_g1, &both);
    let ZkeyError::Key(KeyFileError::Verifying(KeyError::GammaIsDelta)) = refused else {
        panic!("{refused}");
    };
    // A point of A with q added to its x.
    let (a, length) = section(good, 5);
    let point = (a..a + length).step_by(64).find(|at| fits_twice(&good[*at..*at + 32])).unwrap();
    let refused = with(point, &more(&good[point..point + 32]));
    assert!(matches!(refused, ZkeyError::Point { section: 5, .. }));
    let refused = with(at(7), &point_g2(&outside));
    assert!(matches!(refused, ZkeyError::Point { section: 7, index: 0 }));
    // The identity is a valid point in a query, but not in a verifying key.
    let refused = with(at(3), &[0; 64]);
    let ZkeyError::Key(KeyFileError::Verifying(KeyError::Point(_))) = refused else {
        panic!("{refused}");
    };
}

fn integer(bytes: &[u8]) -> ark_ff::BigInt<4> {
    let mut bits: Vec<bool> =
        bytes.iter().flat_map(|b| (0..8).map(move |i| b >> i & 1 == 1)).collect();
    bits.resize(256, false);
    ark_ff::BigInt::from_bits_le(&bits)
}

/// Whether an integer plus q still fits in 32 bytes, and the integer is not the identity's zero.
fn fits_twice(bytes: &[u8]) -> bool {
    let mut value = integer(bytes);
    !value.is_zero() && !value.add_with_carry(&Fq::MODULUS)
}

fn more(bytes: &[u8]) -> Vec<u8> {
    let mut value = integer(bytes);
    value.add_with_carry(&Fq::MODULUS);
    limbs(value)
}

/// A point of the twist that is outside the group.
fn outside_the_subgroup() -> G2Affine {
    let mut x = Fq2::ZERO;
    loop {
        x += Fq2::ONE;
        if let Some(point) = G2Affine::get_point_from_x_unchecked(x, true)
            && !point.is_in_correct_subgroup_assuming_on_curve()
        {
            return point;
        }
    }
}
