//! Envelopes whose proofs or public inputs are false or unreadable, or whose nullifiers are spent.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::CurveGroup;
use ark_ff::Field;
use ark_serialize::CanonicalDeserialize;
use serde_json::Value;
use wufu_proto::v1;
use wufu_verifier::{CircuitName, Reason, Trust, VerifyingKey, encoding::field};

use super::{
    super::{
        curve::{compressed, outside_subgroup},
        fr, honest, logs, points,
    },
    case::{Case, Cases, claim, donation, gift},
};

pub fn proofs(cases: &mut Cases) {
    let false_proof = Err(Reason::Equation);
    for (name, good) in [("a donation", donation()), ("a claim", claim()), ("a gift", gift())] {
        for (point, last) in [("A", 31), ("B", 95), ("C", 127)] {
            let case = format!("{name} with minus {point}");
            cases.add(&case, false_proof, &good, |case| case.envelope.proof[last] ^= 0x80);
        }
        let case = format!("{name} with A and C swapped");
        cases.add(&case, false_proof, &good, |case| {
            let proof = case.envelope.proof.clone();
            case.envelope.proof[..32].copy_from_slice(&proof[96..]);
            case.envelope.proof[96..].copy_from_slice(&proof[..32]);
        });
    }
    let input = |case: &mut Case, at: usize| {
        let input = field::encode(&fr(75));
        case.envelope.public_inputs[32 * at..32 * (at + 1)].copy_from_slice(&input);
    };
    let good = donation();
    cases.add("another nullifier of a donation", false_proof, &good, |case| input(case, 2));
    cases.add("nullifier 0 of a donation", false_proof, &good, |case| {
        case.envelope.public_inputs[64..96].fill(0);
    });
    cases.add("the proof of a gift", false_proof, &good, |case| {
        case.envelope.proof = honest::envelope(CircuitName::Gift).proof;
    });
    let good = claim();
    for at in 1..7 {
        let case = format!("a claim with another {}", wufu_verifier::FiveFu::<Fr>::NAMES[at]);
        cases.add(&case, false_proof, &good, |case| input(case, at));
    }
    cases.add("a claim with nf_0 and nf_1 swapped", false_proof, &good, |case| {
        case.envelope.public_inputs[64..128].rotate_left(32);
    });
    let good = gift();
    cases.add("a gift of another card", false_proof, &good, |case| input(case, 1));
    cases.add("a gift that makes another card", false_proof, &good, |case| input(case, 2));
    let case = "a false proof whose nullifier is spent: the first of them is told";
    cases.add(case, false_proof, &good, |case| {
        case.envelope.proof[31] ^= 0x80;
        case.spent = None;
    });
}

/// The refused cases of `proofs.json` and `inputs.json`, inside envelopes.
pub fn unreadable(cases: &mut Cases) {
    let scenes = [donation(), claim(), gift()];
    let refused =
        |file: &Value, list: &str, field: &str| -> Vec<(String, Vec<u8>, Reason, Value)> {
            let refused =
                file[list].as_array().unwrap().iter().filter(|case| case["verdict"] == "refused");
            let text = |case: &Value, field: &str| case[field].as_str().unwrap().to_string();
            refused
                .map(|case| {
                    let reason = Reason::from_name(&text(case, "reason")).unwrap();
                    let bytes = hex::decode(text(case, field)).unwrap();
                    (text(case, "case"), bytes, reason, case["circuit"].clone())
                })
                .collect()
        };
    let [donation, ..] = &scenes;
    for (at, (case, proof, reason, _)) in
        refused(&points::proofs(), "proofs", "proof").into_iter().enumerate()
    {
        let good = &scenes[at % scenes.len()];
        cases.add(&format!("proof: {case}"), Err(reason), good, |case| {
            case.envelope.proof.clone_from(&proof);
        });
    }
    for (case, inputs, reason, circuit) in refused(&points::inputs(), "inputs", "inputs") {
        let good = scenes.iter().find(|case| case.asked["circuit"] == circuit).unwrap();
        let case = format!("public inputs of {}: {case}", good.key);
        cases.add(&case, Err(reason), good, |case| case.envelope.public_inputs.clone_from(&inputs));
    }

    // Points are checked after the key, and before everything about the statement.
    let outside = compressed(&outside_subgroup());
    let mut with = |case: &str, reason: Reason, change: &dyn Fn(&mut Case)| {
        cases.add(&format!("B outside the subgroup, {case}"), Err(reason), donation, |case| {
            case.envelope.proof[32..96].copy_from_slice(&outside);
            change(case);
        });
    };
    with("under another key", Reason::OtherKey, &|case| case.key = "donation, as of a ceremony");
    with("an epoch of another log", Reason::MessageBinding, &|case| {
        case.envelope.epochs[0].origin = "cerf/donations/2".into();
    });
    with("the verifier pinned another log key", Reason::NoteUnsigned, &|case| {
        case.log_key = logs::log_key("cerf", 8).to_string();
    });
    with("no checkpoint", Reason::PointInvalid, &|case| case.logs[0].2.clear());
    with("over", Reason::PointInvalid, &|case| case.now = honest::number("expiry"));
    with("C at infinity", Reason::PointInvalid, &|case| {
        case.envelope.proof[96..].copy_from_slice(&[&[0; 31][..], &[0x40]].concat());
    });
    with("A at infinity", Reason::PointIdentity, &|case| {
        case.envelope.proof[..32].copy_from_slice(&[&[0; 31][..], &[0x40]].concat());
    });
}

pub fn spent(cases: &mut Cases) {
    let donation = donation();
    let nullifier =
        |case: &Case, at: usize| hex::encode(&case.envelope.public_inputs[32 * at..32 * (at + 1)]);
    let spent = Err(Reason::Spent);
    cases.add("a donation shown before", spent, &donation, |case| {
        case.spent = Some(vec![nullifier(case, 2)]);
    });
    let case = "a donation shown before, its proof re-randomised";
    cases.add(case, spent, &donation, |case| {
        case.spent = Some(vec![nullifier(case, 2)]);
        case.envelope.proof = rerandomised(&donation.envelope);
    });
    let claim = claim();
    for at in 1..7 {
        let case = format!("a claim, {} spent before", wufu_verifier::FiveFu::<Fr>::NAMES[at]);
        cases.add(&case, spent, &claim, |case| case.spent = Some(vec![nullifier(case, at)]));
    }
    let gift = gift();
    cases.add("a gift of a card given before", spent, &gift, |case| {
        case.spent = Some(vec![nullifier(case, 1)]);
    });
    for (name, good) in [("a donation", donation), ("a claim", claim), ("a gift", gift)] {
        let case = format!("{name}, where the spent set cannot tell");
        cases.add(&case, Err(Reason::Store), &good, |case| case.spent = None);
    }
}

/// Another proof of the same statement, which anybody can make: A/u, u B + u v delta, C + v A.
pub fn rerandomised(envelope: &v1::Envelope) -> Vec<u8> {
    let circuit = CircuitName::from_name(&envelope.circuit).unwrap();
    let key = VerifyingKey::decode(&honest::key(circuit), Trust::AcceptDevelopment).unwrap();
    let proof = &envelope.proof;
    let g1 = |bytes: &[u8]| G1Projective::from(G1Affine::deserialize_compressed(bytes).unwrap());
    let (a, c) = (g1(&proof[..32]), g1(&proof[96..]));
    let b = G2Projective::from(G2Affine::deserialize_compressed(&proof[32..96]).unwrap());
    let (u, v) = (fr(76), fr(77));
    let (new_a, new_c) = (a * u.inverse().unwrap(), c + a * v);
    let new_b = b * u + key.points().delta * (u * v);
    let (a, b, c) = (new_a.into_affine(), new_b.into_affine(), new_c.into_affine());
    [compressed(&a), compressed(&b), compressed(&c)].concat()
}
