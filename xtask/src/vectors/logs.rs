//! Log keys, and histories of checkpoints with the roots that they accept.

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use wufu_verifier::{
    Fr, Reason, Root,
    encoding::field,
    log::{
        checkpoint::{Checkpoint, LogState},
        signed_note::{self, LogKey},
    },
};

use super::fr;

const ORG: &str = "cerf";
const ORIGIN: &str = "cerf/donations/1";

pub fn log_key(org: &str, seed: u8) -> LogKey {
    LogKey::new(org, SigningKey::from_bytes(&[seed; 32]).verifying_key()).unwrap()
}

pub fn log_keys() -> Value {
    let key = log_key(ORG, 9).to_string();
    let published = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let mut cases: Vec<Value> = [("as it is", key.as_str()), ("of Go's sumdb", published)]
        .map(|(case, key)| {
            let name = LogKey::parse(key).unwrap().name().to_string();
            json!({ "case": case, "log_key": key, "verdict": "accepted", "name": name })
        })
        .into();
    let (name, rest) = key.split_once('+').unwrap();
    let (hash, base64) = rest.split_once('+').unwrap();
    for (case, key, reason) in [
        ("nothing", String::new(), Reason::NoteKey),
        ("without its hash", format!("{name}+{base64}"), Reason::NoteKey),
        ("another hash", format!("{name}+00000000+{base64}"), Reason::NoteKey),
        ("a hash in capitals", published.replace("c74f20a3", "C74F20A3"), Reason::NoteKey),
        ("another name", format!("serf+{hash}+{base64}"), Reason::NoteKey),
        ("no name", format!("+{hash}+{base64}"), Reason::NoteName),
        ("a space in the name", format!("ce rf+{hash}+{base64}"), Reason::NoteName),
        ("cut off", key[..key.len() - 1].into(), Reason::NoteKey),
        ("another algorithm", format!("{name}+{hash}+Ag{}", &base64[2..]), Reason::NoteKey),
        ("U+200B in the name", format!("ce\u{200b}rf+{hash}+{base64}"), Reason::NoteName),
        ("U+00AD in the name", format!("ce\u{ad}rf+{hash}+{base64}"), Reason::NoteName),
        ("U+202E in the name", format!("ce\u{202e}rf+{hash}+{base64}"), Reason::NoteName),
        ("a name in normal form NFD", format!("cafe\u{301}+{hash}+{base64}"), Reason::NoteName),
        ("a name of U+3164", format!("\u{3164}+{hash}+{base64}"), Reason::NoteName),
    ] {
        let reason = reason.as_str();
        cases.push(json!({ "case": case, "log_key": key, "verdict": "refused", "reason": reason }));
    }
    Value::Array(cases)
}

pub fn checkpoint(seed: u8, origin: &str, state: (u64, u64, Fr), epoch_seconds: u64) -> String {
    let (epoch, size, root) = state;
    let org = origin.split('/').next().unwrap();
    let state = LogState { origin, size, root: Root(root), epoch, epoch_seconds };
    let signed = Checkpoint::sign(org, &SigningKey::from_bytes(&[seed; 32]), &state);
    signed.unwrap().note().to_string()
}

/// A note that is longer than a checkpoint may be: signed by many.
pub fn long(good: &str) -> String {
    let line = signed_note::sign("witness", &SigningKey::from_bytes(&[3; 32]), "x\n").unwrap();
    let line = line.split_once("\n\n").unwrap().1.to_string();
    format!("{good}{}", line.repeat(99)) + &line.repeat(70)
}

struct History {
    case: &'static str,
    published: Option<u64>,
    steps: Vec<Value>,
    roots: Vec<Value>,
}

impl History {
    fn new(case: &'static str) -> Self {
        Self { case, published: None, steps: vec![], roots: vec![] }
    }

    fn step(&mut self, seed: u8, note: String, refused: Option<Reason>) -> &mut Self {
        let key = log_key(ORG, seed).to_string();
        self.steps.push(match refused {
            None => json!({ "log_key": key, "note": note, "verdict": "accepted" }),
            Some(reason) => {
                let reason = reason.as_str();
                json!({ "log_key": key, "note": note, "verdict": "refused", "reason": reason })
            }
        });
        self
    }

    /// Epoch, size, root: in epochs of 600 seconds.
    fn joins(&mut self, state: (u64, u64, u64)) -> &mut Self {
        self.step(9, state_note(state), None)
    }

    fn contradicts(&mut self, state: (u64, u64, u64)) -> &mut Self {
        self.step(9, state_note(state), Some(Reason::HistoryContradiction))
    }

    fn root(&mut self, root: u64, now: u64, window: u64, got: Result<u64, Reason>) -> &mut Self {
        let root = if root == 0 { Fr::from(0u64) } else { fr(root) };
        let mut value = json!({
            "root": hex::encode(field::encode(&root)), "now": now, "window": window,
        });
        match got {
            Ok(epoch) => {
                value["verdict"] = "accepted".into();
                value["epoch"] = epoch.into();
            }
            Err(reason) => {
                value["verdict"] = "refused".into();
                value["reason"] = reason.as_str().into();
            }
        }
        self.roots.push(value);
        self
    }

    fn finish(&self) -> Value {
        json!({
            "case": self.case,
            "origin": ORIGIN,
            "epoch_seconds": self.published,
            "steps": self.steps,
            "roots": self.roots,
        })
    }
}

fn state_note((epoch, size, root): (u64, u64, u64)) -> String {
    checkpoint(9, ORIGIN, (epoch, size, fr(root)), 600)
}

pub fn histories() -> Value {
    let unknown = Err(Reason::RootUnknown);
    let mut one =
        History::new("one checkpoint: in force until it is replaced, however long that takes");
    one.joins((10, 5, 60))
        .root(60, 6000, 0, Ok(10))
        .root(60, 1 << 40, 0, Ok(10))
        .root(60, 6000 - 120, 0, Ok(10))
        .root(60, 6000 - 121, 3600, Err(Reason::RootFuture))
        .root(61, 6000, 3600, unknown)
        .root(0, 6000, 3600, unknown);

    let mut idle =
        History::new("replaced after a long time: the window counts from when it was replaced");
    idle.joins((10, 5, 60))
        .joins((1000, 6, 61))
        .root(60, 600_000, 0, Ok(10))
        .root(60, 600_000 + 3600, 3600, Ok(10))
        .root(60, 600_000 + 3601, 3600, Err(Reason::RootExpired))
        .root(61, 600_000 + 3601, 3600, Ok(1000));

    let mut later = History::new("told in another order: the same");
    later.joins((1000, 6, 61)).joins((10, 5, 60)).root(
        60,
        600_000 + 3601,
        3600,
        Err(Reason::RootExpired),
    );

    let mut still = History::new("a log without appends: the same root at a later epoch");
    still
        .joins((10, 5, 60))
        .joins((11, 5, 60))
        .joins((12, 6, 61))
        .root(60, 7200 + 3600, 3600, Ok(11))
        .root(60, 7200 + 3601, 3600, Err(Reason::RootExpired));

    let contradicted = Err(Reason::LogContradicted);
    let mut roots = History::new("two roots of one epoch: nothing of the log is accepted");
    roots.joins((10, 5, 60)).contradicts((10, 5, 61)).root(60, 6000, 3600, contradicted).root(
        61,
        6000,
        3600,
        contradicted,
    );
    let mut sizes = History::new("two sizes of one epoch, where one extends the other");
    sizes.joins((10, 5, 60)).contradicts((10, 6, 61)).root(60, 6000, 3600, contradicted);
    let mut shrinks = History::new("a log that shrinks");
    shrinks.joins((10, 5, 60)).contradicts((11, 4, 61)).root(60, 6000, 3600, contradicted);
    let mut rewrites = History::new("a root that changes without growing");
    rewrites.joins((10, 5, 60)).contradicts((11, 5, 61)).root(60, 6000, 3600, contradicted);
    let mut grows = History::new("a log that grows without another root");
    grows.joins((10, 5, 60)).contradicts((11, 6, 60)).root(60, 6000, 3600, contradicted);
    let mut between = History::new("a contradiction with the one after it");
    between.joins((10, 5, 60)).joins((12, 7, 62)).contradicts((11, 8, 61));
    between.root(62, 7200, 3600, contradicted);

    let mut strangers = History::new("checkpoints that are none of this log: passed over");
    let other_log = checkpoint(9, "cerf/donations/2", (10, 5, fr(60)), 600);
    let other_key = checkpoint(8, ORIGIN, (11, 6, fr(61)), 600);
    let slower = checkpoint(9, ORIGIN, (11, 6, fr(61)), 1200);
    strangers
        .joins((10, 5, 60))
        .joins((10, 5, 60))
        .step(9, other_log, Some(Reason::HistoryOrigin))
        .step(8, other_key, Some(Reason::HistoryKey))
        .root(60, 6000, 0, Ok(10))
        .root(61, 6600, 0, unknown);
    let mut unpublished = History::new("the first one says the length of an epoch for all");
    unpublished
        .joins((10, 5, 60))
        .step(9, slower.clone(), Some(Reason::HistoryContradiction))
        .root(60, 6000, 0, contradicted);
    let mut published = History::new("with another length of an epoch than the published one");
    published.published = Some(600);
    published.step(9, slower, Some(Reason::HistorySchedule)).joins((10, 5, 60)).root(
        60,
        6000,
        0,
        Ok(10),
    );
    let all = [
        &one,
        &idle,
        &later,
        &still,
        &roots,
        &sizes,
        &shrinks,
        &rewrites,
        &grows,
        &between,
        &strangers,
        &unpublished,
        &published,
    ];
    Value::Array(all.into_iter().map(History::finish).collect())
}

pub fn logs() -> Value {
    json!({
        "about": "Log keys; and histories: the checkpoints that a verifier was told, in this \
                  order, each with what came of it, and then roots with the time and window at \
                  which they are looked at. A clock may be 120 s behind.",
        "log_keys": log_keys(),
        "histories": histories(),
    })
}
