//! Who makes a wallet's proofs.

pub mod blind;
#[cfg(feature = "engine")]
mod local;
mod trusted;

pub use blind::{BlindError, BlindProver, Delay, TokenStore};
#[cfg(feature = "engine")]
pub use local::LocalProver;
pub use trusted::{TIMEOUT, TrustedProver};
pub use wufu_proto::prover::{Stage, Timings};

use std::{fmt, sync::Arc, time::Duration};

use wufu_circuits::ClauseError;
use wufu_proto::{ConvertError, witness::Job};
use wufu_verifier::{KeyId, verify::PresentedProof};

use tonic_types::StatusExt as _;

use crate::{
    place::{Endpoint, EndpointError, plain},
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
    /// Blind mode.
    #[error(transparent)]
    Blind(Box<BlindError>),
    /// The program ends.
    #[error(transparent)]
    Stopped(#[from] TaskStopped),
}

/// What an error that a server answered with means.
fn answered(place: &Endpoint, status: tonic::Status) -> ProverError {
    let place = place.to_string();
    if status.code() == tonic::Code::ResourceExhausted {
        let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
        return ProverError::Busy { place, retry };
    }
    ProverError::Status { place, status: Box::new(plain(&status)) }
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
    /// By servers that share nothing, of which none saw the witness.
    Blind {
        /// Whose masks were used.
        dealers: Vec<String>,
        /// Who was sent something, one after the other: all but the last failed.
        evaluators: Vec<String>,
        /// Whether the last failed, too, and the wallet's own engine made the proof.
        local: bool,
    },
}

impl Mode {
    /// Its name, for people and machines.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Trusted { .. } => "trusted",
            Self::Blind { local: false, .. } => "blind",
            Self::Blind { local: true, .. } => "local, after blind failed",
        }
    }

    /// What whoever made the proof learned.
    pub const fn learned(&self) -> &'static str {
        match self {
            Self::Local => "nothing left the wallet",
            Self::Trusted { .. } => {
                "the prover saw the witness, and with it the power to spend, show and recognise everything under that key"
            }
            Self::Blind { .. } => {
                "no server saw the witness, a public input or an identity; dealer and evaluator together could work it out"
            }
        }
    }

    /// What each server learned.
    pub fn servers(&self) -> Vec<Server> {
        let server = |role, place: &String, learned| Server { role, place: place.clone(), learned };
        match self {
            Self::Local => Vec::new(),
            Self::Trusted { place } => vec![server("prover", place, self.learned())],
            Self::Blind { dealers, evaluators, .. } => {
                let dealt = "which circuit, how many tokens, when they were fetched, from which address; not whether or for what they are used, though a wallet that proves rarely fetches them close to a proof";
                let evaluated = "which circuit, when, from which address, and numbers that are uniform without the dealer's seed";
                let dealers = dealers.iter().map(|place| server("dealer", place, dealt));
                dealers
                    .chain(evaluators.iter().map(|place| server("evaluator", place, evaluated)))
                    .collect()
            }
        }
    }
}

/// A server, and what it learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What it does: "prover", "dealer" or "evaluator".
    pub role: &'static str,
    /// Where it is.
    pub place: String,
    /// What it learned.
    pub learned: &'static str,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
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
    pub mode: Mode,
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
    fn mode(&self) -> Mode;

    /// Proves a statement, and tells `stage` how far it is.
    ///
    /// # Errors
    /// When there is no proof.
    async fn prove(&self, job: Job, stage: OnStage) -> Result<UnverifiedProof, ProverError>;
}
