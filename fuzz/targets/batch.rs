//! Batches: a proof's verdict in a batch is the verdict that it has alone, whatever else is in the
//! batch.
//!
//! An input is a list. Each element has a byte that selects one of the honest answers, a byte that
//! says how to change it, and the bytes that the change needs.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wufu_proto::{Envelope, decode, envelope::Binding, v1};
use wufu_verifier::{
    BatchVerifier, ClaimCheck, DonationCheck, GiftCheck, Nullifier, OpenedProof, Reason, Trust,
    VerifyingKey,
    check::{AnyVerified, PresentedProof, VerifyError},
    log::{
        checkpoint::Checkpoint,
        history::{LogHistory, Window},
        signed_note::LogKey,
    },
};

const HONEST: &str = include_str!("../../vectors/honest.json");
/// The key that signs both orgs' logs in the vectors.
const SEED: [u8; 32] = [9; 32];
/// Larger batches take long and find nothing more.
const MOST: usize = 12;

/// What a verifier holds for one circuit, and the answer that it expects.
struct Scene {
    key: VerifyingKey,
    logs: Vec<LogHistory>,
    envelope: Envelope,
}

struct Scenes {
    scenes: Vec<Scene>,
    now: u64,
    expiry: u64,
}

fn scenes() -> Option<Scenes> {
    let file: Value = serde_json::from_str(HONEST).ok()?;
    let scene = |at: usize| {
        let proof = &file["proofs"][at];
        let bytes = |name: &str| hex::decode(proof[name].as_str()?).ok();
        let key = VerifyingKey::decode(&bytes("key")?, Trust::AcceptDevelopment).ok()?;
        let message = decode::<v1::Envelope>(&bytes("envelope")?).ok()?;
        let envelope = Envelope::try_from(message).ok()?;
        let mut logs = Vec::new();
        for note in proof["notes"].as_array()? {
            let note = note.as_str()?;
            let origin = note.lines().next()?;
            let org = origin.split('/').next()?;
            let signing = ed25519_dalek::SigningKey::from_bytes(&SEED);
            let log_key = LogKey::new(org, signing.verifying_key()).ok()?;
            let mut log = LogHistory::new(origin);
            log.insert(Checkpoint::open(&log_key, note).ok()?).ok()?;
            logs.push(log);
        }
        Some(Scene { key, logs, envelope })
    };
    Some(Scenes {
        scenes: (0..3).map(scene).collect::<Option<_>>()?,
        now: (file["epoch"].as_u64()? + 2) * 600,
        expiry: file["expiry"].as_u64()?,
    })
}

/// A presented answer: its scene and its bytes.
struct Shown {
    scene: usize,
    inputs: Vec<u8>,
    proof: Vec<u8>,
}

/// Takes `count` bytes from the front, or as many as there are.
fn take<'a>(data: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = data.split_at(count.min(data.len()));
    *data = rest;
    taken
}

fn read(mut data: &[u8], scenes: &[Scene]) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    while let [which, how, rest @ ..] = data
        && all.len() < MOST
    {
        data = rest;
        let scene = usize::from(*which) % scenes.len();
        let honest = scenes[scene].envelope.presented();
        let (mut inputs, mut proof) = (honest.public_inputs.to_vec(), honest.proof.to_vec());
        match how % 8 {
            // Arbitrary bytes for a proof or for one of its points.
            0 => proof = take(&mut data, 128).to_vec(),
            1 => take(&mut data, 32).iter().zip(&mut proof).for_each(|(from, to)| *to = *from),
            2 => {
                take(&mut data, 64).iter().zip(&mut proof[32..]).for_each(|(from, to)| *to = *from)
            }
            // Another byte in the proof or in the inputs.
            3 | 4 => {
                let bytes = if how % 8 == 3 { &mut proof } else { &mut inputs };
                let at = take(&mut data, 2);
                if let [at, by] = at {
                    let at = usize::from(*at) % bytes.len();
                    bytes[at] ^= by;
                }
            }
            // The negative of a point: well-formed, but it proves nothing.
            5 => proof[[31, 95, 127][usize::from(how / 8) % 3]] ^= 0x80,
            // A point from the previous proof.
            6 => {
                if let Some(Shown { proof: other, .. }) = all.last()
                    && other.len() == proof.len()
                {
                    proof[32..].copy_from_slice(&other[32..]);
                }
            }
            _ => {}
        }
        all.push(Shown { scene, inputs, proof });
    }
    all
}

fn open<'a>(held: &'a Scenes, shown: &Shown) -> Option<OpenedProof<'a, AnyVerified>> {
    let Scene { key, logs, envelope } = &held.scenes[shown.scene];
    let (now, window) = (held.now, Window::default());
    let key_id = envelope.presented().key_id;
    let presented = PresentedProof { key_id, public_inputs: &shown.inputs, proof: &shown.proof };
    Some(match envelope.binding() {
        Binding::Request(request) => {
            let (verifier, question) = (request.verifier(), request.question());
            let log = &logs[0];
            DonationCheck { key, log, verifier, question, now, window }.open(presented).into()
        }
        Binding::Claim(asked) => {
            let (cards, persons) = (&logs[0], &logs[1]);
            let check = ClaimCheck { key, cards, persons, org: &asked.org, now, window };
            check.open(presented, &asked.payout, held.expiry).into()
        }
        Binding::None => {
            let org = logs[0].origin().split('/').next()?;
            let check = GiftCheck { key, cards: &logs[0], org, now, window };
            check.open(presented, b"to a friend", held.expiry).into()
        }
    })
}

type Verdict = Result<(u64, Vec<Nullifier>), Reason>;

fn told(verdict: Result<AnyVerified, VerifyError>) -> Verdict {
    verdict
        .map(|verified| (verified.epoch(), verified.nullifiers()))
        .map_err(|error| error.reason())
}

fuzz_target!(|data: &[u8]| {
    static SCENES: OnceLock<Scenes> = OnceLock::new();
    let held =
        SCENES.get_or_init(|| scenes().unwrap_or_else(|| panic!("vectors/honest.json is broken")));
    let shown = read(data, &held.scenes);
    let pending = || shown.iter().filter_map(|shown| open(held, shown));
    let alone: Vec<Verdict> = pending().map(|pending| told(pending.verify())).collect();
    assert_eq!(alone.len(), shown.len());
    // Twice with one verifier: what it learns the first time changes its work, but no verdict.
    let mut verifier = BatchVerifier::default();
    for fresh in 0..2 {
        let outcome = verifier.verify(pending().collect(), &mut || Ok([fresh; 32]));
        let outcome = outcome.unwrap_or_else(|_| panic!("there is entropy"));
        let together: Vec<Verdict> = outcome.verdicts.into_iter().map(told).collect();
        assert_eq!(together, alone);
    }
    // Only the statement that was proved is accepted.
    for (verdict, shown) in alone.iter().zip(&shown) {
        let honest = held.scenes[shown.scene].envelope.presented();
        assert!(verdict.is_err() || shown.inputs == honest.public_inputs);
    }
});
