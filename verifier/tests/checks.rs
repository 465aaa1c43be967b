//! Refusals that neither the vectors nor the published failures cover, one at a time. Each of these
//! checks could be removed, and no other test of this directory failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use wufu_verifier::{
    Amount, CircuitName, KeyId, Nullifier, NullifierStore as _, Policy, ProjectKey, ProjectSet,
    ProofRequest, Root, Time,
    check::{
        request::{MAX_KEYS, MAX_TEXT, Question, RequestError},
        spent::{MemoryStore, SpendError},
    },
    encoding::canonical::{CanonicalError, Reader, Writer},
    log::{
        checkpoint::{self, Checkpoint, CheckpointError, LogState},
        history::{HistoryError, LogHistory},
        notes::{self, NotesError},
        signed_note::{self, LogKey, NoteError},
    },
    statement::policy::{Bounds, PolicyError},
};

const TEXT: &str = "wufu/cards\n5\n";

fn signing() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn key() -> LogKey {
    LogKey::new("wufu", signing().verifying_key()).unwrap()
}

/// A note with any text, signed by hand: [`signed_note::sign`] refuses texts that must not be
/// opened.
fn signed(text: &str) -> String {
    let name_hash_key = key().to_string();
    let hash = hex::decode(name_hash_key.split('+').nth(1).unwrap()).unwrap();
    let signature = [hash, signing().sign(text.as_bytes()).to_bytes().to_vec()].concat();
    format!("{text}\n\u{2014} wufu {}\n", Base64::encode_string(&signature))
}

#[test]
fn a_note_by_hand_is_the_one_that_is_signed() {
    assert_eq!(signed(TEXT), signed_note::sign("wufu", &signing(), TEXT).unwrap());
    assert_eq!(key().open(&signed(TEXT)), Ok(TEXT));
}

/// Rows of docs/failures.md: 23.
#[test]
fn a_weak_or_badly_named_key_signs_no_log() {
    // The identity: anybody can sign any text with it.
    let mut identity = [0; 32];
    identity[0] = 1;
    let weak = VerifyingKey::from_bytes(&identity).unwrap();
    assert_eq!(LogKey::new("wufu", weak), Err(NoteError::Key));
    for name in ["", "wu fu", "wu\u{202e}fu"] {
        let refused = LogKey::new(name, signing().verifying_key());
        assert!(matches!(refused, Err(NoteError::Name { .. })), "{name:?}: {refused:?}");
    }
    let text = key().to_string();
    let hash = text.split('+').nth(1).unwrap();
    let mistyped = LogKey::parse(&text.replace(hash, "00000000"));
    assert!(matches!(mistyped, Err(NoteError::KeyHash { .. })), "{mistyped:?}");
}

/// Rows of docs/failures.md: 53.
#[test]
fn a_deceptive_note_is_refused_though_signed() {
    for hidden in ["a\u{202e}b\n", "a\u{200b}b\n", "a\rb\n"] {
        assert_eq!(key().open(&signed(hidden)), Err(NoteError::Form), "{hidden:?}");
    }
}

/// Rows of docs/failures.md: 22.
#[test]
fn a_note_has_so_many_signatures_and_bytes_at_most() {
    let note = signed(TEXT);
    let line = note.split("\n\n").nth(1).unwrap();
    let most = signed_note::MAX_SIGNATURES - 1;
    assert_eq!(key().open(&format!("{note}{}", line.repeat(most))), Ok(TEXT));
    assert_eq!(key().open(&format!("{note}{}", line.repeat(most + 1))), Err(NoteError::Form));
    let long = signed(&format!("{}\n", "a".repeat(signed_note::MAX_BYTES)));
    assert_eq!(key().open(&long), Err(NoteError::Long { got: long.len() }));
    // The signature of somebody without a name.
    assert_eq!(key().open(&format!("{note}\u{2014}  AAAAAAAA\n")), Err(NoteError::Form));
}

fn state(epoch: u64) -> LogState<'static> {
    LogState {
        origin: "wufu/cards",
        size: epoch,
        root: Root(epoch.into()),
        epoch,
        epoch_seconds: 600,
    }
}

#[test]
fn a_checkpoint_has_so_many_bytes_at_most() {
    let note = Checkpoint::sign("wufu", &signing(), &state(1)).unwrap().note().to_owned();
    let name = "a".repeat(200);
    let more = format!("\u{2014} {name} AAAAAAAA\n").repeat(80);
    let long = format!("{note}{more}");
    assert!(long.len() > checkpoint::MAX_BYTES && long.len() < signed_note::MAX_BYTES);
    assert!(key().open(&long).is_ok());
    let refused = Checkpoint::open(&key(), &long).unwrap_err();
    assert_eq!(refused, CheckpointError::Long { got: long.len() });
}

/// Rows of docs/failures.md: 31.
/// With two keys of one name, the log would belong to whichever came first.
#[test]
fn a_history_is_of_one_key_and_one_log() {
    let mut log = LogHistory::new("wufu/cards");
    log.insert(Checkpoint::sign("wufu", &signing(), &state(1)).unwrap()).unwrap();
    let other = SigningKey::from_bytes(&[8; 32]);
    let refused = log.insert(Checkpoint::sign("wufu", &other, &state(2)).unwrap());
    assert!(matches!(refused, Err(HistoryError::Key { .. })), "{refused:?}");
    let elsewhere = LogState { origin: "wufu/persons", ..state(2) };
    let refused = log.insert(Checkpoint::sign("wufu", &signing(), &elsewhere).unwrap());
    assert!(matches!(refused, Err(HistoryError::Origin { .. })), "{refused:?}");
    log.insert(Checkpoint::sign("wufu", &signing(), &state(2)).unwrap()).unwrap();
}

#[test]
fn what_happened_to_a_text_of_notes_is_named() {
    let good = Checkpoint::sign("wufu", &signing(), &state(1)).unwrap().note().to_owned();
    let body = good.split("\n\n").next().unwrap();
    assert_eq!(notes::split(&good).map(|notes| notes.len()), Ok(1));
    for (text, expected) in [
        ("a".repeat(notes::MAX_BYTES + 1), NotesError::Long { got: notes::MAX_BYTES + 1 }),
        (format!("\u{feff}{good}"), NotesError::ByteOrderMark),
        (body.into(), NotesError::NoNote { bytes: body.len() }),
        (format!("{good}\n{body}\n\nmore\n"), NotesError::Unfinished { number: 2 }),
    ] {
        let refused = notes::split(&text);
        assert!(refused == Err(expected.clone()), "expected {expected:?}");
    }
    let mut log = LogHistory::new("wufu/donations/1");
    let refused = log.insert_all(&key(), &good).unwrap_err();
    assert_eq!(refused, NotesError::OtherLogs { expected: "wufu/donations/1".into() });
}

/// Rows of docs/failures.md: 38.
#[test]
fn a_message_has_its_fields_and_nothing_after_them() {
    let one = Writer::new().text("a").finish();
    let count = Reader::new(&one, 2).err();
    assert_eq!(count, Some(CanonicalError::Count { got: 1, expected: 2 }));
    let more = [&one[..], &[0]].concat();
    let mut reader = Reader::new(&more, 1).unwrap();
    assert_eq!(reader.text("a"), Ok("a".into()));
    assert_eq!(reader.finish(), Err(CanonicalError::Trailing { bytes: 1 }));
}

/// Rows of docs/failures.md: 13.
#[test]
fn bounds_and_sets_that_no_policy_has_are_refused() {
    let swapped = Bounds::times(Time::MAX, Time::MIN);
    assert!(matches!(swapped, Err(PolicyError::Bounds { field: "time", .. })), "{swapped:?}");
    let swapped = Bounds::amounts(Amount::MAX, Amount::MIN);
    assert!(matches!(swapped, Err(PolicyError::Bounds { field: "amount", .. })), "{swapped:?}");
    let set = |count: usize| {
        let keys = (1..=count).map(|number| ProjectKey::new(1, number as u32).unwrap());
        ProjectSet::new(keys).map(|_| ())
    };
    assert_eq!(set(ProjectSet::PLACES), Ok(()));
    let got = ProjectSet::PLACES + 1;
    assert_eq!(set(got), Err(PolicyError::LargeSet { got }));
}

fn question() -> Question {
    Question {
        purpose: "tax relief 2026".into(),
        origin: "cerf/donations/1".into(),
        policy: Policy {
            projects: ProjectSet::new([ProjectKey::new(1, 1).unwrap()]).unwrap(),
            amount: Bounds::ANY_AMOUNT,
            time: Bounds::ANY_TIME,
        },
        challenge: [5; 32],
        expiry: 2_000_000_000,
        key_ids: vec![KeyId([1; 32])],
    }
}

/// Rows of docs/failures.md: 34, 53.
#[test]
fn a_question_that_nobody_should_answer_is_not_signed() {
    let refused = |change: &dyn Fn(&mut Question)| {
        let mut question = question();
        change(&mut question);
        ProofRequest::sign(&signing(), question).map(|_| ()).unwrap_err()
    };
    let text = |field, got| RequestError::Text { field, got };
    assert_eq!(refused(&|q| q.purpose.clear()), text("purpose", 0));
    assert_eq!(refused(&|q| q.origin.clear()), text("origin", 0));
    let long = MAX_TEXT + 1;
    assert_eq!(refused(&|q| q.purpose = "a".repeat(long)), text("purpose", long));
    assert_eq!(refused(&|q| q.origin = "a".repeat(long)), text("origin", long));
    let name = refused(&|q| q.purpose = "tax\u{202e}relief".into());
    assert!(matches!(name, RequestError::Name { field: "purpose", .. }), "{name:?}");
    let word = refused(&|q| q.origin = "cerf donations".into());
    assert!(matches!(word, RequestError::Name { field: "origin", .. }), "{word:?}");
    let purpose = wufu_verifier::statement::CLAIM;
    assert_eq!(refused(&|q| q.purpose = purpose.into()), text("purpose", purpose.len()));
    assert_eq!(refused(&|q| q.key_ids.clear()), RequestError::Keys { got: 0 });
    let many = MAX_KEYS + 1;
    let got = 32 * many;
    assert_eq!(refused(&|q| q.key_ids = vec![KeyId([1; 32]); many]), RequestError::Keys { got });
}

/// The bytes of a request with the given context and circuit, signed without a check.
fn request(context: &str, circuit: &str) -> Vec<u8> {
    let Question { purpose, origin, policy, challenge, expiry, key_ids } = question();
    let verifier = signing().verifying_key();
    let fields = |writer: Writer| {
        writer
            .text(context)
            .bytes(verifier.as_bytes())
            .text(&purpose)
            .text(circuit)
            .text(&origin)
            .bytes(&policy.encode())
            .bytes(&challenge)
            .u64(expiry)
            .bytes(&key_ids[0].0)
    };
    let signature = signing().sign(&fields(Writer::new()).finish()).to_bytes();
    fields(Writer::new()).bytes(&signature).finish()
}

/// Rows of docs/failures.md: 34.
/// It aborted with "double free or corruption" as long as [`Writer::new`] could be inlined: the
/// compiler made one of two writers.
#[test]
fn a_request_of_another_kind_is_not_read_as_ours() {
    let ours = ProofRequest::sign(&signing(), question()).unwrap().encode();
    let context = Reader::new(&ours, 10).unwrap().text("context").unwrap();
    assert_eq!(request(&context, CircuitName::Donation.as_str()), ours);
    let refused = |context: &str, circuit: CircuitName| {
        ProofRequest::decode(&request(context, circuit.as_str())).unwrap_err()
    };
    let other = format!("{context} 2");
    assert_eq!(refused(&other, CircuitName::Donation), RequestError::Context);
    assert_eq!(refused(&context, CircuitName::FiveFu), RequestError::Circuit);
    let mut unsigned = ours.clone();
    *unsigned.last_mut().unwrap() ^= 1;
    assert_eq!(ProofRequest::decode(&unsigned), Err(RequestError::Signature));
}

/// Rows of docs/failures.md: 6.
#[test]
fn a_nullifier_is_spent_once_and_never_repeated() {
    let mut store = MemoryStore::default();
    let [one, two, three, four] = [1u64, 2, 3, 4].map(|n| Nullifier(n.into()));
    store.check_and_insert(&[one, two]).unwrap();
    let spent = |nullifier| Err(SpendError::Spent { nullifier });
    assert_eq!(store.check_and_insert(&[three, two]), spent(two));
    assert_eq!(store.check_and_insert(&[four, four]), spent(four));
    assert_eq!(store.nullifiers(), [one, two]);
}
