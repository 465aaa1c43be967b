//! Verifying keys: a good one for each circuit, and every kind of unsafe key.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use serde_json::{Value, json};
use wufu_verifier::{
    CircuitName, Reason, Trust, VerifyingKey,
    groth16::key::{Provenance, Reduction},
};

use super::{
    curve::{Place, compressed, outside_subgroup, unreadable},
    honest,
};

/// The places of the points in a key.
const ALPHA: Place = Place { name: "alpha", at: 42, length: 32 };
const BETA: Place = Place { name: "beta", at: 74, length: 64 };
const GAMMA: Place = Place { name: "gamma", at: 138, length: 64 };
const DELTA: Place = Place { name: "delta", at: 202, length: 64 };
const FIRST: Place = Place { name: "the first input point", at: 266, length: 32 };
const LAST: Place = Place { name: "the last input point", at: 394, length: 32 };

pub fn keys() -> Value {
    let gift = honest::key(CircuitName::Gift);
    let mut cases = Vec::new();
    for circuit in CircuitName::ALL {
        let name = format!("a development key of {circuit}");
        cases.push(accepted(&name, &honest::key(circuit), Trust::AcceptDevelopment));
    }
    let ceremony = with(&gift, 8, &[0]);
    cases.push(accepted("the same points as of a ceremony", &ceremony, Trust::CeremonyOnly));
    let snarkjs = with(&ceremony, 9, &[1]);
    cases.push(accepted("a key of snarkjs", &snarkjs, Trust::CeremonyOnly));
    let generator = compressed(&G2Affine::generator());
    let usual = with(&snarkjs, GAMMA.at, &generator);
    cases.push(accepted("a key of snarkjs, gamma a generator", &usual, Trust::CeremonyOnly));

    let mut refuse = |case: &str, bytes: Vec<u8>, reason: Reason| {
        cases.push(json!({
            "case": case,
            "key": hex::encode(bytes),
            "trust": "development",
            "verdict": "refused",
            "reason": reason.as_str(),
        }));
    };
    for length in [0, 7, 9, 41, 42, gift.len() - 32, gift.len() - 1] {
        refuse(&format!("{length} bytes"), gift[..length].into(), Reason::KeyLength);
    }
    refuse("a zero byte follows", [&gift[..], &[0]].concat(), Reason::KeyLength);
    let more = [&gift[..], &gift[FIRST.at..FIRST.at + 32]].concat();
    refuse("an input point too many", more, Reason::KeyLength);
    refuse("version 2", with(&gift, 7, b"2"), Reason::KeyMagic);
    refuse("provenance 2", with(&gift, 8, &[2]), Reason::KeyChoice);
    refuse("reduction 2", with(&gift, 9, &[2]), Reason::KeyChoice);
    refuse("another circuit id", with(&gift, 41, &[gift[41] ^ 1]), Reason::KeyUnknownCircuit);
    let donation = CircuitName::Donation.id();
    let donation = with(&gift, 10, donation.as_bytes());
    refuse("the id of a circuit with more inputs", donation, Reason::KeyLength);

    for place in [ALPHA, BETA, GAMMA, DELTA, FIRST, LAST] {
        for (case, bytes, reason) in unreadable(&gift, place) {
            refuse(&case, bytes, reason);
        }
    }
    for place in [BETA, GAMMA, DELTA] {
        let outside = with(&gift, place.at, &compressed(&outside_subgroup()));
        refuse(&format!("{} outside the subgroup", place.name), outside, Reason::PointInvalid);
    }

    let point = |place: Place| gift[place.at..place.at + place.length].to_vec();
    let one = compressed(&G1Affine::generator());
    for (sign, one, two) in
        [("", one.clone(), generator.clone()), ("minus ", negative(&one), negative(&generator))]
    {
        let first = Reason::KeyNoFirstPhase;
        refuse(&format!("alpha = {sign}generator"), with(&gift, ALPHA.at, &one), first);
        refuse(&format!("beta = {sign}generator"), with(&gift, BETA.at, &two), first);
        let gamma = Reason::KeyGammaIsGenerator;
        refuse(&format!("gamma = {sign}generator"), with(&gift, GAMMA.at, &two), gamma);
        let delta = Reason::KeyDeltaIsGenerator;
        refuse(&format!("delta = {sign}generator"), with(&gift, DELTA.at, &two), delta);
        let both = with(&with(&snarkjs, GAMMA.at, &generator), DELTA.at, &two);
        let case = format!("of snarkjs, delta = {sign}generator, as gamma: no second phase");
        refuse(&case, both, Reason::KeyGammaIsDelta);
    }
    for (sign, negate) in [("", false), ("minus ", true)] {
        let of = |place| if negate { negative(&point(place)) } else { point(place) };
        let same = |to: Place, from| with(&gift, to.at, &of(from));
        refuse(&format!("gamma = {sign}delta"), same(GAMMA, DELTA), Reason::KeyGammaIsDelta);
        refuse(&format!("beta = {sign}gamma"), same(BETA, GAMMA), Reason::KeyBetaIsShared);
        refuse(&format!("beta = {sign}delta"), same(BETA, DELTA), Reason::KeyBetaIsShared);
    }
    cases.push(json!({
        "case": "a development key, where only those of a ceremony are accepted",
        "key": hex::encode(&gift),
        "trust": "ceremony",
        "verdict": "refused",
        "reason": Reason::KeyDevelopment.as_str(),
    }));
    json!({
        "about": "Verifying keys. `trust` says whether development keys are accepted, too.",
        "keys": cases,
    })
}

fn accepted(case: &str, bytes: &[u8], trust: Trust) -> Value {
    let key = VerifyingKey::decode(bytes, trust).unwrap();
    json!({
        "case": case,
        "key": hex::encode(bytes),
        "trust": match trust {
            Trust::CeremonyOnly => "ceremony",
            Trust::AcceptDevelopment => "development",
        },
        "verdict": "accepted",
        "circuit": key.circuit().as_str(),
        "key_id": key.id().to_string(),
        "provenance": match key.provenance() {
            Provenance::Ceremony => "ceremony",
            Provenance::Development => "development",
        },
        "reduction": match key.reduction() {
            Reduction::Libsnark => "libsnark",
            Reduction::Circom => "circom",
        },
    })
}

/// The bytes with other bytes at a place.
fn with(bytes: &[u8], at: usize, other: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + other.len()].copy_from_slice(other);
    bytes
}

/// The point with the other y, which is one flag.
fn negative(point: &[u8]) -> Vec<u8> {
    let mut point = point.to_vec();
    *point.last_mut().unwrap() ^= 0x80;
    point
}
