//! Signed notes, log keys and checkpoints. Texts are signed first, so that the fuzzer gets past the
//! signature.
#![no_main]

use ed25519_dalek::SigningKey;
use libfuzzer_sys::fuzz_target;
use wufu_fuzz::reached;
use wufu_verifier::log::{
    checkpoint::{Checkpoint, LogState},
    receipt::{ClaimReceipt, ClaimRefusal},
    signed_note::{self, LogKey},
};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = core::str::from_utf8(data) else { return };
    if let Ok(key) = LogKey::parse(text) {
        assert_eq!(key.to_string(), text.trim_end());
        reached("log key");
    }
    let signing = SigningKey::from_bytes(&[9; 32]);
    let Ok(key) = LogKey::new("cerf", signing.verifying_key()) else { return };
    opened(&signing, &key, text);
    let Ok(signed) = signed_note::sign("cerf", &signing, text) else { return };
    if signed.len() <= signed_note::MAX_BYTES {
        assert_eq!(key.open(&signed), Ok(text));
    }
    opened(&signing, &key, &signed);
});

fn opened(signing: &SigningKey, key: &LogKey, note: &str) {
    if let Ok(text) = key.open(note) {
        assert!(note.starts_with(text));
        reached("note");
    }
    if let Ok(receipt) = ClaimReceipt::open(key, note) {
        assert_eq!(ClaimReceipt::parse("cerf", &receipt.text("cerf")), Ok(receipt));
        reached("receipt");
    }
    if let Ok(refusal) = ClaimRefusal::open(key, note) {
        assert_eq!(ClaimRefusal::parse("cerf", &refusal.text("cerf")), Ok(refusal));
        reached("refusal");
    }
    let Ok(checkpoint) = Checkpoint::open(key, note) else { return };
    let state = LogState {
        origin: checkpoint.origin(),
        size: checkpoint.size(),
        root: checkpoint.root(),
        epoch: checkpoint.epoch(),
        epoch_seconds: checkpoint.epoch_seconds(),
    };
    let again = Checkpoint::sign("cerf", signing, &state).map(|again| again.note().to_string());
    // A checkpoint has only one text. Other signatures may follow ours.
    let text = |note: &str| note.rsplit_once("\n\n").map(|(text, _)| text.to_string());
    assert_eq!(again.ok().as_deref().and_then(text), text(note));
    reached("checkpoint");
}
