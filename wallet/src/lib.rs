//! The user's side of Wufu: it keeps keys, cards and receipts, and turns them into proofs.
//!
//! A [`Wallet`] is a folder of mode 0700 with a seed file ([`seed`]) and a database ([`store`]). It
//! takes in grants and receipts ([`holdings`]), reads logs through [`Sources`] ([`sync`]), and
//! plans claims and answers to verifiers' requests ([`plan`]). A [`ProofSource`] proves a plan: the
//! engine inside the wallet (feature `engine`), a prover that is trusted with the witness, or two
//! servers that see nothing ([`prover::blind`]). The wallet verifies every proof before it uses it.
//!
//! The wallet checks everything that comes from outside: checkpoints must be signed by a pinned
//! key, roofs and shards must hash to the signed roots, and proofs must verify under a pinned key.
//! Every wallet asks a ledger the same questions, over a new connection each time, without
//! identity. Callers pass in the time, in Unix seconds.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

pub mod endpoint;
pub mod envelope;
pub mod file;
pub mod holdings;
pub mod plan;
pub mod prover;
pub mod seed;
pub mod source;
pub mod store;
pub mod submit;
pub mod sync;
pub mod wallet;

pub use envelope::EnvelopeFormat;
pub use holdings::{
    item::{Item, ItemName},
    receive::{Inclusion, ReceivedItem},
};

pub use endpoint::Endpoint;
pub use plan::{
    Answer, ClaimAsk, ClaimPlan, DonationOptions, DonationPlan, EarlierClaim, MIN_ANONYMITY, Report,
};
pub use prover::{BlindProver, Delay, ProofMode, ProofSource, TokenStore, TrustedProver};

pub use source::{GrpcSource, NoteFile, SecondSource, Sources};
pub use store::{Holding, InclusionStatus};
pub use submit::SubmitOutcome;
pub use wallet::Wallet;
pub use wufu_verifier::log::name::LogName;

#[cfg(feature = "engine")]
pub use prover::LocalProver;
