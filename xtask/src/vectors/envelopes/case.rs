//! A case with everything that a verdict depends on, and the good cases from which the others are
//! derived.

use prost::Message;
use serde_json::{Value, json};
use wufu_proto::v1;
use wufu_verifier::{CircuitName, Reason};

use super::super::{honest, logs, policies};

/// Length of an epoch.
pub const SECONDS: u64 = 600;

/// One case: everything that a verdict depends on.
#[derive(Clone)]
pub struct Case {
    pub envelope: v1::Envelope,
    /// Bytes to read instead of the envelope's.
    pub bytes: Option<Vec<u8>>,
    pub asked: Value,
    pub key: &'static str,
    pub log_key: String,
    /// Origin, published length of an epoch, checkpoints.
    pub logs: Vec<(String, Option<u64>, Vec<String>)>,
    pub now: u64,
    pub window: u64,
    /// `None` if the store fails.
    pub spent: Option<Vec<String>>,
}

/// The verdict: an epoch, or a reason.
pub type Verdict = Result<u64, Reason>;

pub struct Cases(pub Vec<Value>);

impl Cases {
    pub fn add(&mut self, case: &str, verdict: Verdict, good: &Case, change: impl Fn(&mut Case)) {
        let mut other = good.clone();
        change(&mut other);
        let Case { envelope, bytes, asked, key, log_key, logs, now, window, spent } = other;
        let logs = logs.into_iter().map(|(origin, epoch_seconds, checkpoints)| {
            json!({ "origin": origin, "epoch_seconds": epoch_seconds, "checkpoints": checkpoints })
        });
        let mut value = json!({
            "case": case,
            "envelope": hex::encode(bytes.unwrap_or_else(|| envelope.encode_to_vec())),
            "asked": asked,
            "key": key,
            "log_key": log_key,
            "logs": logs.collect::<Vec<_>>(),
            "now": now,
            "window": window,
            "spent": spent,
        });
        match verdict {
            Ok(epoch) => {
                value["verdict"] = "accepted".into();
                value["epoch"] = epoch.into();
                let inputs = envelope.public_inputs;
                let nullifiers = match envelope.circuit.as_str() {
                    "five-fu" => 1..7,
                    "donation" => 2..3,
                    _ => 1..2,
                };
                let nullifiers = nullifiers.map(|at| hex::encode(&inputs[32 * at..32 * (at + 1)]));
                value["nullifiers"] = nullifiers.collect::<Vec<_>>().into();
            }
            Err(reason) => {
                value["verdict"] = "refused".into();
                value["reason"] = reason.as_str().into();
            }
        }
        self.0.push(value);
    }
}

/// A donation, and the verifier that asked for it.
pub fn donation() -> Case {
    let envelope = honest::envelope(CircuitName::Donation);
    let request = policies::request();
    let question = request.question();
    let ids: Vec<String> = question.key_ids.iter().map(ToString::to_string).collect();
    Case {
        bytes: None,
        asked: json!({
            "circuit": "donation",
            "verifier": hex::encode(request.verifier()),
            "purpose": question.purpose,
            "origin": question.origin,
            "policy": hex::encode(question.policy.encode()),
            "challenge": hex::encode(question.challenge),
            "expiry": question.expiry,
            "key_ids": ids,
        }),
        key: "donation",
        log_key: logs::log_key("cerf", 9).to_string(),
        logs: vec![(question.origin.clone(), None, honest::notes(CircuitName::Donation))],
        now: honest::number("epoch") * SECONDS + 60,
        window: 3600,
        spent: Some(vec![]),
        envelope,
    }
}

/// A claim, and the campaign.
pub fn claim() -> Case {
    let envelope = honest::envelope(CircuitName::FiveFu);
    let Some(v1::envelope::Binding::Claim(claim)) = &envelope.binding else { panic!() };
    let notes = honest::notes(CircuitName::FiveFu);
    let log = |log: &str, at: usize| (format!("wufu-2018/{log}"), None, vec![notes[at].clone()]);
    Case {
        bytes: None,
        asked: json!({
            "circuit": "five-fu",
            "org": claim.org,
            "payout": hex::encode(&claim.payout),
            "expiry": claim.expiry,
        }),
        key: "five-fu",
        log_key: logs::log_key("wufu-2018", 9).to_string(),
        logs: vec![log("cards", 0), log("persons", 1)],
        now: honest::number("epoch") * SECONDS + 60,
        window: 3600,
        spent: Some(vec![]),
        envelope,
    }
}

/// A gift, and the campaign. The card log had the claim's root an epoch before.
pub fn gift() -> Case {
    let envelope = honest::envelope(CircuitName::Gift);
    let [before, now] =
        [CircuitName::FiveFu, CircuitName::Gift].map(|name| honest::notes(name).swap_remove(0));
    let notes = vec![before, now];
    Case {
        bytes: None,
        asked: json!({
            "circuit": "gift",
            "org": "wufu-2018",
            "payload": hex::encode(honest::payload()),
            "expiry": honest::number("expiry"),
        }),
        key: "gift",
        log_key: logs::log_key("wufu-2018", 9).to_string(),
        logs: vec![("wufu-2018/cards".into(), None, notes)],
        now: (honest::number("epoch") + 1) * SECONDS + 60,
        window: 3600,
        spent: Some(vec![]),
        envelope,
    }
}
