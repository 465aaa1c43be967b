//! Why blind mode makes no proof.

use wufu_delegation::{AnswerError, KitError, KitId, ShareError, SumsError};

use super::TokenStoreError;
use crate::prover::ProverError;

/// Why there is no proof by servers that see nothing. Nothing in it tells of a witness.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlindError {
    /// Nobody deals tokens, or nobody makes sums.
    #[error("no {0} is known, expected one at least")]
    Nobody(&'static str),
    /// The same one twice.
    #[error("one {0} is named twice: it would be known by both")]
    Twice(&'static str),
    /// One server in both roles.
    #[error("{endpoint} is dealer and evaluator: it would know every witness")]
    Both {
        /// Where it is.
        endpoint: String,
    },
    /// The kit.
    #[error(transparent)]
    Kit(#[from] KitError),
    /// The kit is of the key, and not the one that is pinned.
    #[error("kit is {got}, expected {expected}, as it is pinned")]
    OtherKit {
        /// The kit that came.
        got: KitId,
        /// The one that is pinned.
        expected: KitId,
    },
    /// A dealer sent more tokens than it was asked for, or fewer. None of them is kept.
    #[error("the dealer at {endpoint} sent {got} tokens, expected {expected}")]
    Dealt {
        /// Where it is.
        endpoint: String,
        /// How many came.
        got: usize,
        /// How many were asked for.
        expected: usize,
    },
    /// What a dealer sent is not signed by its key. None of it is kept.
    #[error(
        "the dealer at {endpoint} sent tokens that another key signed, expected key {expected}, as this dealer was named: \
         get the key from the dealer's operator"
    )]
    DealerKey {
        /// Where it is.
        endpoint: String,
        /// The key that it was named with, in hexadecimal digits.
        expected: String,
    },
    /// A dealer's tokens cannot be used. None of them is kept.
    #[error("the tokens of the dealer at {endpoint} are refused: {error}")]
    Dealer {
        /// Where it is.
        endpoint: String,
        /// Why.
        #[source]
        error: TokenStoreError,
    },
    /// The tokens that were fetched earlier.
    #[error(transparent)]
    Tokens(#[from] TokenStoreError),
    /// There is no token though the dealers sent some: another process takes them.
    #[error("no token is left")]
    NoToken,
    /// The share could not be made. Nothing was sent.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The evaluator's answer is no four sums.
    #[error("the evaluator at {endpoint} answered badly: its {error}")]
    Sums {
        /// Where it is.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        error: SumsError,
    },
    /// The evaluator's answer gives no proof: it, a dealer or the kit is wrong.
    #[error("what the evaluator at {endpoint} answered makes no proof: {error}")]
    Answer {
        /// Where the evaluator is.
        endpoint: String,
        /// Why not.
        #[source]
        error: AnswerError,
    },
    /// No server made a proof, nor did the wallet's own engine.
    #[error("{server}; and in the wallet: {home}")]
    Home {
        /// Why the last server did not.
        #[source]
        server: Box<ProverError>,
        /// Why the engine did not.
        home: Box<ProverError>,
    },
    /// The clock.
    #[error("the clock is before 1970")]
    Clock,
}
