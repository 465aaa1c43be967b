//! The ledger of an org: making one, opening one, what it is.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, atomic::AtomicU64},
};

use ed25519_dalek::SigningKey;
use sqlx::SqliteConnection;
use tokio::sync::{Mutex, watch};
use wufu_proto::log::{LedgerInfo, LogInfo};
use wufu_verifier::{
    hash::merkle::SHARD_LEAVES,
    log::{checkpoint::Checkpoint, history::LogHistory, signed_note::LogKey},
};

use crate::{
    checkpoint,
    folder::{Folder, FolderError},
    leaf,
    log::Log,
    log_tree::{LogTree, ShardCache},
    policy::{LedgerPolicy, PolicyFileError},
    secret::OperatorToken,
    store::{Store, StoreError, element, signed, unsigned},
    summary::{self, Summary, SummaryError},
    tally::Tally,
    workers::Workers,
};

/// Why a ledger cannot be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder or one of its files.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The rules, as they are given.
    #[error(transparent)]
    Policy(#[from] PolicyFileError),
    /// The rules, as the folder has them.
    #[error("{path}: {error}", path = .file.display())]
    PolicyFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: PolicyFileError,
    },
    /// The database.
    #[error("{path}: {error}", path = .file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: StoreError,
    },
    /// The database, where its file is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The threads for hashing cannot be started.
    #[error("threads: {0}")]
    Threads(#[from] io::Error),
    /// The policy file says something else than the one under which the logs were begun.
    #[error("policy.json: {rule} is {got:?}, but the logs were begun with {expected:?}")]
    Changed {
        /// Which rule.
        rule: &'static str,
        /// What the policy file says.
        got: String,
        /// What the database says.
        expected: String,
    },
    /// The leaves do not make the root that was signed: the database was changed or belongs to another key.
    #[error(
        "{origin} does not fit its newest checkpoint: the database was changed, or belongs to another key; run \
         `wufu ledger audit`"
    )]
    Checkpoint {
        /// The log.
        origin: String,
    },
}

impl OpenError {
    /// Names the database that failed.
    pub(crate) fn of(self, file: &Path) -> Self {
        match self {
            Self::Store(error) => Self::Database { file: file.into(), error },
            other => other,
        }
    }
}

/// The memory of an org: its logs, their checkpoints, the spent set. One process has it open at a time.
///
/// Cheap to clone: every clone is the same ledger. The folder is free again when the last clone is dropped.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) policy: LedgerPolicy,
    pub(crate) signing: SigningKey,
    pub(crate) log_key: LogKey,
    pub(crate) token: OperatorToken,
    pub(crate) store: Store,
    pub(crate) workers: Workers,
    // What was signed. Replaced as a whole after the commit, so readers see one checkpoint and its tree, never half.
    views: RwLock<BTreeMap<Log, Arc<LogView>>>,
    // Held while an epoch is closed: up to where the rows were found to be those that were signed.
    pub(crate) closing: Mutex<Option<Tally>>,
    pub(crate) shards: ShardCache,
    // Sends the epoch each time one is closed.
    pub(crate) closed: watch::Sender<u64>,
    // The newest epoch that this process closed, or that the operator vouched for. The clock is followed from there.
    pub(crate) seen: AtomicU64,
    // How the database is behind its high-water mark. While it is, nothing is written.
    pub(crate) lost: RwLock<Option<SummaryError>>,
    // Last, so that the lock goes after everything else.
    pub(crate) folder: Folder,
}

/// What it takes to sign for an org.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub(crate) org: &'a str,
    pub(crate) signing: &'a SigningKey,
}

/// A log at its newest checkpoint.
#[derive(Clone)]
pub(crate) struct LogView {
    pub(crate) tree: LogTree,
    /// The newest checkpoints: as many as can count within the window, and one more.
    pub(crate) history: LogHistory,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("org", &self.org()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Makes a ledger in a folder that holds none, with a new signing key and a new operator token.
    ///
    /// `now` is the time, in Unix seconds. It is signed, and the first epoch that is closed may not be far past it.
    ///
    /// # Errors
    /// When the folder holds a ledger, is in use or cannot be written, or the rules are out of their bounds.
    pub async fn create(folder: &Path, policy: &LedgerPolicy, now: u64) -> Result<Self, OpenError> {
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
    }

    /// Opens the ledger of a folder, for this process alone.
    ///
    /// # Errors
    /// When there is none, another process has it, others may read its secrets, its rules were changed since it was
    /// begun, or its leaves do not make the root that it signed last.
    ///
    /// # Cost
    /// At most one shard's hashes (21,845) for each log, whatever its size.
    pub async fn open(folder: &Path) -> Result<Self, OpenError> {
        let folder = Folder::open(folder)?;
        let (file, policy) = (folder.database(), read_policy(&folder)?);
        let store = Store::open(&file).await;
        let store = store.map_err(|error| OpenError::Database { file: file.clone(), error })?;
        let opened = async { Self::start(folder, policy, store).await?.with_views().await };
        let ledger = opened.await.map_err(|error| error.of(&file))?;
        ledger.summarise().await.map_err(|error| OpenError::Database { file, error })?;
        Ok(ledger)
    }

    /// A ledger without views: [`Ledger::with_views`] reads them.
    pub(crate) async fn start(
        folder: Folder,
        policy: LedgerPolicy,
        store: Store,
    ) -> Result<Self, OpenError> {
        let (signing, log_key) = folder.signing_key(&policy.org)?;
        let token = folder.operator_token()?;
        let workers = Workers::start()?;
        let mut connection = store.readers().acquire().await.map_err(StoreError::from)?;
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
            folder,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Reads every log at its newest checkpoint.
    pub(crate) async fn with_views(self) -> Result<Self, OpenError> {
        let mut connection =
            self.inner.store.readers().acquire().await.map_err(StoreError::from)?;
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

    /// Whether nothing says that a state was ever signed: a release before summaries made this ledger.
    ///
    /// The database says it, the file beside it, and the signing key's own file. One of them is enough: then the state
    /// was deleted, and the audit says so.
    pub(crate) fn is_of_older_release(&self, mark: Option<&str>) -> Result<bool, StoreError> {
        let folder = &self.inner.folder;
        Ok(mark.is_none() && !self.inner.store.had_state() && !folder.has_signed_state()?)
    }

    /// Signs the first summary of a ledger that a release before summaries made, and writes the high-water mark where a
    /// process ended before it could.
    async fn summarise(&self) -> Result<(), StoreError> {
        let folder = &self.inner.folder;
        let (mark, kept) = (folder.summary()?, folder.state()?);
        let mut tx = self.inner.store.begin().await?;
        if self.is_of_older_release(mark.as_deref())? {
            let first = summary::begin(tx.connection()?, &self.signer(), 0, false).await?;
            tx.commit().await?;
            self.write_mark(first).await?;
            return Ok(folder.mark_signed_state()?);
        }
        let newest = summary::newest_note(tx.connection()?).await?;
        let newest = newest.and_then(|note| Some((Summary::open(self.log_key(), &note)?, note)));
        let number = newest.as_ref().map(|(summary, _)| summary.number);
        let lost = match &mark {
            Some(mark) => summary::lost(tx.connection()?, self.log_key(), number, mark).await?,
            None => None,
        };
        let state = summary::load_state(tx.connection()?, self.log_key()).await;
        tx.refuse().await?;
        let state = match state {
            // It is opened all the same, so that it can be audited. Nothing is written on top of it.
            Err(StoreError::State) => return Ok(()),
            state => state?,
        };
        folder.mark_signed_state()?;
        let lost = lost.or_else(|| state.lost(self.log_key(), kept.as_deref()));
        if lost.is_some() {
            // It is opened all the same, so that it can be read and audited. The file stays: it is the evidence.
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

    /// What it takes to sign for the org.
    pub(crate) fn signer(&self) -> Signer<'_> {
        Signer { org: self.org(), signing: &self.inner.signing }
    }

    /// The campaign or charity.
    pub fn org(&self) -> &str {
        &self.inner.policy.org
    }

    /// The rules.
    pub fn policy(&self) -> &LedgerPolicy {
        &self.inner.policy
    }

    /// What opens the org's checkpoints and other notes.
    pub fn log_key(&self) -> &LogKey {
        &self.inner.log_key
    }

    /// What an operator shows to append over the network.
    pub fn operator_token(&self) -> &OperatorToken {
        &self.inner.token
    }

    /// The origin of one of its logs, `org/log`.
    pub fn origin(&self, log: Log) -> String {
        log.origin(self.org())
    }

    /// How many leaves a log has, those of no checkpoint yet included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn size(&self, log: Log) -> Result<u64, StoreError> {
        leaf::size(&mut *self.inner.store.readers().acquire().await?, log).await
    }

    /// Who runs this ledger, its logs and rules.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn info(&self) -> Result<LedgerInfo, StoreError> {
        let mut logs = Vec::new();
        for log in Log::ALL {
            let size = self.size(log).await?;
            logs.push(LogInfo { origin: self.origin(log), depth: log.depth(), size });
        }
        let policy = self.policy();
        Ok(LedgerInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            org: policy.org.clone(),
            log_key: self.log_key().clone(),
            logs,
            epoch_seconds: policy.epoch_seconds,
            window: policy.window(),
            currency: policy.currency.map(String::from),
        })
    }

    /// Hears of each epoch that is closed.
    pub(crate) fn closed(&self) -> watch::Receiver<u64> {
        self.inner.closed.subscribe()
    }

    /// Closes the database. Without it the ledger is as durable, and the folder a little larger.
    pub async fn close(self) {
        self.inner.store.close().await;
    }

    /// A log at its newest checkpoint.
    pub(crate) fn view(&self, log: Log) -> Arc<LogView> {
        let views = self.inner.views.read().unwrap_or_else(PoisonError::into_inner);
        // Every log has a view from the start.
        views.get(&log).cloned().unwrap_or_else(|| {
            let (tree, history) = (LogTree::new(log), LogHistory::new(&self.origin(log)));
            Arc::new(LogView { tree, history })
        })
    }

    /// Puts views in the place of older ones, all at once.
    pub(crate) fn replace_views(&self, fresh: Vec<(Log, LogView)>) {
        let mut views = self.inner.views.write().unwrap_or_else(PoisonError::into_inner);
        views.extend(fresh.into_iter().map(|(log, view)| (log, Arc::new(view))));
    }

    /// Runs work that must not be cut off when the caller goes away.
    pub(crate) async fn finish<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        tokio::spawn(work).await.unwrap_or_else(|_| Err(StoreError::Stopped.into()))
    }
}

/// The rules that the logs rest on: they are in the database too, and stay as they are.
fn fixed_rules(policy: &LedgerPolicy) -> [(&'static str, String); 3] {
    [
        ("org", policy.org.clone()),
        ("epoch_seconds", policy.epoch_seconds.to_string()),
        ("currency", policy.currency.map(String::from).unwrap_or_else(|| "none".into())),
    ]
}

/// The rules that a folder has.
pub(crate) fn read_policy(folder: &Folder) -> Result<LedgerPolicy, OpenError> {
    let file = folder.policy();
    LedgerPolicy::read(&file).map_err(|error| OpenError::PolicyFile { file, error })
}

/// Begins the logs of a new database. Gives the first summary.
async fn begin_logs(
    store: &Store,
    policy: &LedgerPolicy,
    signing: &SigningKey,
    now: u64,
) -> Result<String, StoreError> {
    let mut tx = store.begin().await?;
    for (name, value) in fixed_rules(policy) {
        let insert = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        sqlx::query(insert).bind(name).bind(value).execute(tx.connection()?).await?;
    }
    for log in Log::ALL {
        let insert =
            "INSERT INTO logs (log, origin, size) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING";
        let query = sqlx::query(insert).bind(log.id()).bind(log.origin(&policy.org));
        query.execute(tx.connection()?).await?;
    }
    let signer = Signer { org: &policy.org, signing };
    let note = summary::begin(tx.connection()?, &signer, policy.epoch(now), true).await?;
    tx.commit().await?;
    Ok(note)
}

async fn same_rules(
    connection: &mut SqliteConnection,
    policy: &LedgerPolicy,
) -> Result<(), OpenError> {
    for (rule, got) in fixed_rules(policy) {
        let query = sqlx::query_scalar("SELECT value FROM settings WHERE name = $1").bind(rule);
        let expected: Option<String> =
            query.fetch_optional(&mut *connection).await.map_err(StoreError::from)?;
        let expected = expected.ok_or(StoreError::Broken { what: "rule" })?;
        if got != expected {
            return Err(OpenError::Changed { rule, got, expected });
        }
    }
    Ok(())
}

/// A log at its newest checkpoint, from the database.
async fn load(
    connection: &mut SqliteConnection,
    workers: &Workers,
    policy: &LedgerPolicy,
    key: &LogKey,
    log: Log,
) -> Result<LogView, OpenError> {
    let origin = log.origin(&policy.org);
    let keep = checkpoint::kept(policy);
    let history = checkpoint::newest(connection, key, &origin, log, keep).await?;
    let size = history.newest().map_or(0, Checkpoint::size);
    let shards = size / SHARD_LEAVES as u64;
    let query = "SELECT root FROM shards WHERE log = $1 AND shard < $2 ORDER BY shard";
    let roots: Vec<Vec<u8>> = sqlx::query_scalar(query)
        .bind(log.id())
        .bind(signed(shards)?)
        .fetch_all(&mut *connection)
        .await
        .map_err(StoreError::from)?;
    if unsigned("count", roots.len() as i64)? != shards {
        return Err(StoreError::Broken { what: "list of shard roots" }.into());
    }
    let full = roots.iter().map(|root| element("shard root", root)).collect::<Result<_, _>>()?;
    let mut tree = LogTree::with_full(log, full);
    let open = leaf::read(connection, log, tree.size()..size).await?;
    let tree = workers.run(move || tree.extend(&open).map(|()| tree)).await?;
    let tree = tree.map_err(|_| StoreError::Broken { what: "leaf" })?;
    let signed_root = history.newest().map(Checkpoint::root);
    if signed_root.is_some() && signed_root != tree.root() {
        return Err(OpenError::Checkpoint { origin });
    }
    Ok(LogView { tree, history })
}
