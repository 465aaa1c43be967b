//! The database: one connection that writes, some that read.
//!
//! SQLite in WAL mode with synchronous FULL: what was committed survives `kill -9` and power loss. Queries use only
//! what PostgreSQL has too.

use std::{
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, Executor, Sqlite, SqliteConnection, SqlitePool, Transaction,
    error::DatabaseError,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{Mutex, MutexGuard, Notify};
use wufu_verifier::{
    Fr,
    encoding::{
        field,
        text::{NameError, QuotedText},
    },
};

use crate::folder::{self, FolderError};

/// Rows of one multi-row insert: few enough for SQLite's limit of 32,766 parameters at nine each.
pub(crate) const ROWS: usize = 1024;

/// Long reads at the same time.
pub(crate) const SHARD_READERS: u32 = 2;

/// What went wrong in the database. Nothing of the transaction is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database refused or failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables are not those of this release.
    #[error("database's tables: {0}")]
    Tables(#[from] MigrateError),
    /// A value in the database is none that this ledger wrote.
    #[error(
        "database holds a broken {what}: `wufu ledger audit` names all that does not fit, where it can be read; restore the \
         folder from a backup"
    )]
    Broken {
        /// Which value.
        what: &'static str,
    },
    /// A commit failed, and then nobody could tell whether it happened. The ledger takes nothing more until it is
    /// opened again.
    #[error("it is not known whether the last commit happened: open the ledger again")]
    Unknown,
    /// The signed state is missing, or this ledger's key did not sign it. Nothing is written on top of that.
    #[error(
        "the signed state in ledger.db is missing or not signed by this ledger's key: nothing is written or signed. Run \
         `wufu ledger audit`, then restore the folder from a backup. If there is none, and the database is to be taken as \
         it is, move summary.note and state.note away and run `wufu ledger close-epoch --accept-database`"
    )]
    State,
    /// A name that no client takes.
    #[error(
        "{field} {} {error}; clients refuse a directory with such a name, so it is not signed. An older release took the \
         name, and entries are still taken. To mend it, make a new ledger and import the donations there with the name \
         corrected",
        QuotedText(.name)
    )]
    Name {
        /// Whose name it is.
        field: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// A file beside the database.
    #[error(transparent)]
    File(#[from] FolderError),
    /// The task that did the work is gone: the process is shutting down.
    #[error("the ledger's work was stopped")]
    Stopped,
}

impl StoreError {
    /// Whether the database refused a row because another has its key.
    pub(crate) fn is_duplicate(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        DatabaseError::is_unique_violation(error.as_ref())
    }
}

/// The database of a ledger.
pub(crate) struct Store {
    file: PathBuf,
    options: SqliteConnectOptions,
    // Held for the whole of a write transaction, so that there is one writer. `None` after a failure: the next
    // transaction begins on a fresh connection, and closing the old one rolls back whatever it had.
    writer: Mutex<Option<SqliteConnection>>,
    // Connections apart: for shards and roofs, which take long, and for closing epochs, which must not wait for anybody
    // who reads.
    readers: Readers,
    // Woken after a commit: moves pages of the WAL into the database, on a connection of its own, so that no commit
    // does.
    tidy: Arc<Notify>,
    tidier: tokio::task::JoinHandle<()>,
    // Set when a commit's outcome is not known.
    halted: AtomicBool,
    // Whether the one reader is in a transaction for as long as this value lives.
    is_snapshot: bool,
    // Whether it had a place for a signed state when it was opened, before its tables were brought up to date.
    had_state: bool,
    // Whether the newest state could be written beside the database, the last time.
    is_state_kept: AtomicBool,
}

/// Pools of connections by what they are for.
struct Readers {
    short: SqlitePool,
    shards: SqlitePool,
    closer: SqlitePool,
}

impl Store {
    /// Opens the database, and makes or brings up to date its tables.
    pub(crate) async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            // It is there, if only empty. Were it to vanish, a new one would be a ledger that forgot what it spent.
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("wal_autocheckpoint", "0")
            .pragma("cache_size", "-65536")
            .disable_statement_logging();
        let mut writer = options.connect().await?;
        let had_state = has_state(&mut writer).await?;
        migrations().run_direct(None, &mut writer, false).await?;
        let pool = |connections, options| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(30))
                .connect_lazy_with(options)
        };
        let reading = options.clone().read_only(true);
        // Shards are read once, from end to end: a small cache is as good as a large one.
        let shards = reading.clone().pragma("cache_size", "-4096");
        let shards = pool(SHARD_READERS, shards);
        // Connected now and for good: whatever happens to the file later, an epoch is closed on this database or not at
        // all.
        let closer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(reading.clone())
            .await?;
        let readers = Readers { short: pool(4, reading), shards, closer };
        let tidy = Arc::new(Notify::new());
        let tidier = tokio::spawn(keep_tidy(options.clone(), tidy.clone()));
        let tidy = (tidy, tidier);
        Ok(Self::new((file, options), Some(writer), readers, tidy, had_state))
    }

    /// A store of connections that were made. One without a writer is a snapshot.
    fn new(
        (file, options): (&Path, SqliteConnectOptions),
        writer: Option<SqliteConnection>,
        readers: Readers,
        (tidy, tidier): (Arc<Notify>, tokio::task::JoinHandle<()>),
        had_state: bool,
    ) -> Self {
        Self {
            file: file.into(),
            options,
            is_snapshot: writer.is_none(),
            writer: Mutex::new(writer),
            readers,
            tidy,
            tidier,
            halted: AtomicBool::new(false),
            had_state,
            is_state_kept: AtomicBool::new(true),
        }
    }

    /// Opens the database for reading, without a lock, as it is now: later changes are not seen.
    ///
    /// `immutable` is for a folder in which nothing can be written, not even the index of the write-ahead log. Then
    /// nobody else can be writing there, and the database must be complete without that log.
    pub(crate) async fn open_snapshot(file: &Path, immutable: bool) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .immutable(immutable)
            .busy_timeout(Duration::from_secs(10))
            .disable_statement_logging();
        let readers = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(30))
            .after_connect(|connection, _| {
                Box::pin(async move {
                    // It begins with the first read.
                    connection.execute("BEGIN; SELECT number FROM commits").await.map(|_| ())
                })
            })
            .connect_with(options.clone())
            .await?;
        let had_state = has_state(&mut *readers.acquire().await?).await?;
        let tidy = (Arc::new(Notify::new()), tokio::spawn(async {}));
        // One connection for all, since another would begin a snapshot of its own.
        let readers = Readers { shards: readers.clone(), closer: readers.clone(), short: readers };
        Ok(Self::new((file, options), None, readers, tidy, had_state))
    }

    /// A connection of a pool, which sees the database as it is now, whatever is committed meanwhile.
    pub(crate) async fn snapshot(&self, pool: &SqlitePool) -> Result<Snapshot, StoreError> {
        Ok(if self.is_snapshot {
            Snapshot::Held(pool.acquire().await?)
        } else {
            Snapshot::Begun(pool.begin().await?)
        })
    }

    /// Connections that read what is committed.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers.short
    }

    /// Connections for long reads, so that short ones need not wait for them.
    pub(crate) fn shard_readers(&self) -> &SqlitePool {
        &self.readers.shards
    }

    /// The connection that closes epochs.
    pub(crate) fn closer(&self) -> &SqlitePool {
        &self.readers.closer
    }

    /// Whether the database had a place for a signed state when it was opened.
    pub(crate) fn had_state(&self) -> bool {
        self.had_state
    }

    /// Keeps the newest state beside the database. The transaction is committed all the same when that fails.
    fn keep_state(&self, note: Option<&str>) {
        let Some(note) = note else { return };
        match folder::write_state(&self.file, note) {
            Ok(()) => self.is_state_kept.store(true, Ordering::Relaxed),
            Err(error) if self.is_state_kept.swap(false, Ordering::Relaxed) => {
                tracing::warn!(%error, "state.note could not be written");
            }
            Err(_) => {}
        }
    }

    /// Begins a write transaction; waits for the one before.
    pub(crate) async fn begin(&self) -> Result<WriteTx<'_>, StoreError> {
        let mut writer = self.writer.lock().await;
        if self.halted.load(Ordering::Acquire) {
            return Err(StoreError::Unknown);
        }
        // Taken out until it is known to be good.
        let mut connection = match writer.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        connection.execute("BEGIN IMMEDIATE").await?;
        let number = commits(&mut connection).await?;
        Ok(WriteTx { connection: Some(connection), number, state: None, writer, store: self })
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.tidier.abort();
        for pool in [&self.readers.short, &self.readers.shards, &self.readers.closer] {
            pool.close().await;
        }
        if let Some(mut writer) = self.writer.lock().await.take() {
            // The WAL is complete without it. Afterwards the database file alone is the whole ledger, unless somebody
            // reads an older state at that moment.
            let _ = writer.execute("PRAGMA busy_timeout = 2000").await;
            let _ = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
            let _ = writer.close().await;
        }
    }

    /// How many transactions were committed, as a fresh connection sees it when nobody writes.
    async fn committed(&self) -> Result<i64, StoreError> {
        let mut connection = self.options.connect().await?;
        connection.execute("BEGIN IMMEDIATE").await?;
        let number = commits(&mut connection).await?;
        connection.execute("ROLLBACK").await?;
        Ok(number)
    }

    /// How connections are made, for tests that make them fail.
    #[cfg(test)]
    pub(crate) fn options(&self) -> &SqliteConnectOptions {
        &self.options
    }

    /// The connection that the next write transaction will use, for tests that make it fail.
    #[cfg(test)]
    pub(crate) async fn writer(&self) -> MutexGuard<'_, Option<SqliteConnection>> {
        self.writer.lock().await
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.tidier.abort();
    }
}

/// A connection in a read transaction, which it began or found.
pub(crate) enum Snapshot {
    Begun(Transaction<'static, Sqlite>),
    Held(PoolConnection<Sqlite>),
}

impl Deref for Snapshot {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Begun(connection) => connection,
            Self::Held(connection) => connection,
        }
    }
}

impl DerefMut for Snapshot {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Begun(connection) => connection,
            Self::Held(connection) => connection,
        }
    }
}

/// A write transaction. Dropped without [`WriteTx::commit`], it leaves nothing.
pub(crate) struct WriteTx<'a> {
    connection: Option<SqliteConnection>,
    // How many were committed before.
    number: i64,
    // The note of the state that it leaves.
    state: Option<String>,
    writer: MutexGuard<'a, Option<SqliteConnection>>,
    store: &'a Store,
}

impl WriteTx<'_> {
    /// The connection, inside the transaction.
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.connection.as_mut().ok_or(StoreError::Stopped)
    }

    /// Tells which signed state the transaction leaves.
    pub(crate) fn leaves_state(&mut self, note: String) {
        self.state = Some(note);
    }

    /// Makes the transaction durable. After an error none of it happened, save for [`StoreError::Unknown`].
    ///
    /// A commit that fails may have happened: it was interrupted after its last write, or the answer was lost. So each
    /// transaction counts itself, and after a failure a fresh connection looks at the count.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let number = self.number + 1;
        let mut connection = self.connection.take().ok_or(StoreError::Stopped)?;
        let count = sqlx::query("UPDATE commits SET number = $1").bind(number);
        count.execute(&mut connection).await?;
        let Err(error) = connection.execute("COMMIT").await else {
            self.store.keep_state(self.state.as_deref());
            *self.writer = Some(connection);
            self.store.tidy.notify_one();
            return Ok(());
        };
        // Rolls back whatever is left; an error of it changes nothing.
        let _ = connection.close_hard().await;
        match self.store.committed().await {
            Ok(committed) if committed == number => {
                self.store.keep_state(self.state.as_deref());
                Ok(())
            }
            Ok(_) => Err(error.into()),
            Err(_) => {
                self.store.halted.store(true, Ordering::Release);
                Err(StoreError::Unknown)
            }
        }
    }

    /// Leaves nothing, and keeps the connection: for refusals, which are no failures.
    pub(crate) async fn refuse(mut self) -> Result<(), StoreError> {
        self.connection()?.execute("ROLLBACK").await?;
        *self.writer = self.connection.take();
        Ok(())
    }
}

/// How many transactions were committed, as a connection sees it.
async fn commits(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let number = sqlx::query_scalar("SELECT number FROM commits").fetch_optional(connection);
    number.await?.ok_or(StoreError::Broken { what: "count of commits: it is missing" })
}

/// Whether a database has, or had, a place for a signed state: its second migration was applied, or left something.
async fn has_state(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let query = "SELECT (SELECT COUNT(*) FROM sqlite_master WHERE name IN ('state', 'summaries')) \
         + (SELECT COUNT(*) FROM pragma_table_info('receipts') WHERE name = 'seq')";
    let traces: i64 = sqlx::query_scalar(query).fetch_one(&mut *connection).await?;
    let query = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    let tables: i64 = sqlx::query_scalar(query).fetch_one(&mut *connection).await?;
    if traces > 0 || tables == 0 {
        return Ok(traces > 0);
    }
    let query = "SELECT COUNT(*) FROM _sqlx_migrations WHERE version > 1";
    let applied: i64 = sqlx::query_scalar(query).fetch_one(connection).await?;
    Ok(applied > 0)
}

async fn keep_tidy(options: SqliteConnectOptions, tidy: Arc<Notify>) {
    let mut connection = None;
    loop {
        tidy.notified().await;
        if connection.is_none() {
            connection = options.connect().await.ok();
        }
        if let Some(open) = &mut connection
            && let Err(error) = open.execute("PRAGMA wal_checkpoint(PASSIVE)").await
        {
            tracing::warn!(%error, "the write-ahead log could not be moved into the database");
            connection = None;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn migrations() -> Migrator {
    let sql = |text: &'static str| sqlx::SqlSafeStr::into_sql_str(text);
    let ledger = sql(include_str!("../migrations/0001_ledger.sql"));
    let summary = sql(include_str!("../migrations/0002_summary.sql"));
    let order = sql(include_str!("../migrations/0003_order.sql"));
    Migrator::with_migrations(vec![
        Migration::new(1, "ledger".into(), MigrationType::Simple, ledger, false),
        Migration::new(2, "summary".into(), MigrationType::Simple, summary, false),
        Migration::new(3, "order".into(), MigrationType::Simple, order, false),
    ])
}

/// A number as the database has it.
pub(crate) fn signed(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Broken { what: "number: 2^63 or more" })
}

/// A number from the database.
pub(crate) fn unsigned(what: &'static str, value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Broken { what })
}

/// A field element from the database.
pub(crate) fn element(what: &'static str, bytes: &[u8]) -> Result<Fr, StoreError> {
    field::decode(what, bytes).map_err(|_| StoreError::Broken { what })
}
