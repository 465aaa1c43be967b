//! Checkpoints: closing an epoch, and the checkpoints that were signed.
//!
//! An epoch is `floor(now / epoch_seconds)`. A log signs at most one checkpoint for each epoch,
//! never for an earlier epoch than before, and only if it has leaves that its last checkpoint does
//! not cover. The logs sign together: once any of them has signed for an epoch, entries that are
//! appended to any log wait for the next one. So the roots in force at an epoch do not change until
//! it ends. The table's primary key guarantees one checkpoint per log and epoch. What no checkpoint
//! covers goes into a summary, which is signed at the same time: see `summary`.

mod clock;
pub(crate) mod error;
pub(crate) mod history;
pub(crate) mod recount;
pub(crate) mod state;
pub(crate) mod summary;
pub(crate) mod summary_error;
pub(crate) mod tally;

use std::sync::atomic::Ordering;

use futures_util::future::BoxFuture;
use wufu_verifier::{
    Root,
    encoding::field,
    log::checkpoint::{Checkpoint, LogState},
};

use crate::{
    epochs::{
        clock::longest_jump,
        history::{kept, with},
        state::Summary,
        tally::{Part, Tally, checkpoint_row},
    },
    ledger::{Ledger, LogView},
    log::Log,
    log_tree::LogTree,
    store::{
        Connection, ReadPurpose, StoreError, Transaction, checkpoints, leaves, logs, signed,
        summaries,
    },
};
pub use error::EpochError;

/// What closing an epoch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedEpoch {
    /// The epoch that was closed.
    pub epoch: u64,
    /// The checkpoints that were signed.
    pub signed: Vec<Checkpoint>,
    /// Logs with leaves that wait for the next epoch, because this epoch was signed before, by this
    /// log or another.
    pub waiting: Vec<Log>,
    /// The number of the summary that was signed, if anything changed since the last one.
    pub summary: Option<u64>,
}

/// What takes effect with the commit: the logs' new views, and the note for the high-water mark.
type EpochChanges = (Vec<(Log, LogView)>, String);

impl Ledger {
    /// Signs a checkpoint for the epoch at `now`, for every log with leaves that its last
    /// checkpoint does not cover.
    ///
    /// # Errors
    /// Returns an error if the clock is behind a signed epoch or far ahead of it, if signed
    /// checkpoints or summaries are missing, if rows differ from those that were signed, or if the
    /// database fails. Then nothing was signed.
    ///
    /// # Cost
    /// A third of a hash for each new leaf, mostly before anybody has to wait. The first call reads
    /// and hashes (BLAKE3) every row, except leaves that a checkpoint covers. Later calls hash only
    /// the new rows. The summary costs one signature, because the tally is updated as rows are
    /// added.
    pub fn close_epoch(&self, now: u64) -> BoxFuture<'_, Result<ClosedEpoch, EpochError>> {
        Box::pin(async move {
            let ledger = self.clone();
            self.finish(async move { ledger.close_logs(now).await }).await
        })
    }

    async fn close_logs(&self, now: u64) -> Result<ClosedEpoch, EpochError> {
        // Between the commit and the new views, no other close may start from the old views.
        let mut checked = self.inner.closing.lock().await;
        let store = &self.inner.store;
        // Compare the committed rows while others can still write.
        let mut snapshot = store.snapshot(ReadPurpose::Closing).await?;
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
        // Hash the committed leaves while others can still write.
        let mut trees = Vec::new();
        for log in Log::ALL {
            let mut reader = store.reader(ReadPurpose::Closing).await?;
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
                // The epoch is closed all the same. The file is written again by the next close, or
                // when the ledger is opened.
                if let Err(error) = self.write_mark(mark).await {
                    tracing::warn!(%error, "could not write summary.note");
                }
            }
        }
        self.inner.seen.fetch_max(closed.epoch, Ordering::AcqRel);
        self.inner.closed.send_replace(closed.epoch);
        Ok(closed)
    }

    /// Leaves that need not be counted again before an epoch is signed: a checkpoint covers them,
    /// and the growing tree was compared with that checkpoint when the ledger was opened.
    async fn covered_leaves(
        &self,
        connection: &mut Connection,
    ) -> Result<Option<Tally>, StoreError> {
        let note = summaries::newest_note(connection).await?;
        let newest = note.and_then(|note| Summary::open(self.log_key(), &note));
        let covers = |log, rows| {
            let view = self.view(log);
            view.history.newest().is_some_and(|last| rows <= last.size())
        };
        Ok(newest.map(|newest| newest.tally.of_leaves(covers)))
    }

    /// Signs what is new. Returns the views that take effect with the commit, and the new summary's
    /// note.
    async fn close_in(
        &self,
        tx: &mut Transaction<'_>,
        trees: Vec<(Log, LogTree)>,
        now: u64,
        checked: Option<&Tally>,
    ) -> Result<(ClosedEpoch, Option<EpochChanges>), EpochError> {
        let policy = self.policy();
        let epoch = policy.epoch(now);
        let newest = checkpoints::newest_epoch(tx.connection()?).await?;
        let mut state = summary::load_state(tx.connection()?, self.log_key()).await?;
        let (last, last_note) = self.refuse_lost(tx, &state).await?;
        if let Some(edited) = recount::differs(tx.connection()?, checked, &state.tally).await? {
            return Err(edited.into());
        }
        let signed_before = newest.max((last.number > 0).then_some(last.epoch));
        // Before the first checkpoint, only the time at which the ledger was made was signed. Older
        // releases did not sign even that.
        let made = Some(last.epoch).filter(|made| signed_before.is_none() && *made > 0);
        self.refuse_clock(epoch, signed_before, made)?;
        let mut closed =
            ClosedEpoch { epoch, signed: Vec::new(), waiting: Vec::new(), summary: None };
        let mut views = Vec::new();
        for (log, tree) in trees {
            let view = self.view(log);
            let last = view.history.newest();
            let size = logs::size(tx.connection()?, log).await?;
            if size == last.map_or(0, Checkpoint::size) {
                continue;
            }
            if newest == Some(epoch) {
                closed.waiting.push(log);
                continue;
            }
            let tree = self.catch_up(tx.connection()?, log, tree).await?;
            let checkpoint = self.sign(log, &tree, epoch)?;
            insert(tx, log, &view.tree, &tree, &checkpoint, &mut state.tally).await?;
            let history = with(&view.history, checkpoint.clone(), kept(policy));
            views.push((log, LogView { tree, history }));
            closed.signed.push(checkpoint);
        }
        // A ledger without new entries signs a summary now and then, so that its clock can be
        // followed.
        let is_due =
            signed_before.or(made).is_some_and(|before| epoch >= before + longest_jump(policy) / 2);
        if state.tally == last.tally && !is_due {
            return Ok((closed, None));
        }
        state.after = last.number + 1;
        let previous = *blake3::hash(last_note.as_bytes()).as_bytes();
        let tally = state.tally.clone();
        let summary = Summary { number: state.after, epoch, previous, tally };
        let mark = summary::insert(tx, &self.signer(), &summary).await?;
        self.sign_state(tx, &state).await?;
        closed.summary = Some(summary.number);
        Ok((closed, Some((views, mark))))
    }

    /// Extends a tree to the leaves that a connection sees, one shard at a time.
    async fn catch_up(
        &self,
        connection: &mut Connection,
        log: Log,
        mut tree: LogTree,
    ) -> Result<LogTree, StoreError> {
        let size = logs::size(connection, log).await?;
        while tree.size() < size {
            let end = size.min(tree.size() + tree.room() as u64);
            let leaves = leaves::read(connection, log, tree.size()..end).await?;
            let grown = self.inner.workers.run(move || tree.extend(&leaves).map(|()| tree)).await?;
            tree = grown.map_err(|_| StoreError::Broken { what: "leaf" })?;
        }
        Ok(tree)
    }

    fn sign(&self, log: Log, tree: &LogTree, epoch: u64) -> Result<Checkpoint, EpochError> {
        let origin = self.origin(log);
        let root = tree.root().ok_or(StoreError::Broken { what: "log size" })?;
        let epoch_seconds = self.policy().epoch_seconds;
        let state =
            LogState { origin: &origin, size: tree.size(), root: Root(root), epoch, epoch_seconds };
        Ok(Checkpoint::sign(self.org(), &self.inner.signing, &state)?)
    }
}

/// Writes a checkpoint, and the roots of the shards that were filled since the one before.
async fn insert(
    tx: &mut Transaction<'_>,
    log: Log,
    before: &LogTree,
    tree: &LogTree,
    checkpoint: &Checkpoint,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    for (shard, root) in tree.full().iter().enumerate().skip(before.full().len()) {
        checkpoints::insert_shard(tx, log, shard as u64, root).await?;
    }
    let numbers = [crate::log::id(log), signed(checkpoint.epoch())?, signed(checkpoint.size())?];
    let root = tree.open_root();
    let bytes = root.as_ref().map(field::encode);
    let row = checkpoint_row(numbers, bytes.as_ref().map(|root| &root[..]), checkpoint.note());
    tally.push(Part::Checkpoints, &row);
    checkpoints::insert(tx, log, checkpoint, root.as_ref()).await
}
