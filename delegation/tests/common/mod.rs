//! A key whose secrets are known, its kit, and a small circuit with as many public inputs as a gift
//! has.
#![allow(dead_code, reason = "each test binary uses some of it")]

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use bn254x8::Backend;
use ed25519_dalek::SigningKey;
use wufu_circuits::{
    Assignment, Clause,
    r1cs::{Declaration, Mode, Size},
};
use wufu_delegation::{BlindKey, FourSums, Kit, MaskSeed, PublicBases, Shape, Token};
use wufu_verifier::{
    CircuitName, VerifyingKey,
    groth16::key::{KeyPoints, Provenance, Reduction},
};

/// In Unix seconds.
pub const NOW: u64 = 1_790_000_000;
/// Rows and wires of [`assignment`].
pub const SIZE: Size = Size { rows: 5, wires: 10 };

pub fn g1(times: u64) -> G1Affine {
    (G1Affine::generator() * Fr::from(times)).into_affine()
}

pub fn g2(times: u64) -> G2Affine {
    (G2Affine::generator() * Fr::from(times)).into_affine()
}

/// The key of these numbers.
pub fn verifying(alpha: u64, beta: u64, gamma: u64, delta: u64) -> VerifyingKey {
    let points = KeyPoints {
        alpha: g1(alpha),
        beta: g2(beta),
        gamma: g2(gamma),
        delta: g2(delta),
        inputs: [13, 17, 19, 23, 29].map(g1).to_vec(),
    };
    let (development, libsnark) = (Provenance::Development, Reduction::Libsnark);
    VerifyingKey::new(CircuitName::Gift, development, libsnark, points).unwrap()
}

pub fn key() -> VerifyingKey {
    verifying(3, 5, 7, 11)
}

/// Bases of all five public wires. Some are the identity.
pub fn bases() -> Vec<PublicBases> {
    let bases = |wire: u64| PublicBases {
        a: g1(100 + wire),
        b1: g1(wire),
        b2: g2(wire),
        lh: g1(200 + wire),
    };
    (0..5).map(bases).collect()
}

pub fn kit() -> Kit {
    Kit::new(&key(), g1(5), g1(11), bases()).unwrap()
}

pub fn wallet() -> BlindKey {
    BlindKey::with_size(SIZE, key(), kit(), Backend::Portable).unwrap()
}

pub fn shape() -> Shape {
    Shape::with_size(&key(), SIZE)
}

/// A seed of the bytes 0, 1, 2, … plus `first`.
pub fn seed(first: u8) -> MaskSeed {
    MaskSeed::from_bytes(std::array::from_fn(|at| first + at as u8))
}

pub fn sums() -> FourSums {
    FourSums { a: g1(31), b1: g1(37), b2: g2(37), lh: G1Affine::default() }
}

pub fn dealer() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

pub fn token(first: u8) -> Token {
    Token::issue(&dealer(), key().id(), seed(first), sums(), NOW + 60)
}

/// The fifth power of 7, with the inputs that belong to it.
pub fn assignment() -> Assignment {
    chain([1, 2, 3, 16_807].map(Fr::from))
}

/// The same with any inputs. It is false if the last one differs.
pub fn chain(public: [Fr; 4]) -> Assignment {
    let (declaration, [one, two, three, last]) = Declaration::new(Mode::Witness, SIZE, public);
    let mut b = declaration.begin(Clause::F1);
    let x = b.wire(Fr::from(7u64));
    let square = b.product(&x, &x);
    let fourth = b.product(&square, &square);
    b.row(&fourth, &x, &last);
    let sum = b.product(&one.plus(&two), &x);
    b.product(&sum, &three);
    b.finish().1
}
