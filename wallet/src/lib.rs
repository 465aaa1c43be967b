//! The user's side of Wufu: keys, cards, receipts; from what is held to a proof that may be shown.
//!
//! A [`Wallet`] is a folder of mode 0700 with a seed file ([`seed`]) and a memory ([`store`]). It
//! takes in grants and receipts ([`holdings`]), looks at logs through [`Sources`] ([`sync`]), and
//! plans claims and answers to verifiers' requests ([`plan`]). A plan is proved by a
//! [`ProofSource`]: the engine inside the wallet (feature `engine`), or a prover that is trusted
//! with the witness. What comes back is verified here before it is used.
//!
//! Nothing that comes from outside is believed: checkpoints are signed by a pinned key, roofs and
//! shards come to the signed roots, proofs verify under a pinned key. What a ledger is asked is the
//! same for every wallet, over a new connection each time, without identity. The time is passed in,
//! in Unix seconds.
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
