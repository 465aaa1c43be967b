//! What a caller is told when there is no proof. It says nothing about the witness, except which
//! clause is false.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use wufu_proto::ConvertError;
use wufu_serve::metrics::{Reason, refused};
use wufu_verifier::KeyId;

use super::admission::AdmissionError;
use crate::ProveError;

pub(super) fn unknown_key(key: KeyId) -> Status {
    refused(Reason::Unknown);
    Status::not_found(format!("this prover has no key {key}"))
}

pub(super) fn unknown(key: KeyId) -> Status {
    refused(Reason::Unknown);
    Status::not_found(format!("this server has no key {key}"))
}

pub(super) fn late() -> Status {
    refused(Reason::Deadline);
    Status::deadline_exceeded("the deadline passed before the work was done")
}

impl From<AdmissionError> for Status {
    fn from(error: AdmissionError) -> Self {
        match error {
            AdmissionError::Full(after) => {
                refused(Reason::Queue);
                let details = ErrorDetails::with_retry_info(Some(after));
                Self::with_error_details(Code::ResourceExhausted, "the queue is full", details)
            }
            AdmissionError::Late => late(),
            AdmissionError::Closing => {
                refused(Reason::Ending);
                Self::unavailable("this prover is shutting down")
            }
        }
    }
}

/// Names the field and what is wrong with it.
pub(super) fn malformed(error: &ConvertError) -> Status {
    refused(Reason::Malformed);
    Status::invalid_argument(error.to_string())
}

pub(super) fn unproved(error: &ProveError) -> Status {
    match error {
        ProveError::False(_) | ProveError::Circuit { .. } => {
            refused(Reason::False);
            Status::invalid_argument(error.to_string())
        }
        // The caller that stopped the work, by a deadline or by leaving, learns so elsewhere.
        ProveError::Stopped(_) => Status::cancelled("the caller no longer waits for the proof"),
        ProveError::Engine(_) | ProveError::Unverified => {
            tracing::error!(%error, "could not prove a true statement");
            Status::internal("the prover failed on a true statement")
        }
    }
}
