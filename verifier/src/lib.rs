//! Checks Wufu proofs, and does nothing else: this is the crate that a verifier embeds.
//!
//! A verifier pins a key and a log, asks a question, and checks the answer. The crate recomputes
//! everything that the verifier asked for (scope, policy, anchor, bound payload), checks the proof,
//! and returns a [`Verified`] value, which nothing else can create.
//!
//! ```
//! use ed25519_dalek::SigningKey;
//! use wufu_proto::file;
//! use wufu_verifier::{
//!     DonationCheck, Policy, ProofRequest, Trust, VerifyingKey,
//!     check::{request::Question, spent::MemoryStore},
//!     log::{history::{LogHistory, Window}, signed_note::LogKey},
//! };
//!
//! # let vectors = include_str!("../../vectors/envelopes.json");
//! # let vectors: serde_json::Value = serde_json::from_str(vectors)?;
//! # let case = &vectors["cases"].as_array().unwrap()[0];
//! # let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
//! # let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap());
//! # let asked = &case["asked"];
//! # let key_bytes = bytes(&vectors["keys"]["donation"])?;
//! # let log_key_text = text(&case["log_key"]);
//! # let checkpoints = text(&case["logs"][0]["checkpoints"][0]);
//! # let question = Question {
//! #     purpose: text(&asked["purpose"]),
//! #     origin: text(&asked["origin"]),
//! #     policy: Policy::decode(&bytes(&asked["policy"])?)?,
//! #     challenge: bytes(&asked["challenge"])?.try_into().unwrap(),
//! #     expiry: asked["expiry"].as_u64().unwrap(),
//! #     key_ids: vec![VerifyingKey::decode(&key_bytes, Trust::AcceptDevelopment)?.id()],
//! # };
//! # let verifier: [u8; 32] = bytes(&asked["verifier"])?.try_into().unwrap();
//! # let envelope_bytes = bytes(&case["envelope"])?;
//! # let now = case["now"].as_u64().unwrap();
//! // What the verifier pins. In production, accept `Trust::CeremonyOnly`.
//! let key = VerifyingKey::decode(&key_bytes, Trust::AcceptDevelopment)?;
//! let log_key = LogKey::parse(&log_key_text)?;
//!
//! // The log's signed checkpoints, and this verifier's own question.
//! let mut log = LogHistory::new("cerf/donations/1");
//! log.insert_all(&log_key, &checkpoints)?;
//!
//! // The answer, and its check.
//! let envelope = file::envelope(&envelope_bytes)?;
//! let window = Window::default();
//! let (key, log, question) = (&key, &log, &question);
//! let check = DonationCheck { key, log, verifier: &verifier, question, now, window };
//! let verified = check.verify(envelope.presented())?;
//!
//! // Spend its nullifier: the same donation is not accepted twice. In production, use a database.
//! let mut spent = MemoryStore::default();
//! let admitted = verified.spend(&mut spent)?;
//! assert_eq!(admitted.verified().epoch(), 2_531_173);
//! assert!(check.verify(envelope.presented())?.spend(&mut spent).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate is `no_std` with `alloc`. It has no clock and no network: the caller passes the time
//! in. Only batches need randomness; the caller passes it in, or with feature `std` it comes from
//! the operating system. A field element is a [`Fr`] of BN254's scalar field; encoded it is 32
//! bytes, little-endian, canonical.
//!
//! # Features
//! - `std` (default): faster BLAKE3, and the operating system's randomness for batches.
//! - `simd`: batches and many hashes eight lanes at a time, with AVX-512 where the machine has it.
//!
//! # What to read next
//! - [`check`]: the checks of the three statements, and the order in which they refuse.
//! - [`check::batch`]: many proofs at once.
//! - [`check::request`]: how to ask a question.
//! - [`Reason`]: the stable codes of refusals.
//! - `examples/embed.rs` in this crate's folder: a verifier that reads files.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

extern crate alloc;

pub mod check;
pub mod encoding;
pub mod groth16;
pub mod hash;
pub mod log;
pub mod statement;

pub use ark_bn254::Fr;
pub use check::{
    ClaimCheck, DonationCheck, GiftCheck, OpenedProof, Verified, VerifyError,
    batch::{BatchVerifier, verify_batch},
    reason::Reason,
    request::ProofRequest,
    spent::NullifierStore,
};
pub use encoding::field::{FieldBytes, FieldError};
pub use groth16::{
    key::{Trust, VerifyingKey},
    proof::Proof,
};
pub use hash::element::{Anchor, Commitment, Nullifier, PublicKey, Root, Scope};
pub use statement::{
    CircuitId, CircuitName, Donation, FiveFu, Gift, KeyId, Statement,
    policy::{Policy, ProjectSet},
    record::{Amount, ProjectKey, Record, Time},
};
