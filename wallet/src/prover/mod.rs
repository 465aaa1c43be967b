//! Provers: who makes a wallet's proofs.

pub mod blind;
#[cfg(feature = "engine")]
mod local;
mod mode;
mod trusted;

pub use blind::{BlindError, BlindProver, Delay, TokenStore};
#[cfg(feature = "engine")]
pub use local::LocalProver;
pub use mode::{DealerContact, ProofMode, Server};
pub use trusted::{TIMEOUT, TokenTextError, TrustedProver};
pub use wufu_proto::prover::{Stage, Timings};

use std::{fmt, sync::Arc, time::Duration};

use wufu_circuits::ClauseError;
use wufu_proto::{ConvertError, witness::Job};
use wufu_verifier::{KeyId, check::PresentedProof};

use tonic_types::StatusExt as _;

use crate::{
    endpoint::{Endpoint, EndpointError, plain},
    wallet::TaskStopped,
};

/// Why a prover did not make a proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProverError {
    /// The address is not one that a wallet may connect to.
    #[error(transparent)]
    Place(#[from] EndpointError),
    /// The connection failed.
    #[error("no connection to the {role} at {endpoint}: {error}")]
    Connect {
        /// The kind of server: "prover", "dealer" or "evaluator".
        role: &'static str,
        /// The server's address.
        endpoint: String,
        /// The transport's error.
        #[source]
        error: tonic::transport::Error,
    },
    /// The server is full.
    #[error("the {role} at {endpoint} is full{wait}", wait = wait(*retry))]
    Busy {
        /// The kind of server: "prover", "dealer" or "evaluator".
        role: &'static str,
        /// The server's address.
        endpoint: String,
        /// After how long to try again, if the server said so.
        retry: Option<Duration>,
    },
    /// The server answered with an error.
    #[error(
        "the {role} at {endpoint} answered {code:?}: {message}",
        code = status.code(),
        message = status.message()
    )]
    Status {
        /// The kind of server: "prover", "dealer" or "evaluator".
        role: &'static str,
        /// The server's address.
        endpoint: String,
        /// The error, fit to be shown.
        #[source]
        status: Box<tonic::Status>,
    },
    /// The answer ended without a proof.
    #[error("the {role} at {endpoint} sent no proof")]
    Silent {
        /// The kind of server: "prover", "dealer" or "evaluator".
        role: &'static str,
        /// The server's address.
        endpoint: String,
    },
    /// The answer is not a proof.
    #[error("the {role} at {endpoint} gave a faulty answer: {error}")]
    Answer {
        /// The kind of server: "prover", "dealer" or "evaluator".
        role: &'static str,
        /// The server's address.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        error: ConvertError,
    },
    /// The prover does not have the key.
    #[error("there is no proving key {key} here")]
    NoKey {
        /// The id of the requested key.
        key: KeyId,
    },
    /// The statement is false.
    #[error(transparent)]
    False(#[from] ClauseError),
    /// The engine in the wallet failed.
    #[cfg(feature = "engine")]
    #[error(transparent)]
    Engine(#[from] wufu_prover::ProveError),
    /// Blind mode failed.
    #[error(transparent)]
    Blind(Box<BlindError>),
    /// The computation was stopped, because the program ends.
    #[error(transparent)]
    Stopped(#[from] TaskStopped),
}

/// Converts the error with which a server answered.
fn answered(role: &'static str, endpoint: &Endpoint, status: tonic::Status) -> ProverError {
    let endpoint = endpoint.to_string();
    if status.code() == tonic::Code::ResourceExhausted {
        let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
        return ProverError::Busy { role, endpoint, retry };
    }
    ProverError::Status { role, endpoint, status: Box::new(plain(&status)) }
}

fn wait(retry: Option<Duration>) -> String {
    retry
        .map(|retry| format!(": try again in {} s", retry.as_millis().div_ceil(1000)))
        .unwrap_or_default()
}

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
