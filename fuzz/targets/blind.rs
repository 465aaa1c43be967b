//! Blind mode: kits, tokens, requests and sums, and the four messages that carry them. What an
//! input lacks (magic, key id, the dealer's signature) is filled in, so that the fuzzer reaches
//! everything after these fields. The key's secrets are known, because a kit has points of it in
//! both groups.
#![no_main]

use std::{fmt::Debug, sync::OnceLock};

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ed25519_dalek::{Signer, SigningKey};
use libfuzzer_sys::fuzz_target;
use prost::{Message, Name};
use wufu_circuits::r1cs::Size;
use wufu_delegation::{FourSums, Kit, MAX_LIFE, PublicBases, Shape, Token};
use wufu_fuzz::reached;
use wufu_proto::{
    ConvertError,
    blind::{CHUNK, Deal, DealtTokens, EvaluatedSums, Head, append},
    decode,
    limits::MessageLimits,
    v1,
};
use wufu_verifier::{
    CircuitName, VerifyingKey,
    encoding::canonical::Writer,
    groth16::key::{KeyPoints, Provenance, Reduction},
};

const NOW: u64 = 1_800_000_000;
/// The first field of what a dealer signs.
const CONTEXT: &str = "wufu 2026-11 blind token v1";
/// Small, so that there is little to sum.
const SMALL: Size = Size { rows: 3, wires: 12 };

fuzz_target!(|data: &[u8]| {
    let Some((sort, data)) = data.split_first() else { return };
    match sort % 5 {
        0 => kit(data),
        1 => token(data),
        2 => request(data),
        3 => {
            if let Ok(sums) = FourSums::decode(data) {
                assert_eq!(sums.encode(), data);
                reached("sums");
            }
        }
        _ => messages(data),
    }
});

fn key() -> &'static VerifyingKey {
    static KEY: OnceLock<VerifyingKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let points = KeyPoints {
            alpha: g1(2),
            beta: g2(BETA),
            gamma: g2(5),
            delta: g2(DELTA),
            inputs: (11..).map(g1).take(1 + CircuitName::Gift.public_inputs()).collect(),
        };
        let key = VerifyingKey::new(
            CircuitName::Gift,
            Provenance::Development,
            Reduction::Libsnark,
            points,
        );
        key.expect("a key whose secrets differ")
    })
}

const BETA: u64 = 3;
const DELTA: u64 = 7;

fn g1(factor: u64) -> G1Affine {
    (G1Affine::generator() * Fr::from(factor)).into()
}

fn g2(factor: u64) -> G2Affine {
    (G2Affine::generator() * Fr::from(factor)).into()
}

/// The input is what differs from a kit of the key.
fn kit(data: &[u8]) {
    static KIT: OnceLock<Vec<u8>> = OnceLock::new();
    let honest = KIT.get_or_init(|| {
        let bases = |at| PublicBases { a: g1(at), b1: g1(at + 1), b2: g2(at + 1), lh: g1(at + 2) };
        let bases = (20..).map(bases).take(key().points().inputs.len()).collect();
        Kit::new(key(), g1(BETA), g1(DELTA), bases).expect("the key's own points").encode()
    });
    assert!(Kit::decode(data, key()).is_err(), "without a beginning");
    let mut file = honest.clone();
    file.iter_mut().zip(data).for_each(|(byte, other)| *byte ^= other);
    file.extend(data.get(honest.len()..).unwrap_or_default());
    if let Ok(kit) = Kit::decode(&file, key()) {
        assert_eq!(kit.encode(), file);
        assert_eq!(file.len(), honest.len());
        // The parts that come from the key cannot be different.
        let own = 8 + 32 + 3 * 32 + 2 * 64;
        assert_eq!(file[..own], honest[..own]);
        reached("kit");
    }
}

fn token(data: &[u8]) {
    let dealer = SigningKey::from_bytes(&[7; 32]);
    let open = |bytes: &[u8]| Token::open(bytes, &dealer.verifying_key(), key().id(), NOW);
    assert!(open(data).is_err(), "nobody signed it");
    let mut mended = b"wufu-bt1".to_vec();
    mended.extend(key().id().as_bytes());
    mended.extend(data);
    let message = Writer::new().text(CONTEXT).bytes(&mended).finish();
    mended.extend(dealer.sign(&message).to_bytes());
    if let Ok(token) = open(&mended) {
        assert_eq!(*token.encode(), mended);
        reached("token");
        assert!((NOW + 1..=NOW + MAX_LIFE).contains(&token.expiry()));
    }
}

fn request(data: &[u8]) {
    let shape = Shape::with_size(key(), SMALL);
    let mut private = vec![Default::default(); shape.private()];
    let mut products = vec![Default::default(); shape.domain()];
    let read = shape.read(data, &mut private, &mut products);
    assert!(read.is_err() || data.len() == shape.request_bytes());
    if read.is_ok() {
        let values = private.iter().chain(&products).flat_map(|value| value.0);
        assert!(values.flat_map(u64::to_le_bytes).eq(data.iter().copied()));
        reached("request");
    }
}

fn messages(data: &[u8]) {
    message::<v1::DealRequest, Deal>(data, |deal| (*deal).into());
    message::<v1::DealResponse, DealtTokens>(data, |dealt| dealt.clone().into());
    message::<v1::EvaluateRequest, Head>(data, |head| (*head).into());
    message::<v1::EvaluateResponse, EvaluatedSums>(data, |sums| sums.into());
    if let Ok(more) = decode::<v1::EvaluateRequest>(data) {
        for total in [more.masked.len(), data.len() * 3] {
            let mut got = Vec::new();
            if append(&mut got, total, &more).is_ok() {
                assert_eq!(got.len(), total.min(CHUNK));
                reached("chunk");
            } else {
                assert!(got.is_empty());
            }
        }
    }
}

fn message<M, D>(data: &[u8], back: impl Fn(&D) -> M)
where
    M: Message + Name + Default + PartialEq + Debug + MessageLimits,
    D: TryFrom<M, Error = ConvertError>,
{
    let Ok(message) = decode::<M>(data) else { return };
    if let Ok(understood) = D::try_from(message) {
        assert_eq!(back(&understood).encode_to_vec(), data);
        reached(M::NAME);
    }
}
