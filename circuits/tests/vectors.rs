//! Known answers: what a seed leads to, and which texts are addresses.
//!
//! `vectors/derivations.json` lets another implementation check every step from seed to nullifier;
//! `vectors/addresses.json` has accepted texts and refused ones, with the reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use serde::Deserialize;
use wufu_circuits::{Address, Card, Kind, Ownership, Person, Seed};
use wufu_verifier::{
    Amount, ProjectKey, Record, Time, field,
    statement::{CLAIM, scope},
};

#[derive(Deserialize)]
struct Derivations {
    cases: Vec<Derivation>,
}

#[derive(Deserialize)]
struct Derivation {
    // What goes in.
    seed: String,
    org: String,
    kind: String,
    serial: u64,
    rcm: String,
    salt: String,
    receipt: String,
    institution: u32,
    project: u32,
    amount: u64,
    time: u64,
    // What comes out.
    sk: String,
    pk: String,
    ek: String,
    address: String,
    rho: String,
    cm: String,
    nf: String,
    gift_rcm: String,
    person: String,
    scope: String,
    nf_p: String,
    own: String,
    don: String,
    nf_d: String,
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn element(text: &str) -> Fr {
    field::decode("vector", &bytes::<32>(text)).unwrap()
}

fn text(value: &Fr) -> String {
    hex::encode(field::encode(value))
}

#[test]
fn derivations() {
    let file: Derivations =
        serde_json::from_str(include_str!("../vectors/derivations.json")).unwrap();
    assert!(file.cases.len() >= 3);
    for case in file.cases {
        let seed = Seed::from_bytes(bytes(&case.seed));
        let sk = seed.spend_key(&case.org);
        let pk = sk.public_key();
        let address = seed.address(&case.org);
        assert_eq!(text(&sk.to_field()), case.sk);
        assert_eq!(text(&pk), case.pk);
        assert_eq!((address.pk, hex::encode(address.ek)), (pk, case.ek));
        assert_eq!(address.to_string(), case.address);

        let kind = Kind::from_name(&case.kind).unwrap();
        let card = Card::issued(kind, &case.org, case.serial, element(&case.rcm));
        let cm = card.commitment(pk);
        let nf = Card::nullifier(&sk, cm);
        assert_eq!(text(&card.rho), case.rho);
        assert_eq!(text(&cm), case.cm);
        assert_eq!(text(&nf), case.nf);
        assert_eq!(text(&seed.gift_rcm(nf)), case.gift_rcm);

        let scope = scope(case.org.as_bytes(), CLAIM);
        let person = Person { salt: element(&case.salt) };
        assert_eq!(text(&person.leaf(pk)), case.person);
        assert_eq!(text(&scope), case.scope);
        assert_eq!(text(&Person::nullifier(&sk, scope)), case.nf_p);

        let ownership = Ownership::new(case.receipt.as_bytes(), element(&case.rcm));
        let record = Record {
            project: ProjectKey::new(case.institution, case.project).unwrap(),
            amount: Amount::new(case.amount).unwrap(),
            time: Time::new(case.time).unwrap(),
            own: ownership.own(pk),
        };
        assert_eq!(text(&record.own), case.own);
        assert_eq!(text(&record.leaf()), case.don);
        assert_eq!(text(&Ownership::nullifier(&sk, scope, record.leaf())), case.nf_d);
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
        let address = Address { org: case.org, pk: element(&case.pk), ek: bytes(&case.ek) };
        assert_eq!(case.text.parse(), Ok(address.clone()));
        assert_eq!(address.to_string(), case.text);
    }
    for case in file.refused {
        let refused = case.text.parse::<Address>().expect_err(&case.text);
        assert_eq!(refused.to_string(), case.reason);
    }
}
