//! Provers: who makes a wallet's proofs.

pub mod blind;
mod error;
#[cfg(feature = "engine")]
mod local;
mod mode;
mod trusted;

pub use blind::{BlindProver, Delay, TokenStore};
use error::answered;
pub use error::{BlindError, ProverError};
#[cfg(feature = "engine")]
pub use local::LocalProver;
pub use mode::{DealerContact, ProofMode, Server};
pub use trusted::{TIMEOUT, TokenTextError, TrustedProver};
pub use wufu_proto::prover::{Stage, Timings};

use std::{fmt, sync::Arc};

use wufu_proto::witness::Job;
use wufu_verifier::check::UnverifiedProof;

/// A proof as the prover gave it. The wallet verifies it before it uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProverAnswer {
    /// The proof.
    pub proof: UnverifiedProof,
    /// How long the steps took.
    pub timings: Timings,
    /// How the proof was made, and so who learned what.
    pub mode: ProofMode,
}

/// A callback that is told how far a proof is.
pub type OnStage = Arc<dyn Fn(Stage) + Send + Sync>;

/// Something that makes proofs. The wallet verifies every proof that it gets.
#[tonic::async_trait]
pub trait ProofSource: fmt::Debug + Send + Sync {
    /// How it proves, and so who learns what.
    fn mode(&self) -> ProofMode;

    /// Proves a statement, and reports its progress to `stage`.
    ///
    /// # Errors
    /// Returns an error if no proof could be made.
    async fn prove(&self, job: Job, stage: OnStage) -> Result<ProverAnswer, ProverError>;
}
