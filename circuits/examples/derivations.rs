//! Rewrites `vectors/derivations.json`: keeps the inputs of each case, and derives the outputs.
//!
//! `cargo run --release -p wufu-circuits --example derivations`. Needed only when a derivation
//! changes. That changes every wallet, and the file makes it visible.
#![allow(clippy::unwrap_used, dead_code)]

use ark_bn254::Fr;
use serde_json::{Value, json};
use wufu_circuits::{Card, Kind, Ownership, Person, Seed};
use wufu_verifier::{
    Amount, KeyId, ProjectKey, PublicKey, Record, Root, Time,
    encoding::field,
    statement::{Binding, CLAIM, ClaimRoots, anchor, scope},
};

/// The path of the file.
pub const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/derivations.json");

fn main() {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    let cases: Vec<Value> = file["cases"].as_array().unwrap().iter().map(derived).collect();
    let file = json!({
        "about": "From a seed to its leaves and nullifiers. Field elements are 32 bytes little-endian; \
                  all bytes are in hexadecimal. `anchor` takes `cm` and `person` for the two roots; \
                  `ext` takes `org`, `receipt` for the payee, `time` for the end, and `key_id`. What \
                  goes in was chosen by hand; what comes out is written by `cargo run --release -p \
                  wufu-circuits --example derivations`.",
        "cases": cases,
    });
    std::fs::write(FILE, serde_json::to_string_pretty(&file).unwrap() + "\n").unwrap();
}

/// Returns a case with everything that is derived from its inputs.
pub fn derived(case: &Value) -> Value {
    let given = |name: &str| case[name].as_str().unwrap();
    let number = |name: &str| case[name].as_u64().unwrap();
    let id = |name: &str| u32::try_from(number(name)).unwrap();

    let (org, receipt) = (given("org"), given("receipt"));
    let seed = Seed::from_bytes(bytes(given("seed")));
    let sk = seed.spend_key(org);
    let pk = sk.public_key();
    let address = seed.address(org);
    assert_eq!(address.pk, pk);

    let kind = Kind::from_name(given("kind")).unwrap();
    let card = Card::issued(kind, org, number("serial"), element(given("rcm")));
    let cm = card.commitment(pk);
    let nf = Card::nullifier(&sk, cm);

    let scope = scope(org.as_bytes(), CLAIM);
    let person = Person { salt: element(given("salt")) }.leaf(pk);

    let ownership = Ownership::new(receipt.as_bytes(), element(given("rcm")));
    let record = Record {
        project: ProjectKey::new(id("institution"), id("project")).unwrap(),
        amount: Amount::new(number("amount")).unwrap(),
        time: Time::new(number("time")).unwrap(),
        own: ownership.own(pk),
    };
    let key_id = KeyId(bytes(given("key_id")));
    let (verifier, payload, expiry) = (org.as_bytes(), receipt.as_bytes(), number("time"));

    let roots = ClaimRoots { cards: Root(cm.fr()), persons: Root(person) };
    let mut case = case.clone();
    for (name, value) in [
        ("sk", sk.to_field()),
        ("pk", pk.fr()),
        ("rho", card.rho),
        ("cm", cm.fr()),
        ("nf", nf.fr()),
        ("gift_rcm", seed.gift_rcm(nf, PublicKey(element(given("pk_friend"))))),
        ("person", person),
        ("scope", scope.fr()),
        ("nf_p", Person::nullifier(&sk, scope).fr()),
        ("anchor", anchor(roots, scope).fr()),
        ("own", record.own),
        ("don", record.leaf()),
        ("nf_d", Ownership::nullifier(&sk, scope, record.leaf()).fr()),
        ("ext", Binding { verifier, payload, expiry, key_id }.ext()),
    ] {
        case[name] = hex::encode(field::encode(&value)).into();
    }
    case["ek"] = hex::encode(address.ek).into();
    case["address"] = address.to_string().into();
    case
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn element(text: &str) -> Fr {
    field::decode("vector", &bytes::<32>(text)).unwrap()
}
