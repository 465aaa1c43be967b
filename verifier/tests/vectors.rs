//! Runs the files of `vectors/` that this crate decodes: each case must come to the verdict that it
//! states. Authors of another verifier do the same; `vectors/README.md` describes the formats.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::Value;
use wufu_verifier::{
    Donation, FiveFu, Fr, Gift, GiftCheck, Policy, Proof, ProofRequest, Reason, Record, Root,
    Statement, Trust, VerifyingKey,
    check::PresentedProof,
    encoding::field,
    groth16::key::{KeyError, Provenance, Reduction},
    log::{
        checkpoint::{Checkpoint, CheckpointError},
        directory::{Directory, DirectoryError},
        history::{LogHistory, RootError, Window},
        receipt::{ClaimReceipt, ClaimRefusal, ReceiptError},
        signed_note::{self, LogKey},
    },
};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors"))
}

fn file(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

fn cases(file: &Value, list: &str) -> Vec<Value> {
    let cases = file[list].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}"))
}

fn bytes(value: &Value, key: &str) -> Vec<u8> {
    hex::decode(text(value, key)).unwrap()
}

fn element(value: &Fr) -> String {
    hex::encode(field::encode(value))
}

/// Compares a verdict with the one that a case states.
fn judge<T>(case: &Value, got: Result<T, (Reason, String)>, accepted: impl FnOnce(T)) {
    let what = case["case"].as_str().unwrap_or("a checkpoint of a history");
    match (text(case, "verdict"), got) {
        ("accepted", Ok(value)) => accepted(value),
        ("refused", Err((reason, _))) => {
            assert_eq!(reason.as_str(), text(case, "reason"), "{what}")
        }
        (_, Ok(_)) => panic!("{what}: accepted"),
        (_, Err((reason, told))) => panic!("{what}: refused: {reason}: {told}"),
    }
}

macro_rules! told {
    ($result:expr) => {
        $result.map_err(|error| (error.reason(), error.to_string()))
    };
}

/// Rows of docs/failures.md: 1, 4, 5.
#[test]
fn keys() {
    for case in cases(&file("keys.json"), "keys") {
        let encoded = bytes(&case, "key");
        let trust = match text(&case, "trust") {
            "ceremony" => Trust::CeremonyOnly,
            "development" => Trust::AcceptDevelopment,
            other => panic!("trust {other}"),
        };
        judge(&case, told!(VerifyingKey::decode(&encoded, trust)), |key| {
            assert_eq!(key.encode(), encoded);
            assert_eq!(key.id().to_string(), text(&case, "key_id"));
            assert_eq!(key.circuit().as_str(), text(&case, "circuit"));
            let provenance = match key.provenance() {
                Provenance::Ceremony => "ceremony",
                Provenance::Development => "development",
            };
            assert_eq!(provenance, text(&case, "provenance"));
            let reduction = match key.reduction() {
                Reduction::Libsnark => "libsnark",
                Reduction::Circom => "circom",
            };
            assert_eq!(reduction, text(&case, "reduction"));
        });
    }
}

/// Rows of docs/failures.md: 4, 5.
#[test]
fn proofs() {
    for case in cases(&file("proofs.json"), "proofs") {
        let encoded = bytes(&case, "proof");
        judge(&case, told!(Proof::decode(&encoded)), |proof| assert_eq!(proof.encode(), encoded));
    }
}

/// Rows of docs/failures.md: 2, 3, 24.
#[test]
fn inputs() {
    fn of<S: Statement>(case: &Value) {
        let encoded = bytes(case, "inputs");
        judge(case, told!(S::decode(&encoded)), |statement| {
            assert_eq!(statement.encode(), encoded);
            assert_eq!(case["names"], serde_json::json!(S::CIRCUIT.input_names()));
            let nullifiers: Vec<String> =
                statement.nullifiers().iter().map(|nf| hex::encode(nf.to_bytes())).collect();
            assert_eq!(case["nullifiers"], serde_json::json!(nullifiers));
        });
    }
    for case in cases(&file("inputs.json"), "inputs") {
        match text(&case, "circuit") {
            "five-fu" => of::<FiveFu>(&case),
            "donation" => of::<Donation>(&case),
            "gift" => of::<Gift>(&case),
            other => panic!("inputs of {other}"),
        }
    }
}

/// Rows of docs/failures.md: 13.
#[test]
fn records() {
    for case in cases(&file("records.json"), "records") {
        let encoded = bytes(&case, "record");
        judge(&case, told!(Record::decode(&encoded)), |record| {
            assert_eq!(record.encode()[..], encoded);
            assert_eq!(record.project.to_u64().to_string(), text(&case, "project_key"));
            assert_eq!(Some(record.amount.minor()), case["amount"].as_u64());
            assert_eq!(Some(record.time.seconds()), case["time"].as_u64());
            assert_eq!(element(&record.own), text(&case, "own"));
            assert_eq!(element(&record.body()), text(&case, "body"));
            assert_eq!(element(&record.leaf()), text(&case, "leaf"));
        });
    }
}

/// Rows of docs/failures.md: 38.
#[test]
fn policies() {
    let file = file("policies.json");
    let record = Record::decode(&bytes(&file, "record")).unwrap();
    for case in cases(&file, "policies") {
        let encoded = bytes(&case, "policy");
        judge(&case, told!(Policy::decode(&encoded)), |policy| {
            assert_eq!(policy.encode(), encoded);
            let keys: Vec<String> =
                policy.projects.keys().iter().map(|key| key.to_u64().to_string()).collect();
            assert_eq!(case["project_keys"], serde_json::json!(keys));
            let amounts = [policy.amount.min().minor(), policy.amount.max().minor()];
            assert_eq!(case["amount"], serde_json::json!(amounts));
            let times = [policy.time.min().seconds(), policy.time.max().seconds()];
            assert_eq!(case["time"], serde_json::json!(times));
            assert_eq!(element(&policy.projects.root()), text(&case, "set_root"));
            assert_eq!(element(&policy.hash()), text(&case, "hash"));
            assert_eq!(Some(policy.admits(&record)), case["admits_the_record"].as_bool());
        });
    }
}

/// Rows of docs/failures.md: 34.
#[test]
fn requests() {
    for case in cases(&file("requests.json"), "requests") {
        let encoded = bytes(&case, "request");
        judge(&case, told!(ProofRequest::decode(&encoded)), |request| {
            assert_eq!(request.encode(), encoded);
            let question = request.question();
            assert_eq!(hex::encode(request.verifier()), text(&case, "verifier"));
            assert_eq!(question.purpose, text(&case, "purpose"));
            assert_eq!(question.origin, text(&case, "origin"));
            assert_eq!(question.policy.encode(), bytes(&case, "policy"));
            assert_eq!(hex::encode(question.challenge), text(&case, "challenge"));
            assert_eq!(Some(question.expiry), case["expiry"].as_u64());
            let ids: Vec<String> = question.key_ids.iter().map(ToString::to_string).collect();
            assert_eq!(case["key_ids"], serde_json::json!(ids));
            assert_eq!(element(&request.scope().fr()), text(&case, "scope"));
            let ext = request.ext(question.key_ids[0]);
            assert_eq!(element(&ext), text(&case, "ext_under_the_first_key"));
        });
    }
}

#[test]
fn log_keys() {
    for case in cases(&file("logs.json"), "log_keys") {
        let written = text(&case, "log_key");
        judge(&case, told!(LogKey::parse(written)), |key| {
            assert_eq!(key.to_string(), written);
            assert_eq!(key.name(), text(&case, "name"));
        });
    }
}

/// Rows of docs/failures.md: 15, 23, 31.
#[test]
fn histories() {
    for history in cases(&file("logs.json"), "histories") {
        let what = text(&history, "case").to_string();
        let origin = text(&history, "origin");
        let mut log = match history["epoch_seconds"].as_u64() {
            Some(seconds) => LogHistory::scheduled(origin, seconds),
            None => LogHistory::new(origin),
        };
        for step in cases(&history, "steps") {
            let key = LogKey::parse(text(&step, "log_key")).unwrap();
            let opened: Result<Checkpoint, CheckpointError> =
                Checkpoint::open(&key, text(&step, "note"));
            let joined = told!(opened).and_then(|checkpoint| told!(log.insert(checkpoint)));
            judge(&step, joined, |()| ());
        }
        for (at, root) in cases(&history, "roots").iter().enumerate() {
            let value = field::decode("root", &bytes(root, "root")).unwrap();
            let (now, window) = (root["now"].as_u64().unwrap(), root["window"].as_u64().unwrap());
            let got: Result<&Checkpoint, RootError> = log.accept(Root(value), now, Window(window));
            let mut root = root.clone();
            root["case"] = format!("{what}, root {at}").into();
            judge(&root, told!(got), |checkpoint| {
                assert_eq!(Some(checkpoint.epoch()), root["epoch"].as_u64());
            });
        }
    }
}

/// Compares a refusal with the line, the reason and the message that a case states.
fn refused(case: &Value, reason: Option<Reason>, line: Value, field: Value, told: &str) {
    let what = text(case, "case");
    assert_eq!(text(case, "verdict"), "refused", "{what}: {told}");
    assert_eq!(case["reason"], serde_json::json!(reason.map(Reason::as_str)), "{what}");
    assert_eq!((&case["line"], &case["field"]), (&line, &field), "{what}");
    assert_eq!(told, text(case, "text"), "{what}");
}

fn refused_answer(case: &Value, error: &ReceiptError) {
    let (reason, line) = match error {
        ReceiptError::Note(error) => (Some(error.reason()), Value::Null),
        ReceiptError::Long { .. } => (None, "none: the note is longer than an answer".into()),
        _ => (None, error.field().unwrap().into()),
    };
    refused(case, reason, line, Value::Null, &error.to_string());
}

#[test]
fn receipts_and_refusals_of_claims() {
    let file = file("receipts.json");
    let key = LogKey::parse(text(&file, "log_key")).unwrap();
    for case in cases(&file, "receipts") {
        match ClaimReceipt::open(&key, text(&case, "note")) {
            Err(error) => refused_answer(&case, &error),
            Ok(receipt) => {
                assert_eq!(text(&case, "verdict"), "accepted", "{case}");
                assert!(text(&case, "note").starts_with(&receipt.text(text(&file, "org"))));
                assert_eq!(receipt.claim.to_string(), text(&case, "claim"));
                let nullifiers = receipt.nullifiers.map(|one| hex::encode(one.to_bytes()));
                assert_eq!(case["nullifiers"], serde_json::json!(nullifiers));
                assert_eq!(receipt.key_id.to_string(), text(&case, "key_id"));
                assert_eq!(receipt.payout, bytes(&case, "payout"));
                assert_eq!(receipt.expiry.to_string(), text(&case, "expiry"));
                assert_eq!(receipt.time.to_string(), text(&case, "time"));
            }
        }
    }
    for case in cases(&file, "refusals") {
        match ClaimRefusal::open(&key, text(&case, "note")) {
            Err(error) => refused_answer(&case, &error),
            Ok(refusal) => {
                assert_eq!(text(&case, "verdict"), "accepted", "{case}");
                assert!(text(&case, "note").starts_with(&refusal.text(text(&file, "org"))));
                assert_eq!(refusal.nullifier.to_bytes()[..], bytes(&case, "nullifier"));
                assert_eq!(refusal.claim.to_string(), text(&case, "spent_by_claim"));
                assert_eq!(refusal.time.to_string(), text(&case, "time"));
            }
        }
    }
}

/// Rows of docs/failures.md: 53.
#[test]
fn directories() {
    let file = file("directories.json");
    let (key, origin) = (LogKey::parse(text(&file, "log_key")).unwrap(), text(&file, "origin"));
    for case in cases(&file, "directories") {
        match Directory::open(&key, origin, text(&case, "note")) {
            Ok(directory) => {
                assert_eq!(text(&case, "verdict"), "accepted", "{case}");
                assert_eq!(case["institutions"], serde_json::json!(directory.institutions()));
                let projects = directory.projects();
                assert_eq!(projects.len(), case["projects"].as_array().unwrap().len());
                for (project, expected) in projects.iter().zip(case["projects"].as_array().unwrap())
                {
                    assert_eq!(project.key.to_u64().to_string(), text(expected, "key"));
                    assert_eq!(project.institution, text(expected, "institution"));
                    assert_eq!(project.name, text(expected, "name"));
                    let names = (project.institution.as_str(), project.name.as_str());
                    assert_eq!(directory.names(project.key), Some(names));
                }
            }
            Err(error) => {
                let (reason, line, field) = match &error {
                    DirectoryError::Note(error) => (Some(error.reason()), Value::Null, Value::Null),
                    DirectoryError::Name { line, field, .. } => {
                        (None, (*line).into(), format!("name of the {field}").into())
                    }
                    DirectoryError::Line { line, field, .. } => {
                        (None, (*line).into(), (*field).into())
                    }
                    other => panic!("{other}"),
                };
                refused(&case, reason, line, field, &error.to_string());
            }
        }
    }
}

/// Reasons without a case, and why.
const ELSEWHERE: [(Reason, &str); 6] = [
    (Reason::KeyInputPoints, "only through the interface: in bytes the length tells"),
    (
        Reason::NoteLong,
        "a checkpoint is refused above 16 KiB, other notes above 1 MiB: see signed_note.rs",
    ),
    (
        Reason::KeyIdLength,
        "only through the interface: an envelope with another length is not a message",
    ),
    (Reason::Entropy, "of a batch whose verifier has no randomness: see tests/batch"),
    (Reason::MessageStride, "of roofs and shards, which no verifier reads"),
    (Reason::MessageSecret, "of witnesses, which no verifier reads"),
];

fn reasons_in(value: &Value, found: &mut BTreeSet<Reason>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| reasons_in(item, found)),
        Value::Object(fields) => {
            if let Some(reason) = fields.get("reason") {
                let name = reason.as_str().unwrap();
                let reason = Reason::from_name(name);
                found.insert(reason.unwrap_or_else(|| panic!("{name} is not a reason")));
            }
            fields.values().for_each(|field| reasons_in(field, found));
        }
        _ => {}
    }
}

/// A new variant of an error must get a reason (the matches of `reason.rs` are exhaustive), and a
/// case here.
#[test]
fn every_reason_has_a_case_and_a_row() {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().unwrap().to_str().unwrap();
            // The cases of the hash's own file have a reason in words, and no code.
            if name == "poseidon.json" {
                continue;
            }
            reasons_in(&file(name), &mut found);
        }
    }
    let elsewhere: BTreeSet<Reason> = ELSEWHERE.iter().map(|(reason, _)| *reason).collect();
    let all: BTreeSet<Reason> = Reason::ALL.iter().copied().collect();
    let missing: Vec<&Reason> = all.difference(&found).collect();
    assert_eq!(missing, elsewhere.iter().collect::<Vec<_>>());

    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    for reason in Reason::ALL {
        let row = format!("| {} | `{reason}` | {} |", reason.code(), reason.meaning());
        assert!(readme.contains(&row), "vectors/README.md lacks the row\n{row}");
    }

    let verdicts = std::fs::read_to_string(folder().join("../docs/spec/verdicts.md")).unwrap();
    for reason in Reason::ALL {
        let row = format!("| {} | `{reason}` | ", reason.code());
        let rows = verdicts.lines().filter(|line| line.starts_with(&row)).count();
        assert_eq!(rows, 1, "docs/spec/verdicts.md must have one row\n{row}");
    }
}

#[test]
fn errors_that_no_file_brings_have_their_reasons() {
    let points = KeyError::InputPoints { got: 4, expected: 5 };
    assert_eq!(points.reason(), Reason::KeyInputPoints);
    let keys = file("logs.json");
    let log_key = LogKey::parse(text(&keys["log_keys"][0], "log_key")).unwrap();
    let long = "a".repeat(signed_note::MAX_BYTES + 1);
    assert_eq!(log_key.open(&long).unwrap_err().reason(), Reason::NoteLong);

    let keys = cases(&file("keys.json"), "keys");
    let key = keys.iter().find(|case| case["circuit"] == "gift").unwrap();
    let key = VerifyingKey::decode(&bytes(key, "key"), Trust::AcceptDevelopment).unwrap();
    let cards = LogHistory::new("wufu/cards");
    let window = Window::default();
    let check = GiftCheck { key: &key, cards: &cards, org: "wufu", now: 0, window };
    let presented = PresentedProof { key_id: &[0; 31], public_inputs: &[], proof: &[] };
    let refused = check.verify(presented, b"", 1).unwrap_err();
    assert_eq!(refused.reason(), Reason::KeyIdLength);
}
