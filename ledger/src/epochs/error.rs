//! Why an epoch was not closed.

use wufu_verifier::{encoding::readable::Utc, log::checkpoint::CheckpointError};

use super::summary_error::SummaryError;
use crate::store::StoreError;

/// Why an epoch was not closed. Nothing was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EpochError {
    /// The clock is behind an epoch that was signed.
    #[error(
        "the clock says {clock} (epoch {got}), but the epoch that began at {signed} (epoch \
         {newest}) was signed: the clock went back, and nothing was signed. Set the clock, or wait \
         until then"
    )]
    Backwards {
        /// The clock's epoch.
        got: u64,
        /// The newest signed epoch.
        newest: u64,
        /// When the clock's epoch began.
        clock: Utc,
        /// When the newest signed epoch began.
        signed: Utc,
    },
    /// The clock is far ahead of everything that was signed.
    #[error(
        "the clock says {clock} (epoch {got}), but {} {signed} (epoch {newest}). The clock is more \
         than {} ahead of that and may be wrong, so nothing was signed. If it is wrong, set it. If \
         it is right, confirm it once with the option --accept-clock of `wufu ledger close-epoch` \
         or `wufu serve ledger`",
        if *.is_first {
            "this ledger was made in the epoch that began at"
        } else {
            "the newest signed epoch began at"
        },
        span(*.longest)
    )]
    Jump {
        /// The clock's epoch.
        got: u64,
        /// The newest signed epoch.
        newest: u64,
        /// When the clock's epoch began.
        clock: Utc,
        /// When the newest signed epoch began.
        signed: Utc,
        /// The longest step that is accepted without confirmation, in seconds.
        longest: u64,
        /// Whether no epoch was closed before. Then the newest signed epoch is the one in which the
        /// ledger was made.
        is_first: bool,
    },
    /// Something that was signed before is missing.
    #[error(transparent)]
    Summary(#[from] SummaryError),
    /// The state could not be signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A duration in days or hours, for messages.
fn span(seconds: u64) -> String {
    match (seconds / 86_400, seconds % 86_400) {
        (1, 0) => "a day".into(),
        (days, 0) => format!("{days} days"),
        _ => format!("{} hours", seconds / 3600),
    }
}
