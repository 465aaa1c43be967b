//! Why an epoch was not closed.

use wufu_verifier::{encoding::readable::Utc, log::checkpoint::CheckpointError};

use super::summary_error::SummaryError;
use crate::store::StoreError;

/// Why an epoch was not closed. Nothing was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EpochError {
    /// The clock went back past an epoch that was signed.
    #[error(
        "the clock says {clock} (epoch {got}), but the epoch that began at {signed} (epoch {newest}) was signed: the clock \
         went back, and nothing was signed. Set the clock, or wait until then"
    )]
    Backwards {
        /// The epoch of the clock.
        got: u64,
        /// The newest that was signed.
        newest: u64,
        /// When the clock's epoch began.
        clock: Utc,
        /// When the newest signed epoch began.
        signed: Utc,
    },
    /// The clock is far ahead of everything that was signed.
    #[error(
        "the clock says {clock} (epoch {got}), but {} {signed} (epoch {newest}): a step of more than {} may be a wrong clock, \
         and nothing was signed. If the clock is wrong, set it. If it is right, say so once with --accept-clock, of `wufu \
         ledger close-epoch` or `wufu serve ledger`",
        if *.is_first { "this ledger was made in the epoch that began at" } else { "the newest signed epoch began at" },
        span(*.longest)
    )]
    Jump {
        /// The epoch of the clock.
        got: u64,
        /// The newest that was signed.
        newest: u64,
        /// When the clock's epoch began.
        clock: Utc,
        /// When the newest signed epoch began.
        signed: Utc,
        /// The longest step that is taken without being asked, in seconds.
        longest: u64,
        /// Whether no epoch was closed before: the newest signed one is that in which the ledger was made.
        is_first: bool,
    },
    /// What was signed before is not all there.
    #[error(transparent)]
    Summary(#[from] SummaryError),
    /// The state could not be signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Days, or hours, for messages.
fn span(seconds: u64) -> String {
    match (seconds / 86_400, seconds % 86_400) {
        (1, 0) => "a day".into(),
        (days, 0) => format!("{days} days"),
        _ => format!("{} hours", seconds / 3600),
    }
}
