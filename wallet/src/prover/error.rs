//! Why a prover did not make a proof. Blind mode can fail because of another prover, so both errors
//! stand here.

use std::time::Duration;

use tonic_types::StatusExt as _;
use wufu_circuits::ClauseError;
use wufu_delegation::{AnswerError, KitError, KitId, ShareError, SumsError};
use wufu_proto::ConvertError;
use wufu_verifier::KeyId;

use super::blind::TokenStoreError;
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

/// Why blind mode did not make a proof. No error says anything about a witness.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlindError {
    /// No dealer or no evaluator was named.
    #[error("no {0} is named, expected at least one")]
    Nobody(&'static str),
    /// The same server was named twice.
    #[error("the same {0} is named twice, expected different ones")]
    Twice(&'static str),
    /// One server was named in both roles.
    #[error("{endpoint} is both dealer and evaluator, so it would know every witness")]
    Both {
        /// The server's address.
        endpoint: String,
    },
    /// The kit is malformed or belongs to another key.
    #[error(transparent)]
    Kit(#[from] KitError),
    /// The kit belongs to the key, but is not the pinned one.
    #[error("kit is {got}, expected {expected}, which is pinned")]
    OtherKit {
        /// The id of the given kit.
        got: KitId,
        /// The id of the pinned kit.
        expected: KitId,
    },
    /// A dealer sent more or fewer tokens than it was asked for. None of them is kept.
    #[error("the dealer at {endpoint} sent {got} tokens, expected {expected}")]
    Dealt {
        /// The server's address.
        endpoint: String,
        /// How many tokens came.
        got: usize,
        /// How many tokens were asked for.
        expected: usize,
    },
    /// A dealer's tokens are not signed by its key. None of them is kept.
    #[error(
        "the dealer at {endpoint} sent tokens that another key signed, expected key {expected}, \
         with which this dealer was named: get the key from the dealer's operator"
    )]
    DealerKey {
        /// The server's address.
        endpoint: String,
        /// The key with which it was named, in hexadecimal digits.
        expected: String,
    },
    /// A dealer's tokens cannot be used. None of them is kept.
    #[error("the tokens of the dealer at {endpoint} are refused: {error}")]
    Dealer {
        /// The server's address.
        endpoint: String,
        /// Why they cannot be used.
        #[source]
        error: TokenStoreError,
    },
    /// The store of tokens failed.
    #[error(transparent)]
    Tokens(#[from] TokenStoreError),
    /// There is no token although the dealers sent some: another process takes them.
    #[error("no token is left, because another process of this wallet took them: try again")]
    NoToken,
    /// The share could not be made. Nothing was sent.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The evaluator's answer is not four sums.
    #[error("the evaluator at {endpoint} gave a faulty answer: its {error}")]
    Sums {
        /// The server's address.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        error: SumsError,
    },
    /// The evaluator's answer does not make a valid proof: the answer, a dealer or the kit is
    /// wrong.
    #[error("the answer of the evaluator at {endpoint} does not make a proof: {error}")]
    Answer {
        /// The evaluator's address.
        endpoint: String,
        /// Why it does not.
        #[source]
        error: AnswerError,
    },
    /// Neither a server nor the wallet's own engine made a proof.
    #[error("{server}; and the wallet could not prove either: {home}")]
    Home {
        /// The error of the last server.
        #[source]
        server: Box<ProverError>,
        /// The error of the engine.
        home: Box<ProverError>,
    },
    /// The machine's clock is wrong.
    #[error("this machine's clock is before 1970: set it")]
    Clock,
}

/// Converts the error with which a server answered.
pub(super) fn answered(
    role: &'static str,
    endpoint: &Endpoint,
    status: tonic::Status,
) -> ProverError {
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
