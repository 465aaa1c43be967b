//! Envelopes against a question, as in `vectors/envelopes.json`. Only the statement that was proved
//! is accepted.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wufu_fuzz::reached;
use wufu_proto::{Envelope, decode, envelope::Binding, v1};
use wufu_verifier::{
    ClaimCheck, Donation, DonationCheck, FiveFu, Gift, GiftCheck, Trust, VerifyingKey,
    log::{
        checkpoint::Checkpoint,
        history::{LogHistory, Window},
        signed_note::LogKey,
    },
};

const HONEST: &str = include_str!("../../vectors/honest.json");
/// The key that signs both orgs' logs in the vectors.
const SEED: [u8; 32] = [9; 32];

/// What a verifier holds for one circuit, and the answer that it expects.
struct Scene {
    key: VerifyingKey,
    logs: Vec<LogHistory>,
    envelope: Envelope,
}

struct Scenes {
    claim: Scene,
    donation: Scene,
    gift: Scene,
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
        claim: scene(0)?,
        donation: scene(1)?,
        gift: scene(2)?,
        now: (file["epoch"].as_u64()? + 2) * 600,
        expiry: file["expiry"].as_u64()?,
    })
}

fuzz_target!(|data: &[u8]| {
    static SCENES: OnceLock<Scenes> = OnceLock::new();
    let Scenes { claim, donation, gift, now, expiry } =
        SCENES.get_or_init(|| scenes().unwrap_or_else(|| panic!("vectors/honest.json is broken")));
    let Ok(message) = decode::<v1::Envelope>(data) else { return };
    let Ok(envelope) = Envelope::try_from(message) else { return };
    let (now, window) = (*now, Window::default());

    let Binding::Request(request) = donation.envelope.binding() else { return };
    let check = DonationCheck {
        key: &donation.key,
        log: &donation.logs[0],
        verifier: request.verifier(),
        question: request.question(),
        now,
        window,
    };
    if let Ok(verified) = check.verify(envelope.presented()) {
        assert_eq!(Ok(verified.statement()), donation.envelope.statement::<Donation>().as_ref());
        reached("donation");
    }
    let Binding::Claim(asked) = claim.envelope.binding() else { return };
    let (cards, persons) = (&claim.logs[0], &claim.logs[1]);
    let check = ClaimCheck { key: &claim.key, cards, persons, org: &asked.org, now, window };
    if let Ok(verified) = check.verify(envelope.presented(), &asked.payout, *expiry) {
        assert_eq!(Ok(verified.statement()), claim.envelope.statement::<FiveFu>().as_ref());
        reached("five-fu");
    }
    let check = GiftCheck { key: &gift.key, cards: &gift.logs[0], org: &asked.org, now, window };
    if let Ok(verified) = check.verify(envelope.presented(), b"to a friend", *expiry) {
        assert_eq!(Ok(verified.statement()), gift.envelope.statement::<Gift>().as_ref());
        reached("gift");
    }
});
