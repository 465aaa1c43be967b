//! What a caller is told when there is no proof. Nothing of a witness but the clause that is false.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use wufu_proto::ConvertError;
use wufu_verifier::KeyId;

use super::admission::AdmissionError;
use crate::ProveError;

pub(super) fn unknown_key(key: KeyId) -> Status {
    Status::not_found(format!("this prover has no key {key}"))
}

pub(super) fn unknown(key: KeyId) -> Status {
    Status::not_found(format!("there is no key {key} here"))
}

pub(super) fn late() -> Status {
    Status::deadline_exceeded("the deadline came first")
}

impl From<AdmissionError> for Status {
    fn from(refused: AdmissionError) -> Self {
        match refused {
            AdmissionError::Full(after) => {
                let details = ErrorDetails::with_retry_info(Some(after));
                Self::with_error_details(Code::ResourceExhausted, "the queue is full", details)
            }
            AdmissionError::Late => late(),
            AdmissionError::Closing => Self::unavailable("this prover is ending"),
        }
    }
}

/// Names the field and what is wrong with it.
pub(super) fn malformed(error: &ConvertError) -> Status {
    Status::invalid_argument(error.to_string())
}

pub(super) fn unproved(error: &ProveError) -> Status {
    match error {
        ProveError::False(_) | ProveError::Circuit { .. } => {
            Status::invalid_argument(error.to_string())
        }
        // Whoever stopped it, by a deadline or by leaving, is told by the other end of the wait.
        ProveError::Stopped(_) => Status::cancelled("nobody waits for the proof any more"),
        ProveError::Engine(_) | ProveError::Unverified => {
            tracing::error!(%error, "no proof of a true statement");
            Status::internal("the prover failed on a true statement")
        }
    }
}
