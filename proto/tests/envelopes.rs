//! `vectors/envelopes.json`: one envelope, what was asked and what the verifier holds in; verdict and reason out.
//!
//! [`verdict`] is the steps of `vectors/README.md`, and what every other verifier of ours (a batch, a C library, Python,
//! WebAssembly) must agree with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wufu_proto::{Envelope, decode, log::Roof, v1};
use wufu_verifier::{
    CircuitName, ClaimCheck, DonationCheck, GiftCheck, KeyId, NullifierStore, Policy, Reason,
    Statement, Trust, Verified, VerifyingKey,
    checkpoint::Checkpoint,
    epochs::{HistoryError, LogHistory, Window},
    note::LogKey,
    request::Question,
    spent::{MemoryStore, SpendError},
    statement::Nullifier,
};

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key}"))
}

fn bytes(value: &Value, key: &str) -> Vec<u8> {
    hex::decode(text(value, key)).unwrap()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("no number {key}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// A store that holds what a case says, or fails.
struct Store(Option<MemoryStore>);

impl NullifierStore for Store {
    type Error = &'static str;

    fn check_and_insert(
        &mut self,
        nullifiers: &[Nullifier],
    ) -> Result<(), SpendError<&'static str>> {
        let Some(store) = &mut self.0 else { return Err(SpendError::Store("it fails")) };
        store.check_and_insert(nullifiers).map_err(|error| match error {
            SpendError::Spent { nullifier } => SpendError::Spent { nullifier },
            _ => SpendError::Store("it failed"),
        })
    }
}

/// What is known of an accepted one.
#[derive(Debug, PartialEq)]
struct Accepted {
    epoch: u64,
    nullifiers: Vec<Nullifier>,
}

fn spend<S: Statement>(verified: Verified<S>, store: &mut Store) -> Result<Accepted, Reason> {
    let (epoch, nullifiers) = (verified.epoch(), verified.statement().nullifiers());
    verified.spend(store).map_err(|error| error.reason())?;
    Ok(Accepted { epoch, nullifiers })
}

/// The steps of the README.
fn verdict(case: &Value, keys: &BTreeMap<String, VerifyingKey>) -> Result<Accepted, Reason> {
    // What was asked, and what the verifier holds: its own, so none of it may fail.
    let (asked, key) = (&case["asked"], &keys[text(case, "key")]);
    let log_key = LogKey::parse(text(case, "log_key")).unwrap();
    let (now, window) = (number(case, "now"), Window(number(case, "window")));
    let mut store = Store(match &case["spent"] {
        Value::Null => None,
        spent => {
            let mut store = MemoryStore::default();
            let nullifiers: Vec<Nullifier> = list(spent).iter().map(array).collect();
            store.check_and_insert(&nullifiers).unwrap();
            Some(store)
        }
    });

    // 1. The envelope is read.
    let message = decode::<v1::Envelope>(&bytes(case, "envelope"));
    let envelope = message.and_then(Envelope::try_from).map_err(|error| error.reason())?;
    // 2. The verifier's own checkpoints. A contradiction stays in the history, and step 3 tells it.
    let mut logs = Vec::new();
    for log in list(&case["logs"]) {
        let origin = text(log, "origin");
        let mut history = match log["epoch_seconds"].as_u64() {
            Some(seconds) => LogHistory::scheduled(origin, seconds),
            None => LogHistory::new(origin),
        };
        for note in list(&log["checkpoints"]) {
            let checkpoint = Checkpoint::open(&log_key, note.as_str().unwrap());
            match history.insert(checkpoint.map_err(|error| error.reason())?) {
                Ok(()) | Err(HistoryError::Contradiction(_)) => {}
                Err(error) => return Err(error.reason()),
            }
        }
        logs.push(history);
    }
    // 3. The check of the statement that was asked for. 4. Its nullifiers are spent.
    let presented = envelope.presented();
    match CircuitName::from_name(text(asked, "circuit")).unwrap() {
        CircuitName::Donation => {
            let question = Question {
                purpose: text(asked, "purpose").into(),
                origin: text(asked, "origin").into(),
                policy: Policy::decode(&bytes(asked, "policy")).unwrap(),
                challenge: array(&asked["challenge"]),
                expiry: number(asked, "expiry"),
                key_ids: list(&asked["key_ids"]).iter().map(|id| KeyId(array(id))).collect(),
            };
            let (verifier, question) = (&array(&asked["verifier"]), &question);
            let check = DonationCheck { key, log: &logs[0], verifier, question, now, window };
            let verified = check.verify(presented).map_err(|error| error.reason())?;
            spend(verified, &mut store)
        }
        CircuitName::FiveFu => {
            let (cards, persons) = (&logs[0], &logs[1]);
            let check = ClaimCheck { key, cards, persons, org: text(asked, "org"), now, window };
            let verified =
                check.verify(presented, &bytes(asked, "payout"), number(asked, "expiry"));
            spend(verified.map_err(|error| error.reason())?, &mut store)
        }
        CircuitName::Gift => {
            let check = GiftCheck { key, cards: &logs[0], org: text(asked, "org"), now, window };
            let verified =
                check.verify(presented, &bytes(asked, "payload"), number(asked, "expiry"));
            spend(verified.map_err(|error| error.reason())?, &mut store)
        }
    }
}

#[test]
fn f01_f02_f05_f06_f07_f15_f24_f28_f34_f37_every_envelope_comes_to_its_verdict() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/envelopes.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let keys: BTreeMap<String, VerifyingKey> = file["keys"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, key)| {
            let key = hex::decode(key.as_str().unwrap()).unwrap();
            (name.clone(), VerifyingKey::decode(&key, Trust::AcceptDevelopment).unwrap())
        })
        .collect();
    let mut wrong = Vec::new();
    for case in list(&file["cases"]) {
        let got = match verdict(case, &keys) {
            Ok(Accepted { epoch, nullifiers }) => {
                let nullifiers: Vec<String> = nullifiers.iter().map(hex::encode).collect();
                json!({ "verdict": "accepted", "epoch": epoch, "nullifiers": nullifiers })
            }
            Err(reason) => json!({ "verdict": "refused", "reason": reason.as_str() }),
        };
        let fields = got.as_object().unwrap().iter();
        for (field, value) in fields.filter(|(field, value)| case[field.as_str()] != **value) {
            let (what, expected) = (text(case, "case"), &case[field.as_str()]);
            wrong.push(format!("{what}: {field} is {value}, expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let verdicts = |name| list(&file["cases"]).iter().filter(|c| c["verdict"] == name).count();
    assert!(verdicts("accepted") >= 15 && verdicts("refused") >= 80);
}

#[test]
fn reasons_that_only_a_ledgers_answers_have() {
    let roof = v1::GetRoofResponse { note: "x".into(), shard_roots: vec![0; 33] };
    assert_eq!(Roof::try_from(roof).unwrap_err().reason(), Reason::MessageStride);
}
