//! The content of `vectors/honest.json`: valid keys and proofs.

use serde_json::Value;
use wufu_proto::{Envelope, decode, v1};
use wufu_verifier::CircuitName;

fn file() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/honest.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn proof(circuit: CircuitName) -> Value {
    let file = file();
    let proofs = file["proofs"].as_array().unwrap();
    proofs.iter().find(|proof| proof["circuit"] == circuit.as_str()).unwrap().clone()
}

fn bytes(circuit: CircuitName, what: &str) -> Vec<u8> {
    hex::decode(proof(circuit)[what].as_str().unwrap()).unwrap()
}

/// The verifying key.
pub fn key(circuit: CircuitName) -> Vec<u8> {
    bytes(circuit, "key")
}

/// The envelope, as a message.
pub fn envelope(circuit: CircuitName) -> v1::Envelope {
    let envelope = decode::<v1::Envelope>(&bytes(circuit, "envelope")).unwrap();
    assert!(Envelope::try_from(envelope.clone()).is_ok());
    envelope
}

/// The notes of its logs, which a verifier gets from another source.
pub fn notes(circuit: CircuitName) -> Vec<String> {
    let notes = proof(circuit)["notes"].as_array().unwrap().clone();
    notes.iter().map(|note| note.as_str().unwrap().into()).collect()
}

/// The payload of the gift, which does not travel in the envelope.
pub fn payload() -> Vec<u8> {
    bytes(CircuitName::Gift, "payload")
}

pub fn number(name: &str) -> u64 {
    file()[name].as_u64().unwrap()
}
