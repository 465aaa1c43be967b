//! Errors as gRPC statuses, which show whose fault it is and what to do.

use tonic::Status;
use wufu_proto::ConvertError;
use wufu_serve::{
    Repeats,
    metrics::{Reason, refused},
};
use wufu_verifier::{VerifyError, log::history::RootError};

use crate::{AppendError, ClaimError, GrantError, ReadError, StoreError};

/// The status for a malformed message.
pub(super) fn malformed(error: ConvertError) -> Status {
    refused(Reason::Malformed);
    Status::invalid_argument(error.to_string())
}

/// The status for a failed database. The reason is only for the operator, and is logged once,
/// however many calls fail.
pub(super) fn store(error: &StoreError) -> Status {
    // Names are public, and a retry does not change them.
    if let StoreError::Name { .. } = error {
        return Status::failed_precondition(error.to_string());
    }
    refused(Reason::Storage);
    static FAILURES: Repeats = Repeats::new();
    if let Some(before) = FAILURES.happened(&error.kind()) {
        tracing::error!(%error, before, "the ledger failed");
    }
    Status::unavailable("the ledger could not answer: try again")
}

pub(super) fn read(error: ReadError) -> Status {
    match error {
        ReadError::Store(error) => store(&error),
        ReadError::Shard { .. } => Status::out_of_range(error.to_string()),
        ReadError::Log { .. } | ReadError::Epoch { .. } => Status::not_found(error.to_string()),
    }
}

pub(super) fn append(error: AppendError) -> Status {
    let text = error.to_string();
    match error {
        AppendError::Store(error) => store(&error),
        AppendError::Serial { .. }
        | AppendError::Registered { .. }
        | AppendError::Receipt { .. }
        | AppendError::Duplicate => Status::already_exists(text),
        AppendError::Frozen
        | AppendError::NoCurrency
        | AppendError::Unknown { .. }
        | AppendError::Owned { .. }
        | AppendError::DirectoryFull
        | AppendError::Full { .. }
        | AppendError::Production => Status::failed_precondition(text),
        AppendError::Org { .. }
        | AppendError::SerialRange { .. }
        | AppendError::ReceiptLength { .. }
        | AppendError::ReceiptText
        | AppendError::Name { .. } => Status::invalid_argument(text),
    }
}

pub(super) fn grant(error: GrantError) -> Status {
    match error {
        GrantError::Store(error) => store(&error),
        GrantError::NotYet { .. } | GrantError::Pending { .. } => {
            Status::failed_precondition(error.to_string())
        }
        GrantError::Unknown { .. } => Status::not_found(error.to_string()),
    }
}

/// The status for a claim that does not verify. With a newer root, or before it expired, it might
/// verify.
pub(super) fn verify(error: &VerifyError) -> Status {
    refused(Reason::False);
    let text = format!("claim refused: {error}");
    match error {
        VerifyError::Root(RootError::Contradicted) => Status::internal(text),
        VerifyError::Root(_) | VerifyError::Over { .. } => Status::failed_precondition(text),
        _ => Status::invalid_argument(text),
    }
}

pub(super) fn claim(error: ClaimError) -> Status {
    match error {
        ClaimError::Store(error) => store(&error),
        ClaimError::Over { .. } => Status::failed_precondition(error.to_string()),
        ClaimError::Twice { .. } => Status::invalid_argument(error.to_string()),
        ClaimError::NotVerified { .. } | ClaimError::Note(_) => Status::internal(error.to_string()),
    }
}
