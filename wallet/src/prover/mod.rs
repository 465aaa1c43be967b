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
pub use trusted::{TIMEOUT, TrustedProver};
pub use wufu_proto::prover::{Stage, Timings};

use std::{fmt, sync::Arc};

use wufu_proto::witness::Job;
use wufu_verifier::{KeyId, check::PresentedProof};

/// A proof as the prover gave it. The wallet verifies it before it uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedProof {
    /// 32 bytes for each public input.
    pub public_inputs: Vec<u8>,
    /// 128 bytes.
    pub proof: Vec<u8>,
    /// The id of the key that the prover names.
    pub key_id: KeyId,
    /// How long the steps took.
    pub timings: Timings,
    /// How the proof was made, and so who learned what.
    pub mode: ProofMode,
}

impl UnverifiedProof {
    /// The parts that a verifier checks.
    pub fn presented(&self) -> PresentedProof<'_> {
        let Self { public_inputs, proof, key_id, .. } = self;
        PresentedProof { key_id: key_id.as_bytes(), public_inputs, proof }
    }
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
    async fn prove(&self, job: Job, stage: OnStage) -> Result<UnverifiedProof, ProverError>;
}
