//! The signed checkpoints in the database.

use wufu_verifier::log::{checkpoint::Checkpoint, history::LogHistory, signed_note::LogKey};

use crate::{
    log::Log,
    policy::LedgerPolicy,
    store::{Connection, StoreError, checkpoints},
};

/// How many checkpoints of a log can matter: one for each epoch of the window, the one in force at
/// its beginning, and the one in force now.
pub(crate) fn kept(policy: &LedgerPolicy) -> u64 {
    policy.window_seconds / policy.epoch_seconds.max(1) + 2
}

/// The newest `keep` checkpoints of a log, each opened with the log's key.
pub(crate) async fn newest(
    connection: &mut Connection,
    key: &LogKey,
    origin: &str,
    log: Log,
    keep: u64,
) -> Result<LogHistory, StoreError> {
    let notes = checkpoints::newest_notes(connection, log, keep).await?;
    let mut history = LogHistory::new(origin);
    for note in notes {
        let checkpoint = open(key, &note)?;
        history.insert(checkpoint).map_err(|_| StoreError::Broken { what: "checkpoint" })?;
    }
    Ok(history)
}

/// Opens a checkpoint from the database.
pub(crate) fn open(key: &LogKey, note: &str) -> Result<Checkpoint, StoreError> {
    Checkpoint::open(key, note).map_err(|_| StoreError::Broken { what: "checkpoint" })
}

/// Adds a checkpoint to a history. Keeps at most twice as many as can matter, because it is cheaper
/// to drop many at a time.
pub(super) fn with(history: &LogHistory, checkpoint: Checkpoint, keep: u64) -> LogHistory {
    let count = history.checkpoints().count() as u64;
    let skip = if count < 2 * keep { 0 } else { count + 1 - keep };
    let mut fresh = LogHistory::new(history.origin());
    let kept = history.checkpoints().skip(usize::try_from(skip).unwrap_or(0)).cloned();
    for checkpoint in kept.chain([checkpoint]) {
        // These are our own checkpoints in order, so none contradicts another. If one did, it would
        // be kept as evidence, and nothing would be accepted.
        let _ = fresh.insert(checkpoint);
    }
    fresh
}
