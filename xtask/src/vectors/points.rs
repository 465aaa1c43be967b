//! Proofs and public inputs, as bytes.

use ark_bn254::Fq;
use ark_ff::{BigInteger, PrimeField};
use serde_json::{Value, json};
use wufu_verifier::{
    CircuitName, Donation, FiveFu, Fr, Gift, Proof, Reason, Statement, encoding::field,
    statement::InputsError,
};

use super::{
    alias, bytes,
    curve::{Place, compressed, outside_subgroup, unreadable},
    honest,
};

const A: Place = Place { name: "A", at: 0, length: 32 };
const B: Place = Place { name: "B", at: 32, length: 64 };
const C: Place = Place { name: "C", at: 96, length: 32 };

pub fn proofs() -> Value {
    let good = honest::envelope(CircuitName::Gift).proof;
    let mut cases = Vec::new();
    let mut accept = |case: &str, proof: &[u8]| {
        assert!(Proof::decode(proof).is_ok());
        cases.push(json!({ "case": case, "proof": hex::encode(proof), "verdict": "accepted" }));
    };
    for circuit in CircuitName::ALL {
        accept(&format!("a proof of {circuit}"), &honest::envelope(circuit).proof);
    }
    for place in [A, B, C] {
        let mut other = good.clone();
        other[place.at + place.length - 1] ^= 0x80;
        accept(&format!("minus {}: well-formed, and proves nothing", place.name), &other);
    }
    let swapped = [&good[C.at..], &good[B.at..C.at], &good[..B.at]].concat();
    accept("A and C swapped: well-formed, and proves nothing", &swapped);

    let mut refuse = |case: &str, proof: &[u8], reason: Reason| {
        let proof = hex::encode(proof);
        let reason = reason.as_str();
        cases.push(json!({ "case": case, "proof": proof, "verdict": "refused", "reason": reason }));
    };
    for length in [0, 32, 127] {
        refuse(&format!("{length} bytes"), &good[..length], Reason::ProofLength);
    }
    refuse("a zero byte follows", &[&good[..], &[0]].concat(), Reason::ProofLength);
    refuse("twice", &[&good[..], &good[..]].concat(), Reason::ProofLength);
    for place in [A, B, C] {
        for (case, proof, reason) in unreadable(&good, place) {
            refuse(&case, &proof, reason);
        }
    }
    let mut outside = good.clone();
    outside[B.at..C.at].copy_from_slice(&compressed(&outside_subgroup()));
    refuse("B outside the subgroup", &outside, Reason::PointInvalid);
    let mut swapped = good.clone();
    swapped[B.at..C.at].rotate_left(32);
    refuse("the coordinates of B swapped", &swapped, Reason::PointInvalid);
    json!({
        "about": "Proofs as bytes, before any key or statement: A (32 bytes), B (64), C (32).",
        "proofs": cases,
    })
}

pub fn inputs() -> Value {
    let mut cases = Vec::new();
    of::<FiveFu>(&mut cases, &FiveFu::<Fr>::NAMES);
    of::<Donation>(&mut cases, &Donation::<Fr>::NAMES);
    of::<Gift>(&mut cases, &Gift::<Fr>::NAMES);
    json!({
        "about": "Public inputs as bytes: 32 each, little-endian, in the order of `names`, each \
                  below r.",
        "inputs": cases,
    })
}

fn of<S: Statement>(cases: &mut Vec<Value>, names: &[&str]) {
    let circuit = S::CIRCUIT.as_str();
    let good = honest::envelope(S::CIRCUIT).public_inputs;
    let mut accept = |case: &str, bytes: &[u8]| {
        let statement = S::decode(bytes).unwrap();
        let nullifiers: Vec<String> =
            statement.nullifiers().iter().map(|nf| hex::encode(nf.to_bytes())).collect();
        cases.push(json!({
            "case": case,
            "circuit": circuit,
            "inputs": hex::encode(bytes),
            "verdict": "accepted",
            "names": names,
            "nullifiers": nullifiers,
        }));
    };
    let minus_one = field::encode(&-Fr::from(1u64)).repeat(names.len());
    accept("of a true statement", &good);
    accept("all 0", &vec![0; good.len()]);
    accept("all r - 1", &minus_one);

    let mut refuse = |case: String, bytes: &[u8], reason: Reason| {
        let got = S::decode(bytes).map_err(|error: InputsError| error.reason());
        assert_eq!(got, Err(reason), "{case}");
        cases.push(json!({
            "case": case,
            "circuit": circuit,
            "inputs": hex::encode(bytes),
            "verdict": "refused",
            "reason": reason.as_str(),
        }));
    };
    for (index, name) in names.iter().enumerate() {
        let at = 32 * index..32 * (index + 1);
        let mut with = |what: &str, input: &[u8]| {
            let mut other = good.clone();
            other[at.clone()].copy_from_slice(input);
            refuse(format!("{name} {what}"), &other, Reason::FieldNotCanonical);
        };
        with("+ r", &alias(&good[at.clone()]));
        with("= r", &Fr::MODULUS.to_bytes_le());
        with("= q", &Fq::MODULUS.to_bytes_le());
        with("= 2^256 - 1", &[0xff; 32]);
    }
    let length = Reason::InputsLength;
    refuse("none".into(), &[], length);
    refuse("one too few".into(), &good[..good.len() - 32], length);
    refuse("one too many".into(), &[&good[..], &bytes(1)].concat(), length);
    refuse("a byte too few".into(), &good[..good.len() - 1], length);
    refuse("a byte too many".into(), &[&good[..], &[0]].concat(), length);
    refuse("a leading one before them".into(), &[&[1], &[0; 31][..], &good].concat(), length);
}
