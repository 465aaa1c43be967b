//! Known answers: what a seed leads to, and which texts are addresses.
//!
//! `vectors/derivations.json` lets another implementation check every step from seed to nullifier.
//! `vectors/addresses.json` has accepted and refused texts, with the reasons.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use serde::Deserialize;
use serde_json::Value;
use wufu_circuits::Address;
use wufu_verifier::{PublicKey, encoding::field};

#[path = "../examples/derivations.rs"]
mod generator;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn element(text: &str) -> Fr {
    field::decode("vector", &bytes::<32>(text)).unwrap()
}

#[test]
fn derivations() {
    let file = std::fs::read_to_string(generator::FILE).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= 3);
    for case in cases {
        assert_eq!(&generator::derived(case), case);
    }
}

#[derive(Deserialize)]
struct Addresses {
    accepted: Vec<Accepted>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Accepted {
    text: String,
    org: String,
    pk: String,
    ek: String,
}

#[derive(Deserialize)]
struct Refused {
    text: String,
    reason: String,
}

#[test]
fn addresses() {
    let file: Addresses = serde_json::from_str(include_str!("../vectors/addresses.json")).unwrap();
    assert!(!file.accepted.is_empty() && !file.refused.is_empty());
    for case in file.accepted {
        let address =
            Address { org: case.org, pk: PublicKey(element(&case.pk)), ek: bytes(&case.ek) };
        assert_eq!(case.text.parse(), Ok(address.clone()));
        assert_eq!(address.to_string(), case.text);
    }
    for case in file.refused {
        let refused = case.text.parse::<Address>().expect_err(&case.text);
        assert_eq!(refused.to_string(), case.reason);
    }
}
