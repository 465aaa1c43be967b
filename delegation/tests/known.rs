//! Known answers: masks, tokens, kits and requests, to the byte. Another wallet or server must
//! produce the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, PrimeField};
use wufu_delegation::{Blinding, Kit, MaskSeed, Masks, Shape, Token};

use crate::common::*;

fn bytes(values: &[BigInt<4>]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_bytes_le()).collect()
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The masks, computed again from docs/spec/blind.md: candidates of 32 bytes from keyed BLAKE3, two
/// bits cleared, those of r or more left out.
fn again(seed: &MaskSeed, shape: &Shape) -> Vec<BigInt<4>> {
    let key_id = shape.key_id();
    let fields: [&[u8]; 4] = [
        b"wufu 2026-11 blind masks v1",
        key_id.as_bytes(),
        &(shape.private() as u64).to_le_bytes(),
        &(shape.domain() as u64).to_le_bytes(),
    ];
    let mut message = 4u32.to_le_bytes().to_vec();
    for field in fields {
        message.extend_from_slice(&(field.len() as u32).to_le_bytes());
        message.extend_from_slice(field);
    }
    let mut hasher = blake3::Hasher::new_keyed(seed.as_bytes());
    hasher.update(&message);
    let mut output = hasher.finalize_xof();
    let candidates = std::iter::from_fn(|| {
        let mut bytes = [0; 32];
        output.fill(&mut bytes);
        bytes[31] &= 0x3f;
        let limb = |at: usize| u64::from_le_bytes(bytes[8 * at..][..8].try_into().unwrap());
        Some(BigInt::new([limb(0), limb(1), limb(2), limb(3)]))
    });
    candidates.filter(|candidate| *candidate < Fr::MODULUS).take(shape.values()).collect()
}

#[test]
fn masks_are_these() {
    let masks = Masks::new(&seed(0), &shape());
    assert_eq!((masks.wires.len(), masks.products.len()), (5, 16));
    let all = [masks.wires.as_slice(), &masks.products].concat();
    assert_eq!(all, again(&seed(0), &shape()));
    assert_eq!(hex::encode(bytes(&all[..2])), MASKS);
    assert_eq!(hash(&bytes(&all)), MASKS_HASH);
    // The size of Five Fu or Gift. The output is read in pieces, and no piece is read twice.
    let large = Shape::of(&key());
    let masks = Masks::new(&seed(0), &large);
    let all = [masks.wires.as_slice(), &masks.products].concat();
    assert_eq!(all, again(&seed(0), &large));
    assert_eq!(hash(&bytes(&all)), LARGE_HASH);
}

#[test]
fn masks_depend_on_seed_key_and_sizes() {
    let first = |seed: &MaskSeed, shape: &Shape| Masks::new(seed, shape).wires[0];
    let here = first(&seed(0), &shape());
    assert_ne!(first(&seed(1), &shape()), here);
    let other = Shape::with_size(&verifying(3, 5, 7, 23), SIZE);
    assert_ne!(first(&seed(0), &other), here);
    for size in [
        wufu_circuits::r1cs::Size { wires: SIZE.wires + 1, ..SIZE },
        wufu_circuits::r1cs::Size { rows: 20, ..SIZE },
    ] {
        assert_ne!(first(&seed(0), &Shape::with_size(&key(), size)), here);
    }
    // One row more does not enlarge the domain.
    let size = wufu_circuits::r1cs::Size { rows: SIZE.rows + 1, ..SIZE };
    assert_eq!(first(&seed(0), &Shape::with_size(&key(), size)), here);
}

#[test]
fn a_seeds_fingerprint_is_this() {
    assert_eq!(format!("{:?}", seed(0).id()), SEED_ID);
    assert_ne!(seed(0).id(), seed(1).id());
}

#[test]
fn a_kit_is_these_bytes() {
    let kit = kit();
    let bytes = kit.encode();
    assert_eq!(bytes.len(), 40 + 224 + 5 * 160);
    assert_eq!(bytes.len(), Kit::bytes(&key()));
    assert_eq!(hash(&bytes), KIT_HASH);
    assert_eq!(kit.id().to_string(), KIT_ID);
    let read = Kit::decode(&bytes, &key()).unwrap();
    assert_eq!(read, kit);
    assert_eq!(read.key_id(), key().id());
    assert_eq!(read.encode(), bytes);
}

#[test]
fn a_token_is_these_bytes() {
    let token = token(0);
    let bytes = token.encode();
    assert_eq!(bytes.len(), 304);
    assert_eq!(bytes.len(), Token::BYTES);
    assert_eq!(hash(&bytes), TOKEN_HASH);
    let read = Token::open(&bytes, &dealer().verifying_key(), key().id(), NOW).unwrap();
    assert_eq!(read.encode(), bytes);
    assert_eq!((read.key_id(), read.seed(), read.sums()), (key().id(), &seed(0), &sums()));
    assert_eq!(read.expiry(), NOW + 60);
}

#[test]
fn a_request_is_these_bytes() {
    let (wallet, shape, assignment) = (wallet(), shape(), assignment());
    let blinding = || Blinding::new(Fr::from(3u64), Fr::from(5u64));
    let shared = wallet.share_with(&assignment, vec![token(0)], blinding()).unwrap();
    let request = shared.request.as_bytes();
    assert_eq!(request.len(), shape.request_bytes());
    assert_eq!(hex::encode(&request[..64]), REQUEST);
    assert_eq!(hash(request), REQUEST_HASH);
    // Adding the masks gives the private wires, and the products on the coset.
    let mut private = vec![BigInt::default(); shape.private()];
    let mut products = vec![BigInt::default(); shape.domain()];
    shape.read(request, &mut private, &mut products).unwrap();
    let masks = Masks::new(&seed(0), &shape);
    let plus = |value: &BigInt<4>, mask: &BigInt<4>| {
        Fr::from_bigint(*value).unwrap() + Fr::from_bigint(*mask).unwrap()
    };
    let opened: Vec<Fr> = private.iter().zip(masks.wires.iter()).map(|(v, m)| plus(v, m)).collect();
    assert_eq!(opened, assignment.private());
    let opened: Vec<Fr> =
        products.iter().zip(masks.products.iter()).map(|(v, m)| plus(v, m)).collect();
    assert_eq!(opened, on_coset(&assignment));

    // The blinding has no influence on the request. A second dealer's masks do.
    let other = Blinding::new(Fr::from(4u64), Fr::from(6u64));
    let again = wallet.share_with(&assignment, vec![token(0)], other).unwrap();
    assert_eq!(again.request.as_bytes(), request);
    let two = wallet.share_with(&assignment, vec![token(0), token(1)], blinding()).unwrap();
    let mut less = vec![BigInt::default(); shape.private()];
    shape.read(two.request.as_bytes(), &mut less, &mut products).unwrap();
    let second = Masks::new(&seed(1), &shape);
    for ((less, more), mask) in less.iter().zip(&private).zip(second.wires.iter()) {
        assert_eq!(plus(less, mask).into_bigint(), *more);
    }
}

/// The products computed in the simplest way: polynomials through the values on the domain, by
/// Lagrange, at each place of the coset.
fn on_coset(assignment: &wufu_circuits::Assignment) -> Vec<Fr> {
    use ark_ff::{FftField, Field};
    let shape = shape();
    let size = shape.domain();
    let root = Fr::get_root_of_unity(size as u64).unwrap();
    let mut a = assignment.az().to_vec();
    a.extend_from_slice(&assignment.z()[..shape.public()]);
    let b = assignment.bz();
    let at = |values: &[Fr], x: Fr| -> Fr {
        // L_k(x) = (x^n - 1) w^k / (n (x - w^k)).
        let whole = (x.pow([size as u64]) - Fr::ONE) / Fr::from(size as u64);
        let term = |(k, value): (usize, &Fr)| {
            let place = root.pow([k as u64]);
            *value * whole * place / (x - place)
        };
        values.iter().enumerate().map(term).sum()
    };
    let places = (0..size).map(|k| Fr::GENERATOR * root.pow([k as u64]));
    places.map(|x| at(&a, x) * at(b, x)).collect()
}

const MASKS: &str = "631860f74247a578f6c3cc79c20c7148d4fbaadb0b1986b3f832baa44348300ca677a2f1211b5f6304263acc0a79cd3b7781dfa0cce262d152b0d44b7092d811";
const MASKS_HASH: &str = "8dbc446d3b960acf058f06fb437fb2fa4a172a2785c5205e1aeb22e917e8814d";
const LARGE_HASH: &str = "f92d80241f88c7e76478dc80dd7fc7a94e726e4e4aea13302850547286f67790";
const SEED_ID: &str = "5843c102adf1e964c26c301d663890a2aa1475bee2c0dc79c2411d7731f4ee3b";
const KIT_HASH: &str = "ca0c8f949ab154cccf82c25fb46b8765eefc4aeb0fc5a013f37cddce15b97e4e";
const KIT_ID: &str = "64bae310941107dc92772ef303c52297cfda520c6ad053f47f8676139cb94482";
const TOKEN_HASH: &str = "13952d916891876bb7f51868f09207e796828581f572916b5ac7e392c28dad8e";
const REQUEST: &str = "a5e79ff850ae3ccb9aacecff85dbc2df885cd6a5aa2cca04316d773c2f0634248c885dfe71da82e08c4a7fad3d6f66ece5d6a1e0e962ede6d6ef5c9502bc8b1e";
const REQUEST_HASH: &str = "66242fdeadcea39133a2f0771b5487ea91db371edae0aecf75b8224dc8405b1c";
