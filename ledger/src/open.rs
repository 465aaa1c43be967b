//! Making and opening a ledger.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, RwLock, atomic::AtomicU64},
};

use ed25519_dalek::SigningKey;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, watch};
use wufu_serve::Health;
use wufu_verifier::{
    hash::merkle::SHARD_LEAVES,
    log::{checkpoint::Checkpoint, signed_note::LogKey},
};

use crate::{
    epochs::{history, state::Summary, summary},
    folder::{Folder, FolderError},
    ledger::{Inner, Ledger, LogView, Signer},
    log::Log,
    log_tree::{LogTree, ShardCache},
    policy::{LedgerPolicy, PolicyFileError},
    store::{Connection, ReadPurpose, Store, StoreError, checkpoints, leaves, logs, summaries},
    workers::Workers,
};

/// Why a ledger cannot be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder or one of its files is not usable.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The given rules are invalid.
    #[error(transparent)]
    Policy(#[from] PolicyFileError),
    /// The rules in the folder are invalid.
    #[error("{path}: {error}", path = .file.display())]
    PolicyFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: PolicyFileError,
    },
    /// The database failed.
    #[error("{path}: {error}", path = .file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: StoreError,
    },
    /// The database failed, in a place where its file is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The threads for hashing cannot be started.
    #[error("threads: {0}")]
    Threads(#[from] io::Error),
    /// The rules in the policy file differ from those under which the logs were started.
    #[error("policy.json: {rule} is {got:?}, but the logs were begun with {expected:?}")]
    Changed {
        /// Which rule differs.
        rule: &'static str,
        /// The value in the policy file.
        got: String,
        /// The value in the database.
        expected: String,
    },
    /// The leaves do not match the root that was signed. The database was changed, or belongs to
    /// another key.
    #[error(
        "{origin} does not match its newest checkpoint: the database was changed, or belongs to \
         another key; run `wufu ledger audit`"
    )]
    Checkpoint {
        /// The log's origin.
        origin: String,
    },
}

impl OpenError {
    /// Adds the name of the database that failed.
    pub(crate) fn of(self, file: &Path) -> Self {
        match self {
            Self::Store(error) => Self::Database { file: file.into(), error },
            other => other,
        }
    }
}

impl Ledger {
    /// Makes a ledger in a folder that holds none, with a new signing key and a new operator token.
    ///
    /// `now` is the time in Unix seconds. It is signed, and the first epoch that is closed may not
    /// be far after it.
    ///
    /// # Errors
    /// Returns an error if the folder holds a ledger, is in use or cannot be written, or if the
    /// rules are out of bounds.
    pub fn create<'a>(
        folder: &'a Path,
        policy: &'a LedgerPolicy,
        now: u64,
    ) -> BoxFuture<'a, Result<Self, OpenError>> {
        Box::pin(async move {
            policy.check()?;
            let folder = Folder::create(folder)?;
            folder.make_secrets()?;
            let file = folder.make_database()?;
            let (signing, _) = folder.signing_key(&policy.org)?;
            let begun = async {
                let store = Store::open(&file).await?;
                let summary = begin_logs(&store, policy, &signing, now).await?;
                folder.write_summary(&summary)?;
                folder.mark_signed_state()?;
                Ok::<_, StoreError>(store)
            };
            let store = begun.await.map_err(|error| OpenError::Database { file, error })?;
            folder.write_policy(&policy.to_json()?)?;
            Self::start(folder, policy.clone(), store).await?.with_views().await
        })
    }

    /// Opens the ledger in a folder. No other process can then open it for writing.
    ///
    /// # Errors
    /// Returns an error if there is no ledger, if another process has it open, if others may read
    /// its secrets, if its rules have changed since it was started, or if its leaves do not match
    /// the root that it signed last.
    ///
    /// # Cost
    /// At most the hashes of one shard (21,845) for each log, whatever its size.
    pub fn open(folder: &Path) -> BoxFuture<'_, Result<Self, OpenError>> {
        Box::pin(async move {
            let folder = Folder::open(folder)?;
            let (file, policy) = (folder.database(), read_policy(&folder)?);
            let store = Store::open(&file).await;
            let store = store.map_err(|error| OpenError::Database { file: file.clone(), error })?;
            let opened = async { Self::start(folder, policy, store).await?.with_views().await };
            let ledger = opened.await.map_err(|error| error.of(&file))?;
            ledger.summarise().await.map_err(|error| OpenError::Database { file, error })?;
            Ok(ledger)
        })
    }

    /// A ledger without views, which [`Ledger::with_views`] reads.
    pub(crate) async fn start(
        folder: Folder,
        policy: LedgerPolicy,
        store: Store,
    ) -> Result<Self, OpenError> {
        let (signing, log_key) = folder.signing_key(&policy.org)?;
        let token = folder.operator_token()?;
        let workers = Workers::start()?;
        let mut connection = store.reader(ReadPurpose::Short).await?;
        same_rules(&mut connection, &policy).await?;
        drop(connection);
        let (views, shards) = (RwLock::default(), ShardCache::default());
        let (closed, seen) = (watch::Sender::new(0), AtomicU64::new(0));
        let inner = Inner {
            policy,
            signing,
            log_key,
            token,
            store,
            workers,
            views,
            closing: Mutex::default(),
            shards,
            closed,
            seen,
            lost: RwLock::default(),
            health: Health::default(),
            folder,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Reads every log's view at its newest checkpoint.
    pub(crate) async fn with_views(self) -> Result<Self, OpenError> {
        let mut connection = self.inner.store.reader(ReadPurpose::Short).await?;
        let mut views = Vec::new();
        for log in Log::ALL {
            let (workers, policy) = (&self.inner.workers, self.policy());
            let view = load(&mut connection, workers, policy, self.log_key(), log).await?;
            views.push((log, view));
        }
        drop(connection);
        self.replace_views(views);
        Ok(self)
    }

    /// Whether this ledger was made by a release before summaries, so that it has never signed a
    /// state.
    ///
    /// The database, the file beside it and the signing key's file each record that a state was
    /// signed. One record is enough: the state was then deleted, and the audit reports that.
    pub(crate) fn is_of_older_release(&self, mark: Option<&str>) -> Result<bool, StoreError> {
        let folder = &self.inner.folder;
        Ok(mark.is_none() && !self.inner.store.had_state() && !folder.has_signed_state()?)
    }

    /// Signs the first summary of a ledger that was made by a release before summaries. Also writes
    /// the high-water mark if a process ended before it could.
    async fn summarise(&self) -> Result<(), StoreError> {
        let folder = &self.inner.folder;
        let (mark, kept) = (folder.summary()?, folder.state()?);
        let mut tx = self.inner.store.begin().await?;
        if self.is_of_older_release(mark.as_deref())? {
            let first = summary::begin(&mut tx, &self.signer(), 0, false).await?;
            tx.commit().await?;
            self.write_mark(first).await?;
            return Ok(folder.mark_signed_state()?);
        }
        let newest = summaries::newest_note(tx.connection()?).await?;
        let newest = newest.and_then(|note| Some((Summary::open(self.log_key(), &note)?, note)));
        let number = newest.as_ref().map(|(summary, _)| summary.number);
        let lost = match &mark {
            Some(mark) => summary::lost(tx.connection()?, self.log_key(), number, mark).await?,
            None => None,
        };
        let state = summary::load_state(tx.connection()?, self.log_key()).await;
        tx.refuse().await?;
        let state = match state {
            // The ledger is opened all the same, so that it can be audited. Nothing is written on
            // top of it.
            Err(StoreError::State) => return Ok(()),
            state => state?,
        };
        folder.mark_signed_state()?;
        let lost = lost.or_else(|| state.lost(self.log_key(), kept.as_deref()));
        if lost.is_some() {
            // The ledger is opened all the same, so that it can be read and audited. The file is
            // kept as evidence.
            self.remember_lost(lost);
            return Ok(());
        }
        let mark = mark.as_deref().map(|mark| Summary::open(self.log_key(), mark));
        match (newest, mark) {
            (Some((summary, note)), None) if summary.number == 0 => self.write_mark(note).await,
            (Some((summary, note)), Some(Some(mark))) if mark.number + 1 == summary.number => {
                self.write_mark(note).await
            }
            _ => Ok(()),
        }
    }
}

/// The rules that the logs depend on. The database stores them as well, and they cannot change.
fn fixed_rules(policy: &LedgerPolicy) -> [(&'static str, String); 3] {
    [
        ("org", policy.org.clone()),
        ("epoch_seconds", policy.epoch_seconds.to_string()),
        ("currency", policy.currency.map(String::from).unwrap_or_else(|| "none".into())),
    ]
}

/// The rules in a folder.
pub(crate) fn read_policy(folder: &Folder) -> Result<LedgerPolicy, OpenError> {
    let file = folder.policy();
    LedgerPolicy::read(&file).map_err(|error| OpenError::PolicyFile { file, error })
}

/// Starts the logs of a new database. Returns the first summary.
async fn begin_logs(
    store: &Store,
    policy: &LedgerPolicy,
    signing: &SigningKey,
    now: u64,
) -> Result<String, StoreError> {
    let mut tx = store.begin().await?;
    for (name, value) in fixed_rules(policy) {
        logs::insert_rule(&mut tx, name, &value).await?;
    }
    for log in Log::ALL {
        logs::insert(&mut tx, log, &log.origin(&policy.org)).await?;
    }
    let signer = Signer { org: &policy.org, signing };
    let note = summary::begin(&mut tx, &signer, policy.epoch(now), true).await?;
    tx.commit().await?;
    Ok(note)
}

async fn same_rules(connection: &mut Connection, policy: &LedgerPolicy) -> Result<(), OpenError> {
    for (rule, got) in fixed_rules(policy) {
        let expected = logs::rule(connection, rule).await?;
        let expected = expected.ok_or(StoreError::Broken { what: "rule" })?;
        if got != expected {
            return Err(OpenError::Changed { rule, got, expected });
        }
    }
    Ok(())
}

/// A log's view at its newest checkpoint, from the database.
async fn load(
    connection: &mut Connection,
    workers: &Workers,
    policy: &LedgerPolicy,
    key: &LogKey,
    log: Log,
) -> Result<LogView, OpenError> {
    let origin = log.origin(&policy.org);
    let keep = history::kept(policy);
    let history = history::newest(connection, key, &origin, log, keep).await?;
    let size = history.newest().map_or(0, Checkpoint::size);
    let shards = size / SHARD_LEAVES as u64;
    let full = checkpoints::shard_roots(connection, log, shards).await?;
    let mut tree = LogTree::with_full(log, full);
    let open = leaves::read(connection, log, tree.size()..size).await?;
    let tree = workers.run(move || tree.extend(&open).map(|()| tree)).await?;
    let tree = tree.map_err(|_| StoreError::Broken { what: "leaf" })?;
    let signed_root = history.newest().map(|newest| newest.root().fr());
    if signed_root.is_some() && signed_root != tree.root() {
        return Err(OpenError::Checkpoint { origin });
    }
    Ok(LogView { tree, history })
}
