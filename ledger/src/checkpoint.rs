//! Checkpoints: closing an epoch, and the ones that were signed.
//!
//! An epoch is `floor(now / epoch_seconds)`. A log signs at most one checkpoint for each, never for an earlier epoch
//! than before, and only when it has leaves that the last one does not cover. The logs sign together: once any of them
//! signed for an epoch, what is appended to any waits for the next, so the roots in force at an epoch stay the same
//! until it ends. That there is one per log and epoch is the primary key of the table. What no checkpoint covers goes
//! into a summary, signed with them: see `summary`.

use std::sync::atomic::Ordering;

use sqlx::SqliteConnection;
use wufu_verifier::{
    encoding::{field, readable::Utc},
    log::{
        checkpoint::{Checkpoint, CheckpointError, LogState},
        history::LogHistory,
        signed_note::LogKey,
    },
};

use crate::{
    leaf,
    ledger::{Ledger, LogView},
    log::Log,
    log_tree::LogTree,
    policy::LedgerPolicy,
    recount,
    store::{StoreError, WriteTx, signed, unsigned},
    summary::{self, Summary, SummaryError},
    tally::{Part, Tally},
};

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

/// What closing an epoch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedEpoch {
    /// The epoch.
    pub epoch: u64,
    /// The checkpoints that were signed now.
    pub signed: Vec<Checkpoint>,
    /// Logs that have leaves which wait for the next epoch, since this one was signed before, by this log or another.
    pub waiting: Vec<Log>,
    /// The number of the summary that was signed now, when anything changed since the last one.
    pub summary: Option<u64>,
}

/// What takes effect with the commit: the logs' new views, and the note for the high-water mark.
type EpochChanges = (Vec<(Log, LogView)>, String);

/// Days, or hours, for messages.
fn span(seconds: u64) -> String {
    match (seconds / 86_400, seconds % 86_400) {
        (1, 0) => "a day".into(),
        (days, 0) => format!("{days} days"),
        _ => format!("{} hours", seconds / 3600),
    }
}

/// The longest step of the clock, in epochs, that is taken without being asked: a day or ten epochs, whichever is
/// longer.
fn longest_jump(policy: &LedgerPolicy) -> u64 {
    86_400u64.div_ceil(policy.epoch_seconds.max(1)).max(10)
}

impl Ledger {
    /// Signs a checkpoint, for the epoch at `now`, of every log that has leaves which the last one does not cover.
    ///
    /// # Errors
    /// When the clock went back past an epoch that was signed or is far ahead of it, checkpoints or summaries that were
    /// signed are gone, rows are not those that were signed, or the database fails. Then nothing was signed.
    ///
    /// # Cost
    /// A third of a hash for each new leaf, most of it before anybody has to wait. The first time, every row is read
    /// and hashed (blake3) but leaves that a checkpoint covers; then those that are new. The summary costs one
    /// signature: the tally was kept while rows were added.
    pub async fn close_epoch(&self, now: u64) -> Result<ClosedEpoch, EpochError> {
        let ledger = self.clone();
        self.finish(async move { ledger.close_logs(now).await }).await
    }

    async fn close_logs(&self, now: u64) -> Result<ClosedEpoch, EpochError> {
        // Between the commit and the new views there is no other close that would work from the old ones.
        let mut checked = self.inner.closing.lock().await;
        let store = &self.inner.store;
        // Compare what is committed already while others still write.
        let mut snapshot = store.snapshot(store.closer()).await?;
        let state = summary::load_state(&mut snapshot, self.log_key()).await?;
        if checked.is_none() {
            *checked = self.covered_leaves(&mut snapshot).await?;
        }
        if let Some(edited) =
            recount::differs(&mut snapshot, checked.as_ref(), &state.tally).await?
        {
            return Err(edited.into());
        }
        *checked = Some(state.tally);
        drop(snapshot);
        // Hash what is committed already while others still write.
        let mut trees = Vec::new();
        for log in Log::ALL {
            let mut reader = store.closer().acquire().await.map_err(StoreError::from)?;
            let tree = self.catch_up(&mut reader, log, self.view(log).tree.clone()).await?;
            trees.push((log, tree));
        }
        let mut tx = store.begin().await?;
        let (closed, fresh) = match self.close_in(&mut tx, trees, now, checked.as_ref()).await {
            Ok(done) => done,
            Err(error @ EpochError::Store(_)) => return Err(error),
            Err(error) => {
                tx.refuse().await?;
                return Err(error);
            }
        };
        match fresh {
            None => tx.refuse().await?,
            Some((views, mark)) => {
                tx.commit().await?;
                self.replace_views(views);
                // The epoch is closed all the same; the next close, or opening the ledger, writes the file again.
                if let Err(error) = self.write_mark(mark).await {
                    tracing::warn!(%error, "summary.note could not be written");
                }
            }
        }
        self.inner.seen.fetch_max(closed.epoch, Ordering::AcqRel);
        self.inner.closed.send_replace(closed.epoch);
        Ok(closed)
    }

    /// Leaves that need not be counted again before an epoch is signed: a checkpoint covers them, and the tree that
    /// grows is the one that was compared with it when the ledger was opened.
    async fn covered_leaves(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<Option<Tally>, StoreError> {
        let note = summary::newest_note(connection).await?;
        let newest = note.and_then(|note| Summary::open(self.log_key(), &note));
        let covers = |log, rows| {
            let view = self.view(log);
            view.history.newest().is_some_and(|last| rows <= last.size())
        };
        Ok(newest.map(|newest| newest.tally.of_leaves(covers)))
    }

    /// Signs what is new. Gives the views that take effect with the commit, and the new summary's note.
    async fn close_in(
        &self,
        tx: &mut WriteTx<'_>,
        trees: Vec<(Log, LogTree)>,
        now: u64,
        checked: Option<&Tally>,
    ) -> Result<(ClosedEpoch, Option<EpochChanges>), EpochError> {
        let policy = self.policy();
        let epoch = policy.epoch(now);
        let newest = sqlx::query_scalar("SELECT MAX(epoch) FROM checkpoints");
        let newest: Option<i64> =
            newest.fetch_one(tx.connection()?).await.map_err(StoreError::from)?;
        let newest = newest.map(|epoch| unsigned("epoch", epoch)).transpose()?;
        let mut state = summary::load_state(tx.connection()?, self.log_key()).await?;
        let (last, last_note) = self.refuse_lost(tx, &state).await?;
        if let Some(edited) = recount::differs(tx.connection()?, checked, &state.tally).await? {
            return Err(edited.into());
        }
        let signed_before = newest.max((last.number > 0).then_some(last.epoch));
        // Before that there is only the time at which the ledger was made. Older releases did not sign it.
        let made = Some(last.epoch).filter(|made| signed_before.is_none() && *made > 0);
        self.refuse_clock(epoch, signed_before, made)?;
        let mut closed =
            ClosedEpoch { epoch, signed: Vec::new(), waiting: Vec::new(), summary: None };
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
            insert(tx.connection()?, log, &view.tree, &tree, &checkpoint, &mut state.tally).await?;
            let history = with(&view.history, checkpoint.clone(), kept(policy));
            views.push((log, LogView { tree, history }));
            closed.signed.push(checkpoint);
        }
        // A ledger to which nothing is added signs one now and then, so that its clock can be followed.
        let is_due =
            signed_before.or(made).is_some_and(|before| epoch >= before + longest_jump(policy) / 2);
        if state.tally == last.tally && !is_due {
            return Ok((closed, None));
        }
        state.after = last.number + 1;
        let previous = *blake3::hash(last_note.as_bytes()).as_bytes();
        let tally = state.tally.clone();
        let summary = Summary { number: state.after, epoch, previous, tally };
        let mark = summary::insert(tx.connection()?, &self.signer(), &summary).await?;
        self.sign_state(tx, &state).await?;
        closed.summary = Some(summary.number);
        Ok((closed, Some((views, mark))))
    }

    /// Refuses a clock that went back past what was signed, or is so far ahead of it that it may be wrong: the log
    /// could sign nothing more until the time really comes.
    ///
    /// A clock that was ahead only when the ledger was made stops nothing: no epoch was closed then.
    fn refuse_clock(
        &self,
        epoch: u64,
        signed: Option<u64>,
        made: Option<u64>,
    ) -> Result<(), EpochError> {
        let policy = self.policy();
        let time = |epoch: u64| Utc(epoch.saturating_mul(policy.epoch_seconds));
        if let Some(newest) = signed.filter(|newest| *newest > epoch) {
            let (clock, signed) = (time(epoch), time(newest));
            return Err(EpochError::Backwards { got: epoch, newest, clock, signed });
        }
        let Some(newest) = signed.or(made) else { return Ok(()) };
        let followed = newest.max(self.inner.seen.load(Ordering::Acquire));
        let longest = longest_jump(policy);
        if epoch.saturating_sub(followed) <= longest {
            return Ok(());
        }
        Err(EpochError::Jump {
            got: epoch,
            newest,
            clock: time(epoch),
            signed: time(newest),
            longest: longest * policy.epoch_seconds,
            is_first: signed.is_none(),
        })
    }

    /// Vouches for the clock: the next epoch that is closed may be the one at `now`, however long nothing was signed.
    ///
    /// A ledger follows its clock while it is served. One that was switched off for longer than a day needs this once.
    pub fn accept_clock(&self, now: u64) {
        self.inner.seen.fetch_max(self.policy().epoch(now), Ordering::AcqRel);
    }

    /// When what is appended now can be signed: in this epoch, or in the next one if this one was signed already. In
    /// Unix seconds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_close(&self, now: u64) -> Result<u64, StoreError> {
        let mut reader = self.inner.store.readers().acquire().await?;
        let newest = sqlx::query_scalar("SELECT MAX(epoch) FROM checkpoints");
        let newest: Option<i64> = newest.fetch_one(&mut *reader).await?;
        let newest = newest.map(|epoch| unsigned("epoch", epoch)).transpose()?;
        let next = newest.map_or(0, |newest| newest + 1);
        Ok(now.max(next.saturating_mul(self.policy().epoch_seconds)))
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
    tally: &mut Tally,
) -> Result<(), StoreError> {
    for (shard, root) in tree.full().iter().enumerate().skip(before.full().len()) {
        sqlx::query("INSERT INTO shards (log, shard, root) VALUES ($1, $2, $3)")
            .bind(log.id())
            .bind(signed(shard as u64)?)
            .bind(field::encode(root).to_vec())
            .execute(&mut *connection)
            .await?;
    }
    let numbers = [log.id(), signed(checkpoint.epoch())?, signed(checkpoint.size())?];
    let open_root = tree.open_root().map(|root| field::encode(&root).to_vec());
    let row = recount::checkpoint_row(numbers, open_root.as_deref(), checkpoint.note());
    tally.push(Part::Checkpoints, &row);
    let [log, epoch, size] = numbers;
    let insert =
        "INSERT INTO checkpoints (log, epoch, size, open_root, note) VALUES ($1, $2, $3, $4, $5)";
    let insert = sqlx::query(insert).bind(log).bind(epoch).bind(size).bind(open_root);
    insert.bind(checkpoint.note()).execute(connection).await?;
    Ok(())
}

/// How many checkpoints of a log can count: one per epoch of the window, the one that was in force when it began, and
/// the one in force now.
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
        // Our own, in order: none contradicts another. One that did would leave evidence, and nothing would be
        // accepted.
        let _ = fresh.insert(checkpoint);
    }
    fresh
}
