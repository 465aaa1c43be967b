//! Who makes a wallet's proofs.

pub mod blind;
#[cfg(feature = "engine")]
mod local;
mod mode;
mod trusted;

pub use blind::{BlindError, BlindProver, Delay, TokenStore};
#[cfg(feature = "engine")]
pub use local::LocalProver;
pub use mode::{DealerContact, ProofMode, Server};
pub use trusted::{TIMEOUT, TrustedProver};
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

/// Why a prover gave no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProverError {
    /// Where it is said to be.
    #[error(transparent)]
    Place(#[from] EndpointError),
    /// The connection.
    #[error("no connection to the {role} at {endpoint}: {error}")]
    Connect {
        /// What it is: "prover", "dealer" or "evaluator".
        role: &'static str,
        /// Whereto.
        endpoint: String,
        /// What the transport says.
        #[source]
        error: tonic::transport::Error,
    },
    /// It is full.
    #[error("the {role} at {endpoint} is full{wait}", wait = wait(*retry))]
    Busy {
        /// What it is: "prover", "dealer" or "evaluator".
        role: &'static str,
        /// Who.
        endpoint: String,
        /// When to come back, if it said so.
        retry: Option<Duration>,
    },
    /// It answered with an error.
    #[error("the {role} at {endpoint} answered {code:?}: {message}", code = status.code(), message = status.message())]
    Status {
        /// What it is: "prover", "dealer" or "evaluator".
        role: &'static str,
        /// Who.
        endpoint: String,
        /// The answer.
        #[source]
        status: Box<tonic::Status>,
    },
    /// Its answer ended without a proof.
    #[error("the {role} at {endpoint} sent no proof")]
    Silent {
        /// What it is: "prover", "dealer" or "evaluator".
        role: &'static str,
        /// Who.
        endpoint: String,
    },
    /// Its answer is no proof.
    #[error("the {role} at {endpoint} answered badly: {error}")]
    Answer {
        /// What it is: "prover", "dealer" or "evaluator".
        role: &'static str,
        /// Who.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        error: ConvertError,
    },
    /// It has no such key.
    #[error("there is no proving key {key} here")]
    NoKey {
        /// The key that was asked for.
        key: KeyId,
    },
    /// The statement is false.
    #[error(transparent)]
    False(#[from] ClauseError),
    /// The engine in the wallet failed.
    #[cfg(feature = "engine")]
    #[error(transparent)]
    Engine(#[from] wufu_prover::ProveError),
    /// Blind mode.
    #[error(transparent)]
    Blind(Box<BlindError>),
    /// The program ends.
    #[error(transparent)]
    Stopped(#[from] TaskStopped),
}

/// What an error that a server answered with means.
fn answered(role: &'static str, endpoint: &Endpoint, status: tonic::Status) -> ProverError {
    let endpoint = endpoint.to_string();
    if status.code() == tonic::Code::ResourceExhausted {
        let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
        return ProverError::Busy { role, endpoint, retry };
    }
    ProverError::Status { role, endpoint, status: Box::new(plain(&status)) }
}

fn wait(retry: Option<Duration>) -> String {
    retry.map(|retry| format!(": try again in {} ms", retry.as_millis())).unwrap_or_default()
}

/// A proof as it came. The wallet verifies it before it uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedProof {
    /// 32 bytes for each public input.
    pub public_inputs: Vec<u8>,
    /// 128 bytes.
    pub proof: Vec<u8>,
    /// The key that it is said to be under.
    pub key_id: KeyId,
    /// How long it took.
    pub timings: Timings,
    /// How it was made, and so who learned what.
    pub mode: ProofMode,
}

impl UnverifiedProof {
    /// What a verifier checks.
    pub fn presented(&self) -> PresentedProof<'_> {
        let Self { public_inputs, proof, key_id, .. } = self;
        PresentedProof { key_id: key_id.as_bytes(), public_inputs, proof }
    }
}

/// Is told how far a proof is.
pub type OnStage = Arc<dyn Fn(Stage) + Send + Sync>;

/// Somebody who makes proofs. Nothing that comes back is believed.
#[tonic::async_trait]
pub trait ProofSource: fmt::Debug + Send + Sync {
    /// How, and so who learns what.
    fn mode(&self) -> ProofMode;

    /// Proves a statement, and tells `stage` how far it is.
    ///
    /// # Errors
    /// Returns an error if there is no proof.
    async fn prove(&self, job: Job, stage: OnStage) -> Result<UnverifiedProof, ProverError>;
}
