//! Blind mode: kits, tokens, requests and sums, and the four messages that carry them. What an input leaves out (magic, key id, the
//! dealer's signature) is put right, so that all that comes after them is read, too.
#![no_main]

use std::{fmt::Debug, sync::OnceLock};

use ed25519_dalek::{Signer, SigningKey};
use libfuzzer_sys::fuzz_target;
use prost::{Message, Name};
use wufu_blind::{FourSums, Kit, MAX_LIFE, Shape, Token};
use wufu_circuits::r1cs::Size;
use wufu_proto::{
    ConvertError,
    blind::{CHUNK, Deal, Dealt, Evaluated, Head, append},
    decode, v1,
};
use wufu_verifier::{Trust, VerifyingKey, canonical::Writer};

const NOW: u64 = 1_800_000_000;
/// The first field of what a dealer signs.
const CONTEXT: &str = "wufu 2026-11 blind token v1";
/// Little to sum.
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
            }
        }
        _ => messages(data),
    }
});

fn key() -> &'static VerifyingKey {
    static KEY: OnceLock<VerifyingKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = include_bytes!("../seeds/verifying_key/02");
        VerifyingKey::decode(key, Trust::AcceptDevelopment).expect("a key that vectors/ accept")
    })
}

fn kit(data: &[u8]) {
    let _ = Kit::decode(data, key());
    let mut mended = b"wufu-bk1".to_vec();
    mended.extend(key().id().as_bytes());
    mended.extend(data);
    if let Ok(kit) = Kit::decode(&mended, key()) {
        assert_eq!(kit.encode(), mended);
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
    }
}

fn messages(data: &[u8]) {
    message::<v1::DealRequest, Deal>(data, |deal| (*deal).into());
    message::<v1::DealResponse, Dealt>(data, |dealt| dealt.clone().into());
    message::<v1::EvaluateRequest, Head>(data, |head| (*head).into());
    message::<v1::EvaluateResponse, Evaluated>(data, |sums| sums.into());
    if let Ok(more) = decode::<v1::EvaluateRequest>(data) {
        let total = data.len() * 3;
        let mut got = Vec::new();
        if append(&mut got, total, &more).is_ok() {
            assert_eq!(got.len(), total.min(CHUNK));
        } else {
            assert!(got.is_empty());
        }
    }
}

fn message<M, D>(data: &[u8], back: impl Fn(&D) -> M)
where
    M: Message + Name + Default + PartialEq + Debug,
    D: TryFrom<M, Error = ConvertError>,
{
    let Ok(message) = decode::<M>(data) else { return };
    if let Ok(understood) = D::try_from(message) {
        assert_eq!(back(&understood).encode_to_vec(), data);
    }
}
