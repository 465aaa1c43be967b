//! What is refused, each with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, PrimeField};
use bn254x8::Backend;
use ed25519_dalek::Signer;
use wufu_circuits::{Circuit, GiftInstance, r1cs::Size};
use wufu_delegation::{
    BlindKey, Blinding, FourSums, Kit, KitError, MAX_LIFE, PointError, RequestError, ShareError,
    SumsError, Token, TokenError,
};
use wufu_verifier::encoding::canonical::Writer;

use crate::common::*;

/// The positions of the points in encoded sums.
const SUMS: [(&str, usize); 4] = [("A", 0), ("B in G1", 32), ("B in G2", 64), ("L with H", 128)];

/// Replaces bytes by ones that are not a point: an x above q.
fn broken(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out[at..at + 32].fill(0x3f);
    out
}

/// Rows of docs/failures.md: 5.
#[test]
fn kits_of_another_form_are_refused() {
    let (bytes, key) = (kit().encode(), key());
    let expected = bytes.len();
    for end in [0, 7] {
        let length = KitError::Length { got: end, expected };
        assert_eq!(Kit::decode(&bytes[..end], &key), Err(length));
    }
    for end in [8, 39, 40, 263, expected - 160, expected - 1] {
        let length = KitError::Length { got: end, expected };
        assert_eq!(Kit::decode(&bytes[..end], &key), Err(length));
    }
    let long = [&bytes[..], &[0]].concat();
    let length = KitError::Length { got: expected + 1, expected };
    assert_eq!(Kit::decode(&long, &key), Err(length));
    let mut other = bytes.clone();
    other[7] = b'2';
    assert_eq!(Kit::decode(&other, &key), Err(KitError::Magic));
}

/// Rows of docs/failures.md: 20.
#[test]
fn kits_of_another_key_are_refused() {
    let stranger = verifying(3, 5, 7, 23);
    let (got, expected) = (key().id(), stranger.id());
    let refused = KitError::Key { got, expected };
    assert_eq!(Kit::decode(&kit().encode(), &stranger), Err(refused));
    let wallet = BlindKey::new(stranger.clone(), kit(), Backend::Portable);
    assert_eq!(wallet.unwrap_err(), refused);
    let wallet = BlindKey::with_size(SIZE, stranger, kit(), Backend::Portable);
    assert_eq!(wallet.unwrap_err(), refused);
}

/// Rows of docs/failures.md: 4.
#[test]
fn kits_with_points_that_are_none_are_refused() {
    let (bytes, key) = (kit().encode(), key());
    let single = [
        ("alpha", 40),
        ("beta in G1", 72),
        ("beta in G2", 104),
        ("delta in G1", 168),
        ("delta in G2", 200),
    ];
    let wire = [
        ("base of A", 0),
        ("base of B in G1", 32),
        ("base of B in G2", 64),
        ("base of L with H", 128),
    ];
    let wires = (0..5).flat_map(|n| wire.map(|(point, at)| (point, 264 + 160 * n + at)));
    for (point, at) in single.into_iter().chain(wires) {
        let refused = Kit::decode(&broken(&bytes, at), &key);
        assert_eq!(refused, Err(KitError::Point(PointError { point })), "{at}");
    }
}

#[test]
fn kits_with_points_of_another_key_are_refused() {
    let (bytes, key) = (kit().encode(), key());
    // The same kit except for the id, of keys that differ in one point.
    for (point, at, other) in [
        ("alpha", 40..72, verifying(4, 5, 7, 11)),
        ("beta in G2", 104..168, verifying(3, 6, 7, 11)),
        ("delta in G2", 200..264, verifying(3, 5, 7, 12)),
    ] {
        let beta = if point == "beta in G2" { 6 } else { 5 };
        let delta = if point == "delta in G2" { 12 } else { 11 };
        let theirs = Kit::new(&other, g1(beta), g1(delta), bases()).unwrap().encode();
        let mut mixed = bytes.clone();
        mixed[at.clone()].copy_from_slice(&theirs[at]);
        assert_eq!(Kit::decode(&mixed, &key), Err(KitError::Stranger { point }));
    }
    for (point, beta, delta) in [("beta in G1", 6, 11), ("delta in G1", 5, 12)] {
        let refused = Kit::new(&key, g1(beta), g1(delta), bases());
        assert_eq!(refused, Err(KitError::Stranger { point }));
    }
    for got in [0, 4, 6] {
        let wires = bases().into_iter().cycle().take(got).collect();
        let refused = Kit::new(&key, g1(5), g1(11), wires);
        assert_eq!(refused, Err(KitError::Wires { got, expected: 5 }));
    }
}

/// Rows of docs/failures.md: 4, 5.
#[test]
fn sums_that_are_none_are_refused() {
    let bytes = sums().encode();
    assert_eq!(FourSums::decode(&bytes), Ok(sums()));
    for got in [0, 1, 159] {
        assert_eq!(FourSums::decode(&bytes[..got]), Err(SumsError::Length { got }));
    }
    let long = [&bytes[..], &[0]].concat();
    assert_eq!(FourSums::decode(&long), Err(SumsError::Length { got: 161 }));
    for (point, at) in SUMS {
        let refused = FourSums::decode(&broken(&bytes, at));
        assert_eq!(refused, Err(SumsError::Point(PointError { point })));
    }
    // The identity with an x. L with H is the identity here.
    let mut other = bytes.clone();
    other[128] = 1;
    let point = PointError { point: "L with H" };
    assert_eq!(FourSums::decode(&other), Err(SumsError::Point(point)));
}

fn open(bytes: &[u8]) -> Result<Token, TokenError> {
    Token::open(bytes, &dealer().verifying_key(), key().id(), NOW)
}

#[test]
fn tokens_are_refused_for_their_reasons() {
    let bytes = token(0).encode();
    for got in [0, 8, 303] {
        assert_eq!(open(&bytes[..got]).unwrap_err(), TokenError::Length { got });
    }
    let long = [&bytes[..], &[0]].concat();
    assert_eq!(open(&long).unwrap_err(), TokenError::Length { got: 305 });
    for at in 0..bytes.len() {
        let mut other = bytes.to_vec();
        other[at] ^= 1;
        let expected = if at < 8 { TokenError::Magic } else { TokenError::Signature };
        assert_eq!(open(&other).unwrap_err(), expected, "byte {at}");
    }
    let stranger = ed25519_dalek::SigningKey::from_bytes(&[8; 32]).verifying_key();
    let refused = Token::open(&bytes, &stranger, key().id(), NOW);
    assert_eq!(refused.unwrap_err(), TokenError::Signature);
    let other = verifying(3, 5, 7, 23).id();
    let refused = Token::open(&bytes, &dealer().verifying_key(), other, NOW);
    assert_eq!(refused.unwrap_err(), TokenError::Key { got: key().id(), expected: other });
}

#[test]
fn tokens_are_good_for_a_day_at_the_most() {
    let until =
        |expiry: u64| open(&Token::issue(&dealer(), key().id(), seed(0), sums(), expiry).encode());
    assert!(until(NOW + 1).is_ok());
    assert!(until(NOW + MAX_LIFE).is_ok());
    for expiry in [0, NOW - 1, NOW] {
        assert_eq!(until(expiry).unwrap_err(), TokenError::Expired { expiry, now: NOW });
    }
    for expiry in [NOW + MAX_LIFE + 1, u64::MAX] {
        assert_eq!(until(expiry).unwrap_err(), TokenError::Life { expiry, now: NOW });
    }
}

/// Rows of docs/failures.md: 4.
#[test]
fn signed_tokens_with_invalid_sums_are_refused() {
    let bytes = token(0).encode();
    for (point, at) in SUMS {
        let mut other = broken(&bytes, 72 + at);
        let message =
            Writer::new().text("wufu 2026-11 blind token v1").bytes(&other[..240]).finish();
        let signature = dealer().sign(&message);
        other[240..].copy_from_slice(&signature.to_bytes());
        let sums = SumsError::Point(PointError { point });
        assert_eq!(open(&other).unwrap_err(), TokenError::Sums(sums));
    }
}

/// Rows of docs/failures.md: 2.
#[test]
fn requests_with_aliases_or_wrong_lengths_are_refused() {
    let shape = shape();
    let count = shape.values();
    let mut private = vec![BigInt::default(); shape.private()];
    let mut products = vec![BigInt::default(); shape.domain()];
    let mut read = |request: &[u8]| shape.read(request, &mut private, &mut products);
    let zeros = vec![0; shape.request_bytes()];
    assert_eq!(read(&zeros), Ok(()));
    let expected = zeros.len();
    for got in [0, 1, expected - 32, expected - 1, expected + 1, expected + 32] {
        let circuit = shape.circuit();
        let refused = read(&vec![0; got]);
        assert_eq!(refused, Err(RequestError::Length { circuit, got, expected }));
    }
    let mut largest = Fr::MODULUS;
    largest.sub_with_borrow(&BigInt::from(1u64));
    let ones = BigInt::new([u64::MAX; 4]);
    for index in [0, shape.private() - 1, shape.private(), count - 1] {
        let mut with = |value: BigInt<4>| {
            let mut request = zeros.clone();
            request[32 * index..][..32].copy_from_slice(&value.to_bytes_le());
            read(&request)
        };
        assert_eq!(with(largest), Ok(()));
        for (value, bits) in [(Fr::MODULUS, 254), (ones, 256)] {
            assert_eq!(with(value), Err(RequestError::Value { index, count, bits }));
        }
    }
}

#[test]
fn unshareable_input_is_refused_before_masking() {
    let wallet = wallet();
    let blinding = || Blinding::new(Fr::from(3u64), Fr::from(5u64));
    let share = |tokens| wallet.share_with(&assignment(), tokens, blinding()).unwrap_err();
    assert!(matches!(share(vec![]), ShareError::NoToken));
    assert!(matches!(share(vec![token(0), token(1), token(0)]), ShareError::OneSeed));
    let other = verifying(3, 5, 7, 23).id();
    let strange = Token::issue(&dealer(), other, seed(0), sums(), NOW + 60);
    let refused = share(vec![token(0), strange]);
    let ShareError::Key { got, expected } = refused else { panic!("{refused}") };
    assert_eq!((got, expected), (other, key().id()));

    let false_one = chain([1, 2, 3, 16_808].map(Fr::from));
    let refused = wallet.share_with(&false_one, vec![token(0)], blinding()).unwrap_err();
    assert!(matches!(refused, ShareError::False { failing: 1, rows: 5 }), "{refused}");
    // The sizes of another circuit.
    let sized = |size| BlindKey::with_size(size, key(), kit(), Backend::Portable).unwrap();
    let refused = sized(GiftInstance::SIZE).share(&assignment(), vec![token(0)]).unwrap_err();
    assert!(matches!(refused, ShareError::Wires { got: 10, .. }), "{refused}");
    let rows = Size { rows: 6, ..SIZE };
    let refused = sized(rows).share(&assignment(), vec![token(0)]).unwrap_err();
    assert!(matches!(refused, ShareError::Rows { got: 5, expected: 6 }), "{refused}");
}

/// Rows of docs/failures.md: 16.
#[test]
fn debug_shows_no_secret() {
    let (wallet, token) = (wallet(), token(0));
    let seed = hex::encode(token.seed().as_bytes());
    let printed = format!("{token:?} {:?} {:?}", token.seed(), token.sums());
    let shared = wallet.share(&assignment(), vec![token]).unwrap();
    let masks = wufu_delegation::Masks::new(&crate::common::seed(0), &shape());
    let blinding = Blinding::new(Fr::from(98_765_432u64), Fr::from(87_654_321u64));
    let printed = format!("{printed} {shared:?} {masks:?} {blinding:?}");
    for secret in [&seed, &seed[..16], "0, 1, 2, 3", "98765432", "87654321", "16807"] {
        assert!(!printed.contains(secret), "{secret}: {printed}");
    }
    let values = format!("{:?}", &shared.request.as_bytes()[..4]);
    assert!(!printed.contains(values.trim_matches(['[', ']'])));
}
