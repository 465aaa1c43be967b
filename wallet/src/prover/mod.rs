//! Who makes a wallet's proofs.

#[cfg(feature = "engine")]
mod local;
mod trusted;

#[cfg(feature = "engine")]
pub use local::LocalProver;
pub use trusted::TrustedProver;
pub use wufu_proto::prover::{Stage, Timings};

use std::{fmt, sync::Arc, time::Duration};

use wufu_circuits::ClauseError;
use wufu_proto::{ConvertError, witness::Job};
use wufu_verifier::{KeyId, verify::Presented};

use crate::{place::PlaceError, wallet::Stopped};

/// Why a prover gave no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProverError {
    /// Where it is said to be.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The connection.
    #[error("no connection to the prover at {place}: {error}")]
    Connect {
        /// Whereto.
        place: String,
        /// What the transport says.
        #[source]
        error: tonic::transport::Error,
    },
    /// It is full.
    #[error("the prover at {place} is full{wait}", wait = wait(*retry))]
    Busy {
        /// Who.
        place: String,
        /// When to come back, if it said so.
        retry: Option<Duration>,
    },
    /// It answered with an error.
    #[error("the prover at {place} answered {code:?}: {message}", code = status.code(), message = status.message())]
    Status {
        /// Who.
        place: String,
        /// The answer.
        #[source]
        status: Box<tonic::Status>,
    },
    /// Its answer ended without a proof.
    #[error("the prover at {place} sent no proof")]
    Silent {
        /// Who.
        place: String,
    },
    /// Its answer is no proof.
    #[error("the prover at {place} answered badly: {error}")]
    Answer {
        /// Who.
        place: String,
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
    /// The program ends.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

fn wait(retry: Option<Duration>) -> String {
    retry.map(|retry| format!(": try again in {} ms", retry.as_millis())).unwrap_or_default()
}

/// How a proof was made, and so who learned what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// In the wallet's own process: nobody else learned anything.
    Local,
    /// By a prover that saw the witness.
    Trusted {
        /// Where it is.
        place: String,
    },
}

impl Mode {
    /// Its name, for people and machines.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Trusted { .. } => "trusted",
        }
    }

    /// What whoever made the proof learned.
    pub const fn learned(&self) -> &'static str {
        match self {
            Self::Local => "nothing left the wallet",
            Self::Trusted { .. } => {
                "the prover saw the witness, and with it the power to spend, show and recognise everything under that key"
            }
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A proof as it came. The wallet verifies it before it uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// 32 bytes for each public input.
    pub public_inputs: Vec<u8>,
    /// 128 bytes.
    pub proof: Vec<u8>,
    /// The key that it is said to be under.
    pub key_id: KeyId,
    /// How long it took.
    pub timings: Timings,
}

impl Made {
    /// What a verifier checks.
    pub fn presented(&self) -> Presented<'_> {
        let Self { public_inputs, proof, key_id, .. } = self;
        Presented { key_id: key_id.as_bytes(), public_inputs, proof }
    }
}

/// Is told how far a proof is.
pub type OnStage = Arc<dyn Fn(Stage) + Send + Sync>;

/// Somebody who makes proofs. Nothing that comes back is believed.
#[tonic::async_trait]
pub trait ProofSource: fmt::Debug + Send + Sync {
    /// How, and so who learns what.
    fn mode(&self) -> Mode;

    /// Proves a statement, and tells `stage` how far it is.
    ///
    /// # Errors
    /// When there is no proof.
    async fn prove(&self, job: Job, stage: OnStage) -> Result<Made, ProverError>;
}
