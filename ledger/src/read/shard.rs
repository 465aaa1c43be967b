//! What everybody fetches: checkpoints, roofs and shards, each as of an epoch. A shard holds the
//! leaves that the checkpoint of that epoch covers, and never later ones.

use futures_util::future::BoxFuture;
use wufu_proto::log::{Roof, Shard, ShardContent};
use wufu_verifier::{Fr, hash::merkle::SHARD_LEAVES, log::checkpoint::Checkpoint};

use crate::{
    epochs::history::open,
    ledger::Ledger,
    log::Log,
    store::{Connection, ReadPurpose, StoreError, checkpoints, leaves, records},
};

/// The newest checkpoint is requested with the largest possible epoch, which should not be shown.
fn in_force_at(epoch: u64) -> String {
    if epoch == u64::MAX { " yet".into() } else { format!(" at or before epoch {epoch}") }
}

/// Why a checkpoint, a roof or a shard cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The ledger has no log with that origin.
    #[error("this ledger has no log {origin:?}")]
    Log {
        /// The requested origin.
        origin: String,
    },
    /// No checkpoint is in force at that epoch, or none was ever signed.
    #[error("{origin} has no checkpoint{}", in_force_at(*epoch))]
    Epoch {
        /// The log's origin.
        origin: String,
        /// The requested epoch.
        epoch: u64,
    },
    /// The log has fewer shards at that epoch.
    #[error(
        "{origin} has {shards} {} at epoch {epoch}, so there is no shard {shard}",
        if *.shards == 1 { "shard" } else { "shards" }
    )]
    Shard {
        /// The log's origin.
        origin: String,
        /// The requested epoch.
        epoch: u64,
        /// The requested shard's number, from 0.
        shard: u64,
        /// How many shards there are.
        shards: u64,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const LEAVES: u64 = SHARD_LEAVES as u64;

/// A checkpoint, and the root of the shard that was open when it was signed.
struct CheckpointInForce {
    checkpoint: Checkpoint,
    open_root: Option<Fr>,
}

impl Ledger {
    /// The checkpoint of a log that is in force at an epoch, or the newest one.
    ///
    /// # Errors
    /// Returns an error if there is no such log, if no checkpoint is in force at that epoch, or if
    /// the database fails.
    pub fn checkpoint<'a>(
        &'a self,
        origin: &'a str,
        epoch: Option<u64>,
    ) -> BoxFuture<'a, Result<Checkpoint, ReadError>> {
        Box::pin(async move {
            let log = self.log(origin)?;
            let mut reader = self.inner.store.reader(ReadPurpose::Short).await?;
            Ok(self.in_force(&mut reader, log, epoch.unwrap_or(u64::MAX)).await?.checkpoint)
        })
    }

    /// The checkpoint of a log that is in force at an epoch, if there is one, and all later
    /// checkpoints, oldest first.
    ///
    /// # Errors
    /// Returns an error if there is no such log, or the database fails.
    pub fn checkpoints<'a>(
        &'a self,
        origin: &'a str,
        from_epoch: u64,
    ) -> BoxFuture<'a, Result<Vec<Checkpoint>, ReadError>> {
        Box::pin(async move {
            let notes = self.notes(origin, from_epoch, usize::MAX).await?;
            let key = self.log_key();
            Ok(notes.iter().map(|note| open(key, note)).collect::<Result<_, _>>()?)
        })
    }

    /// The notes of the first `limit` of [`Ledger::checkpoints`], as they are stored. The recipient
    /// opens them.
    pub(crate) async fn notes(
        &self,
        origin: &str,
        from_epoch: u64,
        limit: usize,
    ) -> Result<Vec<String>, ReadError> {
        let log = self.log(origin)?;
        let mut reader = self.inner.store.reader(ReadPurpose::Short).await?;
        Ok(checkpoints::notes_from(&mut reader, log, from_epoch, limit).await?)
    }

    /// The roots of all shards at an epoch, with the open shard last, and the checkpoint that they
    /// belong to.
    ///
    /// # Errors
    /// Returns an error if there is no such log, if no checkpoint is in force at that epoch, or if
    /// the database fails.
    ///
    /// # Cost
    /// Only reading, without any hash.
    pub fn roof<'a>(
        &'a self,
        origin: &'a str,
        epoch: u64,
    ) -> BoxFuture<'a, Result<Roof, ReadError>> {
        Box::pin(async move {
            let log = self.log(origin)?;
            let mut reader = self.inner.store.reader(ReadPurpose::Shards).await?;
            let CheckpointInForce { checkpoint, open_root } =
                self.in_force(&mut reader, log, epoch).await?;
            let full = checkpoint.size() / LEAVES;
            let mut shard_roots = checkpoints::shard_roots(&mut reader, log, full).await?;
            shard_roots.extend(open_root);
            if shard_roots.len() as u64 != checkpoint.size().div_ceil(LEAVES) {
                return Err(StoreError::Broken { what: "list of shard roots" }.into());
            }
            Ok(Roof { note: checkpoint.note().into(), shard_roots })
        })
    }

    /// A whole shard at an epoch.
    ///
    /// # Errors
    /// Returns an error if there is no such log or shard, if no checkpoint is in force at that
    /// epoch, or if the database fails.
    ///
    /// # Cost
    /// Reads up to 65,536 rows, without any hash.
    pub fn shard<'a>(
        &'a self,
        origin: &'a str,
        epoch: u64,
        shard: u64,
    ) -> BoxFuture<'a, Result<Shard, ReadError>> {
        Box::pin(async move {
            let log = self.log(origin)?;
            let mut reader = self.inner.store.reader(ReadPurpose::Shards).await?;
            let checkpoint = self.in_force(&mut reader, log, epoch).await?.checkpoint;
            let shards = checkpoint.size().div_ceil(LEAVES);
            if shard >= shards {
                return Err(ReadError::Shard { origin: origin.into(), epoch, shard, shards });
            }
            let indices = shard * LEAVES..checkpoint.size().min((shard + 1) * LEAVES);
            let content = match log {
                Log::Donations(_) => {
                    ShardContent::Records(records::read(&mut reader, indices).await?)
                }
                Log::Cards | Log::Persons => {
                    ShardContent::Leaves(leaves::read(&mut reader, log, indices).await?)
                }
            };
            Ok(Shard { shard, content })
        })
    }

    fn log(&self, origin: &str) -> Result<Log, ReadError> {
        crate::log::kept(self.org(), origin).ok_or_else(|| ReadError::Log { origin: origin.into() })
    }

    async fn in_force(
        &self,
        reader: &mut Connection,
        log: Log,
        epoch: u64,
    ) -> Result<CheckpointInForce, ReadError> {
        let found = checkpoints::in_force(reader, log, epoch).await?;
        let none = || ReadError::Epoch { origin: self.origin(log), epoch };
        let (note, open_root) = found.ok_or_else(none)?;
        Ok(CheckpointInForce { checkpoint: open(self.log_key(), &note)?, open_root })
    }
}
