//! Checkpoints: closing an epoch, and the ones that were signed.
//!
//! An epoch is `floor(now / epoch_seconds)`. A log signs at most one checkpoint for each, never for an earlier epoch than
//! before, and only when it has leaves that the last one does not cover. The logs sign together: once any of them signed for
//! an epoch, what is appended to any waits for the next, so the roots in force at an epoch stay the same until it ends. That
//! there is one per log and epoch is the primary key of the table.

use sqlx::SqliteConnection;
use wufu_verifier::{
    checkpoint::{Checkpoint, CheckpointError, LogState},
    epochs::LogHistory,
    field,
    note::LogKey,
};

use crate::{
    leaf,
    ledger::{Ledger, LogView},
    log::Log,
    log_tree::LogTree,
    policy::LedgerPolicy,
    store::{StoreError, signed, unsigned},
};

/// Why an epoch was not closed. Nothing was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EpochError {
    /// The clock went back past an epoch that was signed.
    #[error("epoch is {got}, but epoch {newest} was signed: the clock went back")]
    Backwards {
        /// The epoch of the clock.
        got: u64,
        /// The newest that was signed.
        newest: u64,
    },
    /// The state could not be signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What closing an epoch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The epoch.
    pub epoch: u64,
    /// The checkpoints that were signed now.
    pub signed: Vec<Checkpoint>,
    /// Logs that have leaves which wait for the next epoch, since this one was signed before, by this log or another.
    pub waiting: Vec<Log>,
}

impl Ledger {
    /// Signs a checkpoint, for the epoch at `now`, of every log that has leaves which the last one does not cover.
    ///
    /// # Errors
    /// When the clock went back past an epoch that was signed, or the database fails. Then nothing was signed.
    ///
    /// # Cost
    /// A third of a hash for each new leaf, most of it before anybody has to wait.
    pub async fn close_epoch(&self, now: u64) -> Result<Closed, EpochError> {
        let ledger = self.clone();
        self.finish(async move { ledger.close_logs(now).await }).await
    }

    async fn close_logs(&self, now: u64) -> Result<Closed, EpochError> {
        // Between the commit and the new views there is no other close that would work from the old ones.
        let _closing = self.inner.closing.lock().await;
        let (store, policy) = (&self.inner.store, self.policy());
        // Hash what is committed already while others still write.
        let mut trees = Vec::new();
        for log in Log::ALL {
            let mut reader = store.closer().acquire().await.map_err(StoreError::from)?;
            let tree = self.catch_up(&mut reader, log, self.view(log).tree.clone()).await?;
            trees.push((log, tree));
        }
        let epoch = policy.epoch(now);
        let mut closed = Closed { epoch, signed: Vec::new(), waiting: Vec::new() };
        let mut tx = store.begin().await?;
        let newest = sqlx::query_scalar("SELECT MAX(epoch) FROM checkpoints");
        let newest: Option<i64> =
            newest.fetch_one(tx.connection()?).await.map_err(StoreError::from)?;
        let newest = newest.map(|epoch| unsigned("epoch", epoch)).transpose()?;
        if let Some(newest) = newest.filter(|newest| *newest > epoch) {
            tx.refuse().await?;
            return Err(EpochError::Backwards { got: epoch, newest });
        }
        let mut views = Vec::new();
        for (log, tree) in trees {
            let view = self.view(log);
            let last = view.history.newest();
            let size = leaf::size(tx.connection()?, log).await?;
            if size == last.map_or(0, Checkpoint::size) {
                continue;
            }
            if newest == Some(epoch) {
                closed.waiting.push(log);
                continue;
            }
            let tree = self.catch_up(tx.connection()?, log, tree).await?;
            let checkpoint = self.sign(log, &tree, epoch)?;
            insert(tx.connection()?, log, &view.tree, &tree, &checkpoint).await?;
            let history = with(&view.history, checkpoint.clone(), kept(policy));
            views.push((log, LogView { tree, history }));
            closed.signed.push(checkpoint);
        }
        if closed.signed.is_empty() {
            tx.refuse().await?;
        } else {
            tx.commit().await?;
            self.replace_views(views);
        }
        self.inner.closed.send_replace(epoch);
        Ok(closed)
    }

    /// Brings a tree up to the leaves that a connection sees, a shard at a time.
    async fn catch_up(
        &self,
        connection: &mut SqliteConnection,
        log: Log,
        mut tree: LogTree,
    ) -> Result<LogTree, StoreError> {
        let size = leaf::size(connection, log).await?;
        while tree.size() < size {
            let end = size.min(tree.size() + tree.room() as u64);
            let leaves = leaf::read(connection, log, tree.size()..end).await?;
            let grown = self.inner.workers.run(move || tree.extend(&leaves).map(|()| tree)).await?;
            tree = grown.map_err(|_| StoreError::Broken { what: "leaf" })?;
        }
        Ok(tree)
    }

    fn sign(&self, log: Log, tree: &LogTree, epoch: u64) -> Result<Checkpoint, EpochError> {
        let origin = self.origin(log);
        let root = tree.root().ok_or(StoreError::Broken { what: "log size" })?;
        let epoch_seconds = self.policy().epoch_seconds;
        let state = LogState { origin: &origin, size: tree.size(), root, epoch, epoch_seconds };
        Ok(Checkpoint::sign(self.org(), &self.inner.signing, &state)?)
    }
}

/// Writes a checkpoint, and the roots of the shards that were filled since the one before.
async fn insert(
    connection: &mut SqliteConnection,
    log: Log,
    before: &LogTree,
    tree: &LogTree,
    checkpoint: &Checkpoint,
) -> Result<(), StoreError> {
    for (shard, root) in tree.full().iter().enumerate().skip(before.full().len()) {
        sqlx::query("INSERT INTO shards (log, shard, root) VALUES ($1, $2, $3)")
            .bind(log.id())
            .bind(signed(shard as u64)?)
            .bind(field::encode(root).to_vec())
            .execute(&mut *connection)
            .await?;
    }
    let insert =
        "INSERT INTO checkpoints (log, epoch, size, open_root, note) VALUES ($1, $2, $3, $4, $5)";
    sqlx::query(insert)
        .bind(log.id())
        .bind(signed(checkpoint.epoch())?)
        .bind(signed(checkpoint.size())?)
        .bind(tree.open_root().map(|root| field::encode(&root).to_vec()))
        .bind(checkpoint.note())
        .execute(connection)
        .await?;
    Ok(())
}

/// How many checkpoints of a log can count: one per epoch of the window, the one that was in force when it began, and the
/// one in force now.
pub(crate) fn kept(policy: &LedgerPolicy) -> u64 {
    policy.window_seconds / policy.epoch_seconds.max(1) + 2
}

/// The newest `keep` checkpoints of a log, each opened with the log's key.
pub(crate) async fn newest(
    connection: &mut SqliteConnection,
    key: &LogKey,
    origin: &str,
    log: Log,
    keep: u64,
) -> Result<LogHistory, StoreError> {
    let query = "SELECT note FROM checkpoints WHERE log = $1 ORDER BY epoch DESC LIMIT $2";
    let query = sqlx::query_scalar(query).bind(log.id()).bind(signed(keep)?);
    let notes: Vec<String> = query.fetch_all(connection).await?;
    let mut history = LogHistory::new(origin);
    for note in notes {
        let checkpoint = open(key, &note)?;
        history.insert(checkpoint).map_err(|_| StoreError::Broken { what: "checkpoint" })?;
    }
    Ok(history)
}

/// A checkpoint from the database.
pub(crate) fn open(key: &LogKey, note: &str) -> Result<Checkpoint, StoreError> {
    Checkpoint::open(key, note).map_err(|_| StoreError::Broken { what: "checkpoint" })
}

/// A history with one more checkpoint, and at most twice as many as can count: dropping some is cheaper now and then.
fn with(history: &LogHistory, checkpoint: Checkpoint, keep: u64) -> LogHistory {
    let count = history.checkpoints().count() as u64;
    let skip = if count < 2 * keep { 0 } else { count + 1 - keep };
    let mut fresh = LogHistory::new(history.origin());
    let kept = history.checkpoints().skip(usize::try_from(skip).unwrap_or(0)).cloned();
    for checkpoint in kept.chain([checkpoint]) {
        // Our own, in order: none contradicts another. One that did would leave evidence, and nothing would be accepted.
        let _ = fresh.insert(checkpoint);
    }
    fresh
}
