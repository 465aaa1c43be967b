//! Questions and answers: policies, requests, envelopes and checkpoints.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use wufu_proto::{
    claim::ClaimBinding,
    envelope::{Binding, Envelope, LogEpoch},
    v1,
};
use wufu_verifier::{
    Amount, Donation, FiveFu, Fr, Gift, KeyId, Policy, ProjectKey, ProjectSet, Proof, ProofRequest,
    Root,
    check::request::Question,
    log::{
        checkpoint::{Checkpoint, LogState},
        signed_note::{self, LogKey},
    },
    statement::policy::Bounds,
};

use super::{Cases, alias, bytes, fr, length, not_canonical};

fn a_policy() -> Policy {
    let key = |project| ProjectKey::new(1, project).unwrap();
    Policy {
        projects: ProjectSet::new([key(1), key(2), key(9)]).unwrap(),
        amount: Bounds::amounts(Amount::new(100).unwrap(), Amount::new(5_000_000).unwrap())
            .unwrap(),
        time: Bounds::ANY_TIME,
    }
}

pub fn policy() -> Value {
    let good = v1::Policy::from(&a_policy());
    let change = |f: fn(&mut v1::Policy)| {
        let mut other = good.clone();
        f(&mut other);
        other
    };
    let order = "set is not in strictly ascending order";
    let mut cases = Cases::new(&good);
    cases
        .refuse(
            "4,097 projects",
            &change(|m| {
                m.project_keys = (1..=4097).map(|project| (1 << 32) + project).collect();
            }),
            "4097 projects, expected 1 to 4096",
        )
        .refuse("no project", &change(|m| m.project_keys.clear()), "0 projects, expected 1 to 4096")
        .refuse("unsorted", &change(|m| m.project_keys.swap(0, 1)), order)
        .refuse("a project twice", &change(|m| m.project_keys[1] = m.project_keys[0]), order)
        .refuse(
            "project 0",
            &change(|m| m.project_keys[0] = 1 << 32),
            "project key is 0x100000000, expected institution and project from 1",
        )
        .refuse(
            "amounts swapped",
            &change(|m| {
                (m.amount_min, m.amount_max) = (m.amount_max, m.amount_min);
            }),
            "amount bounds are 5000000 to 100, expected the lower one first",
        )
        .refuse(
            "times swapped",
            &change(|m| (m.time_min, m.time_max) = (2, 1)),
            "time bounds are 2 to 1, expected the lower one first",
        )
        .refuse(
            "amount 2^48",
            &change(|m| m.amount_max = 1 << 48),
            "amount is 281474976710656 minor units, expected below 2^48",
        )
        .refuse(
            "time 2^40",
            &change(|m| m.time_max = 1 << 40),
            "time is 1099511627776 seconds, expected below 2^40",
        );
    cases.finish()
}

pub fn request() -> ProofRequest {
    let question = Question {
        purpose: "tax relief 2026".into(),
        origin: "cerf/donations/1".into(),
        policy: a_policy(),
        challenge: bytes(9),
        expiry: 1_800_000_000,
        key_ids: vec![KeyId(bytes(10)), KeyId(bytes(11))],
    };
    ProofRequest::sign(&SigningKey::from_bytes(&[7; 32]), question).unwrap()
}

pub fn proof_request() -> Value {
    let good = v1::ProofRequest::from(&request());
    let change = |f: fn(&mut v1::ProofRequest)| {
        let mut other = good.clone();
        f(&mut other);
        other
    };
    let signature = "signature is not the verifier's";
    let purpose = |got| {
        format!(
            "purpose is {got} bytes, expected 1 to 256, all visible, and not the reserved \"claim\""
        )
    };
    let mut cases = Cases::new(&good);
    cases
        .refuse("another purpose", &change(|m| m.purpose = "tax relief 2027".into()), signature)
        .refuse("another log", &change(|m| m.origin = "cerf/donations/2".into()), signature)
        .refuse("another challenge", &change(|m| m.challenge[0] ^= 1), signature)
        .refuse("another expiry", &change(|m| m.expiry += 1), signature)
        .refuse(
            "another policy",
            &change(|m| m.policy.as_mut().unwrap().amount_min = 99),
            signature,
        )
        .refuse("keys in another order", &change(|m| m.key_ids.swap(0, 1)), signature)
        .refuse(
            "another verifier",
            &change(|m| {
                m.verifier = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes().to_vec();
            }),
            signature,
        )
        .refuse("another signature", &change(|m| m.signature[63] ^= 1), signature)
        .refuse(
            "a signature of 63 bytes",
            &change(|m| m.signature.truncate(63)),
            &length("signature", 63, "64"),
        )
        .refuse("no key", &change(|m| m.key_ids.clear()), "0 key ids, expected 1 to 16")
        .refuse(
            "17 keys",
            &change(|m| m.key_ids = vec![vec![0; 32]; 17]),
            "17 key ids, expected 1 to 16",
        )
        .refuse(
            "a key id of 31 bytes",
            &change(|m| m.key_ids[0].truncate(31)),
            &length("key id", 31, "32"),
        )
        .refuse(
            "five-fu",
            &change(|m| m.circuit = "five-fu".into()),
            "a request may ask for a donation only",
        )
        .refuse("the purpose of claims", &change(|m| m.purpose = "claim".into()), &purpose(5))
        .refuse("no purpose", &change(|m| m.purpose.clear()), &purpose(0))
        .refuse("no policy", &change(|m| m.policy = None), "policy is missing")
        .refuse(
            "an unsorted policy",
            &change(|m| {
                m.policy.as_mut().unwrap().project_keys.reverse();
            }),
            "set is not in strictly ascending order",
        )
        .refuse(
            "a challenge of 31 bytes",
            &change(|m| m.challenge.truncate(31)),
            &length("challenge", 31, "32"),
        );
    cases.finish()
}

/// Three points. They prove nothing: an envelope is read before its proof is verified.
fn proof() -> Proof {
    let g1 = |n: u64| (G1Affine::generator() * Fr::from(n)).into_affine();
    let g2 = |n: u64| (G2Affine::generator() * Fr::from(n)).into_affine();
    Proof::new(g1(5), g2(7), g1(11)).unwrap()
}

fn checkpoint(org: &str, log: &str) -> Checkpoint {
    let origin = format!("{org}/{log}");
    let (size, epoch, epoch_seconds) = (747_000, 2_531_173, 600);
    let state = LogState { origin: &origin, size, root: Root(fr(12)), epoch, epoch_seconds };
    Checkpoint::sign(org, &SigningKey::from_bytes(&[9; 32]), &state).unwrap()
}

pub fn envelope() -> Value {
    let key_id = KeyId(bytes(10));
    let epoch = |origin: &str| LogEpoch { origin: origin.into(), epoch: 2_531_173 };
    let donation = Donation::from_inputs([13, 14, 15, 16, 17].map(fr));
    let binding = Binding::Request(Box::new(request()));
    let epochs = vec![epoch("cerf/donations/1")];
    let good = Envelope::new(&donation, &proof(), key_id, epochs, binding).unwrap();
    let good = v1::Envelope::from(&good);

    let claim = FiveFu::from_inputs([18, 19, 20, 21, 22, 23, 24, 25].map(fr));
    let org = "wufu-2018".to_string();
    let binding = ClaimBinding { org, payout: b"alipay:2088".to_vec(), expiry: 1_518_704_280 };
    let epochs = vec![epoch("wufu-2018/cards"), epoch("wufu-2018/persons")];
    let claim = Envelope::new(&claim, &proof(), key_id, epochs, Binding::Claim(binding)).unwrap();
    let claim = v1::Envelope::from(&claim);

    let gift = Gift::from_inputs([26, 27, 28, 29].map(fr));
    let epochs = vec![epoch("wufu-2018/cards")];
    let gift = Envelope::new(&gift, &proof(), key_id, epochs, Binding::None).unwrap();
    let gift = v1::Envelope::from(&gift);

    let change = |f: &dyn Fn(&mut v1::Envelope)| {
        let mut other = good.clone();
        f(&mut other);
        other
    };
    let not_asked =
        "the envelope lacks or contradicts the request that a donation proof answers, and no claim";
    let not_claimed =
        "the envelope lacks or contradicts the claim that a five-fu proof makes, and no request";
    let invalid =
        |point| format!("proof's {point} is not the canonical encoding of a point of the group");
    let mut cases = Cases::new(&good);
    cases.accept("a claim", &claim).accept("a gift", &gift);
    for (index, name) in Donation::<Fr>::NAMES.into_iter().enumerate() {
        let at = 32 * index..32 * (index + 1);
        let other = change(&|m| {
            let other = alias(&m.public_inputs[at.clone()]);
            m.public_inputs[at.clone()].copy_from_slice(&other);
        });
        let reason = format!("public input {}", not_canonical(name));
        cases.refuse(&format!("{name} + r"), &other, &reason);
    }
    let inputs = |got| format!("public inputs of donation are {got} bytes, expected 160 (5 of 32)");
    cases
        .refuse("one input too few", &change(&|m| m.public_inputs.truncate(128)), &inputs(128))
        .refuse("one input too many", &change(&|m| m.public_inputs.resize(192, 0)), &inputs(192))
        .refuse("no inputs", &change(&|m| m.public_inputs.clear()), &inputs(0))
        .refuse(
            "a proof of 127 bytes",
            &change(&|m| m.proof.truncate(127)),
            "proof is 127 bytes, expected 128",
        )
        .refuse(
            "a proof of 129 bytes",
            &change(&|m| m.proof.push(0)),
            "proof is 129 bytes, expected 128",
        )
        .refuse(
            "A off the curve",
            &change(&|m| m.proof[..32].copy_from_slice(&off_curve())),
            &invalid("A"),
        )
        .refuse(
            "A = infinity",
            &change(&|m| m.proof[..32].copy_from_slice(&infinity(0))),
            "proof's A is the identity",
        )
        .refuse(
            "A = infinity, with an x",
            &change(&|m| m.proof[..32].copy_from_slice(&infinity(5))),
            &invalid("A"),
        )
        .refuse("A with both flags", &change(&|m| m.proof[31] |= 0xc0), &invalid("A"))
        .refuse(
            "a key id of 31 bytes",
            &change(&|m| m.key_id.truncate(31)),
            &length("key id", 31, "32"),
        )
        .refuse("version 2", &change(&|m| m.version = 2), "version is 2, expected 1")
        .refuse("version 0", &change(&|m| m.version = 0), "version is 0, expected 1")
        .refuse(
            "another circuit",
            &change(&|m| m.circuit = "six-fu".into()),
            "circuit is not five-fu, donation or gift",
        )
        .refuse("no epoch", &change(&|m| m.epochs.clear()), "0 epochs, expected 1")
        .refuse(
            "two epochs",
            &change(&|m| m.epochs.push(m.epochs[0].clone())),
            "2 epochs, expected 1",
        )
        .refuse(
            "an epoch of another log",
            &change(&|m| m.epochs[0].origin = "cerf/donations/2".into()),
            "the envelope lacks or contradicts an epoch of the request's log",
        )
        .refuse(
            "an epoch of no log",
            &change(&|m| m.epochs[0].origin = "cerf".into()),
            "log is not a log's name, org/log",
        )
        .refuse("no request", &change(&|m| m.binding = None), not_asked)
        .refuse(
            "a claim in place of the request",
            &change(&|m| m.binding = claim.binding.clone()),
            not_asked,
        )
        .refuse(
            "a request that is not the verifier's",
            &change(&|m| {
                let Some(v1::envelope::Binding::Request(request)) = &mut m.binding else {
                    panic!()
                };
                request.challenge[31] ^= 1;
            }),
            "signature is not the verifier's",
        );
    let mut other = claim.clone();
    other.binding = good.binding.clone();
    cases.refuse("a request in place of the claim", &other, not_claimed);
    let mut other = claim.clone();
    let Some(v1::envelope::Binding::Claim(binding)) = &mut other.binding else { panic!() };
    binding.payout.clear();
    cases.refuse("a claim for nobody", &other, &length("payout", 0, "1 to 256"));
    let mut other = claim.clone();
    other.epochs.reverse();
    let two = "the envelope lacks or contradicts epochs of the claim's two logs";
    cases.refuse("a claim's epochs in the other order", &other, two);
    let mut other = gift.clone();
    other.epochs[0].origin = "wufu-2018/persons".into();
    let cards = "the envelope lacks or contradicts an epoch of the log of a campaign's cards";
    cases.refuse("a gift of a log of persons", &other, cards);
    cases.finish()
}

/// An x without a y.
fn off_curve() -> [u8; 32] {
    use ark_bn254::Fq;
    use ark_ff::Field;
    let mut x = Fq::from(1u64);
    while (x.square() * x + Fq::from(3u64)).sqrt().is_some() {
        x += Fq::from(1u64);
    }
    let mut out = [0; 32];
    out.copy_from_slice(&x.into_bigint().to_bytes_le());
    out
}

fn infinity(x: u8) -> [u8; 32] {
    let mut out = [0; 32];
    out[0] = x;
    out[31] = 0x40;
    out
}

pub fn checkpoints() -> Value {
    let signing = SigningKey::from_bytes(&[9; 32]);
    let key = LogKey::new("cerf", signing.verifying_key()).unwrap();
    let good = checkpoint("cerf", "donations/1");
    let sign = |text: &str| signed_note::sign("cerf", &signing, text).unwrap();
    let text = good.note().split_once("\n\n").unwrap().0.to_string() + "\n";
    let root = text.lines().nth(2).unwrap().to_string();
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from));
        sign(&text.replace(from, to))
    };
    let root64 = |bytes: &[u8]| {
        use base64ct::{Base64, Encoding};
        Base64::encode_string(bytes)
    };
    let other = signed_note::sign("cerf", &SigningKey::from_bytes(&[10; 32]), &text).unwrap();
    let line = |name| format!("checkpoint's line {name} is missing or malformed");
    let note_form = "note is not a text, an empty line and signature lines";
    let refused = [
        ("signed by another key", other, "note is not signed by cerf".to_string()),
        (
            "changed after it was signed",
            good.note().replace("747000", "747001"),
            "signature of cerf does not fit the note".into(),
        ),
        ("without its last byte", good.note()[..good.note().len() - 1].into(), note_form.into()),
        ("with a line after it", format!("{}more\n", good.note()), note_form.into()),
        ("without a signature", format!("{text}\n"), note_form.into()),
        (
            "of another org",
            replaced("cerf/donations/1", "serf/donations/1"),
            "checkpoint is of \"serf/donations/1\", expected a log of \"cerf\"".into(),
        ),
        ("a size with a zero before it", replaced("747000", "0747000"), line("size")),
        ("a size of 2^64", replaced("747000", "18446744073709551616"), line("size")),
        ("no epoch", replaced("epoch 2531173 of 600 s\n", ""), line("epoch")),
        ("no length of an epoch", replaced(" of 600 s", ""), line("epoch")),
        (
            "a time off the schedule",
            replaced("time 1518703800", "time 1518703801"),
            "epoch 2531173 of 600 s each is said to begin at 1518703801 s".into(),
        ),
        (
            "of an org that the key does not sign for",
            replaced("cerf/donations/1", "cerf/b/donations/1"),
            "checkpoint is of \"cerf/b/donations/1\", expected a log of \"cerf\"".into(),
        ),
        (
            "a signature line that is none",
            format!("{}\u{2014} x y\n", good.note()),
            note_form.into(),
        ),
        ("a line too many", sign(&format!("{text}more\n")), line("end")),
        (
            "root + r",
            replaced(&root, &root64(&alias(&good.root().to_bytes()))),
            not_canonical("root"),
        ),
        ("root 0", replaced(&root, &root64(&[0; 32])), "checkpoint's root is zero".into()),
        (
            "longer than 16 KiB",
            super::logs::long(good.note()),
            format!(
                "checkpoint is {} bytes, expected at most 16384",
                super::logs::long(good.note()).len()
            ),
        ),
        ("a root of 31 bytes", replaced(&root, &root64(&[1; 31])), length("root", 31, "32")),
    ];
    let refused: Vec<Value> = refused
        .into_iter()
        .map(|(case, note, text)| {
            let reason = Checkpoint::open(&key, &note).unwrap_err().reason();
            json!({ "case": case, "note": note, "reason": reason.as_str(), "text": text })
        })
        .collect();
    json!({
        "log_key": key.to_string(),
        "accepted": [{
            "case": "as it is",
            "note": good.note(),
            "origin": good.origin(),
            "size": good.size(),
            "root": hex::encode(good.root().to_bytes()),
            "epoch": good.epoch(),
            "time": good.time(),
        }],
        "refused": refused,
    })
}
