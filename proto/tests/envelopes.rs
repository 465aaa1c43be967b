//! Runs `vectors/envelopes.json`: one envelope, the question and what the verifier holds go in;
//! verdict and reason come out.
//!
//! The steps are those of `vectors/README.md`. Every other verifier of this project (a batch, the C
//! library, Python) must agree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wufu_proto::{Envelope, decode, log::Roof, v1};
use wufu_verifier::{
    CircuitName, ClaimCheck, DonationCheck, GiftCheck, KeyId, Nullifier, NullifierStore,
    OpenedProof, Policy, Reason, Statement, Trust, Verified, VerifyingKey,
    check::{
        AnyVerified,
        batch::OsEntropy,
        request::Question,
        spent::{MemoryStore, SpendError},
    },
    log::{
        checkpoint::Checkpoint,
        history::{HistoryError, LogHistory, Window},
        signed_note::LogKey,
    },
    verify_batch,
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

/// What an accepted case states.
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

/// What the verifier of a case holds.
struct Held<'a> {
    case: &'a Value,
    key: &'a VerifyingKey,
    store: Store,
    /// Its own checkpoints, or why they are refused.
    logs: Result<Vec<LogHistory>, Reason>,
    envelope: Result<Envelope, Reason>,
    question: Option<(Question, [u8; 32])>,
}

/// Steps 1 and 2 of the README, and the question. What the verifier holds is its own, so none of it
/// may fail, except that its checkpoints may be bad.
fn hold<'a>(case: &'a Value, keys: &'a BTreeMap<String, VerifyingKey>) -> Held<'a> {
    let store = Store(match &case["spent"] {
        Value::Null => None,
        spent => {
            let mut store = MemoryStore::default();
            let nullifiers: Vec<Nullifier> = list(spent)
                .iter()
                .map(|one| Nullifier::decode(&array::<32>(one)).unwrap())
                .collect();
            store.check_and_insert(&nullifiers).unwrap();
            Some(store)
        }
    });
    // 1. The envelope is read.
    let message = decode::<v1::Envelope>(&bytes(case, "envelope"));
    let envelope = message.and_then(Envelope::without_points).map_err(|error| error.reason());
    let asked = &case["asked"];
    let question = || Question {
        purpose: text(asked, "purpose").into(),
        origin: text(asked, "origin").into(),
        policy: Policy::decode(&bytes(asked, "policy")).unwrap(),
        challenge: array(&asked["challenge"]),
        expiry: number(asked, "expiry"),
        key_ids: list(&asked["key_ids"]).iter().map(|id| KeyId(array(id))).collect(),
    };
    let donation = text(asked, "circuit") == CircuitName::Donation.as_str();
    Held {
        case,
        key: &keys[text(case, "key")],
        store,
        logs: histories(case),
        envelope,
        question: donation.then(|| (question(), array(&asked["verifier"]))),
    }
}

/// Step 2: the verifier's own checkpoints. A contradiction stays in the history, and step 3 reports
/// it.
fn histories(case: &Value) -> Result<Vec<LogHistory>, Reason> {
    let log_key = LogKey::parse(text(case, "log_key")).unwrap();
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
    Ok(logs)
}

impl Held<'_> {
    /// Step 3: the check of the statement that was asked for, except for the part that a batch does
    /// for many.
    fn open(&self) -> Result<OpenedProof<'_, AnyVerified>, Reason> {
        let (case, key, asked) = (self.case, self.key, &self.case["asked"]);
        let (now, window) = (number(case, "now"), Window(number(case, "window")));
        let presented = self.envelope.as_ref().map_err(|reason| *reason)?.presented();
        let logs = self.logs.as_ref().map_err(|reason| *reason)?;
        Ok(match text(asked, "circuit") {
            "donation" => {
                let (question, verifier) = self.question.as_ref().unwrap();
                let check = DonationCheck { key, log: &logs[0], verifier, question, now, window };
                check.open(presented).into()
            }
            "five-fu" => {
                let (cards, persons) = (&logs[0], &logs[1]);
                let check =
                    ClaimCheck { key, cards, persons, org: text(asked, "org"), now, window };
                let expiry = number(asked, "expiry");
                check.open(presented, &bytes(asked, "payout"), expiry).into()
            }
            "gift" => {
                let check =
                    GiftCheck { key, cards: &logs[0], org: text(asked, "org"), now, window };
                let expiry = number(asked, "expiry");
                check.open(presented, &bytes(asked, "payload"), expiry).into()
            }
            other => panic!("a check of {other}"),
        })
    }
}

/// Step 4: its nullifiers are spent.
fn spent(verified: AnyVerified, store: &mut Store) -> Result<Accepted, Reason> {
    match verified {
        AnyVerified::FiveFu(verified) => spend(verified, store),
        AnyVerified::Donation(verified) => spend(verified, store),
        AnyVerified::Gift(verified) => spend(verified, store),
    }
}

fn cases() -> (Vec<Value>, BTreeMap<String, VerifyingKey>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/envelopes.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let key = |(name, key): (&String, &Value)| {
        let key = hex::decode(key.as_str().unwrap()).unwrap();
        (name.clone(), VerifyingKey::decode(&key, Trust::AcceptDevelopment).unwrap())
    };
    let keys = file["keys"].as_object().unwrap().iter().map(key).collect();
    (list(&file["cases"]).to_vec(), keys)
}

/// Lists what is wrong with a verdict.
fn differs(case: &Value, verdict: Result<Accepted, Reason>) -> Vec<String> {
    let got = match verdict {
        Ok(Accepted { epoch, nullifiers }) => {
            let nullifiers: Vec<String> =
                nullifiers.iter().map(|one| hex::encode(one.to_bytes())).collect();
            json!({ "verdict": "accepted", "epoch": epoch, "nullifiers": nullifiers })
        }
        Err(reason) => json!({ "verdict": "refused", "reason": reason.as_str() }),
    };
    let fields = got.as_object().unwrap().iter();
    let other = fields.filter(|(field, value)| case[field.as_str()] != **value);
    other
        .map(|(field, value)| {
            let (what, expected) = (text(case, "case"), &case[field.as_str()]);
            format!("{what}: {field} is {value}, expected {expected}")
        })
        .collect()
}

/// Rows of docs/failures.md: 1, 2, 5, 6, 7, 15, 24, 28, 34, 37.
#[test]
fn every_envelope_comes_to_its_verdict() {
    let (cases, keys) = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        let mut held = hold(case, &keys);
        let verified = held.open().and_then(|pending| pending.verify().map_err(|e| e.reason()));
        let verdict = verified.and_then(|verified| spent(verified, &mut held.store));
        wrong.extend(differs(case, verdict));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let verdicts = |name| cases.iter().filter(|case| case["verdict"] == name).count();
    assert!(verdicts("accepted") >= 15 && verdicts("refused") >= 80);
}

/// Rows of docs/failures.md: 4, 19.
/// All of them in one batch, of four keys and three statements; then again from the last to the
/// first.
#[test]
fn every_envelope_comes_to_its_verdict_in_a_batch() {
    let (mut cases, keys) = cases();
    for _ in 0..2 {
        let mut held: Vec<Held<'_>> = cases.iter().map(|case| hold(case, &keys)).collect();
        // What is not a proof yet does not go into the batch.
        let mut opened = Vec::new();
        let refused: Vec<Option<Reason>> =
            held.iter().map(|held| held.open().map(|pending| opened.push(pending)).err()).collect();
        let (read, outcome) = (opened.len(), verify_batch(opened, &mut OsEntropy).unwrap());
        assert!(read >= 80 && outcome.spoilers().count() >= 20);
        let mut verdicts = outcome.verdicts.into_iter();
        let mut wrong = Vec::new();
        for (held, refused) in held.iter_mut().zip(refused) {
            let verdict = match refused {
                Some(reason) => Err(reason),
                None => verdicts.next().unwrap().map_err(|error| error.reason()),
            };
            let verdict = verdict.and_then(|verified| spent(verified, &mut held.store));
            wrong.extend(differs(held.case, verdict));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        drop(held);
        cases.reverse();
    }
}

#[test]
fn reasons_that_only_a_ledgers_answers_have() {
    let roof = v1::GetRoofResponse { note: "x".into(), shard_roots: vec![0; 33] };
    assert_eq!(Roof::try_from(roof).unwrap_err().reason(), Reason::MessageStride);
}
