//! `vectors/honest.json`: its proofs are valid, and the example that made it makes it again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../examples/honest.rs"]
mod generator;

use serde_json::Value;
use wufu_proto::{Envelope, decode, v1};
use wufu_verifier::{CircuitName, Proof, Trust, VerifyingKey, groth16::key::KeyError};

fn file() -> Value {
    serde_json::from_str(&std::fs::read_to_string(generator::FILE).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn inputs(envelope: &Envelope) -> Vec<wufu_verifier::Fr> {
    envelope.circuit().decode_inputs(envelope.presented().public_inputs).unwrap()
}

#[test]
fn its_proofs_prove_under_keys_of_this_release() {
    let file = file();
    let proofs = file["proofs"].as_array().unwrap();
    let names: Vec<_> = proofs.iter().map(|proof| proof["circuit"].as_str().unwrap()).collect();
    assert_eq!(names, CircuitName::ALL.map(CircuitName::as_str));
    for (proof, circuit) in proofs.iter().zip(CircuitName::ALL) {
        let key = bytes(&proof["key"]);
        assert_eq!(
            VerifyingKey::decode(&key, Trust::CeremonyOnly).unwrap_err(),
            KeyError::Development
        );
        let key = VerifyingKey::decode(&key, Trust::AcceptDevelopment).unwrap();
        assert_eq!(key.circuit(), circuit);
        let message = decode::<v1::Envelope>(&bytes(&proof["envelope"])).unwrap();
        let envelope = Envelope::try_from(message).unwrap();
        assert_eq!(envelope.key_id(), key.id());
        let proof = Proof::decode(envelope.presented().proof).unwrap();
        assert!(key.equation_holds(&inputs(&envelope), &proof));
    }
}

/// The gift is always checked, and all three circuits with `WUFU_FULL=1`.
#[test]
fn the_file_is_what_the_example_writes() {
    let all = std::env::var_os("WUFU_FULL").is_some_and(|full| full == "1");
    let circuits = if all { &CircuitName::ALL[..] } else { &[CircuitName::Gift] };
    let made = generator::honest(circuits);
    let mut file = file();
    if let Value::Array(proofs) = &mut file["proofs"] {
        proofs.retain(|proof| circuits.iter().any(|name| proof["circuit"] == name.as_str()));
        assert_eq!(proofs.len(), circuits.len());
    }
    assert_eq!(file, made);
}
