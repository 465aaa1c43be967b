//! A ledger's database: one connection writes, and several read.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions, Connection as _, Executor, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{Mutex, Notify};

use super::{
    SHARD_READERS, StoreError,
    connection::{Connection, ReadPurpose},
    migrations::{has_state, migrations},
};
use crate::folder;

/// A ledger's database.
pub(crate) struct Store {
    file: PathBuf,
    pub(super) options: SqliteConnectOptions,
    // Locked for the whole of a write transaction, so that there is one writer. `None` after a
    // failure. The next transaction then uses a new connection, and closing the old one rolls back
    // what it had not committed.
    pub(super) writer: Mutex<Option<Connection>>,
    // Separate connections: for shards and roofs, which take long, and for closing epochs, which
    // must not wait for other readers.
    readers: Readers,
    // Notified after a commit. A task with a connection of its own then moves pages from the WAL to
    // the database, so that no commit has to do it.
    pub(super) tidy: Arc<Notify>,
    tidier: tokio::task::JoinHandle<()>,
    // Set when the outcome of a commit is unknown.
    pub(super) halted: AtomicBool,
    // Whether the one reader stays in a transaction as long as this value lives.
    is_snapshot: bool,
    // Whether the database could hold a signed state when it was opened, before its tables were
    // updated.
    had_state: bool,
    // Whether the newest state was written beside the database at the last attempt.
    is_state_kept: AtomicBool,
}

/// The pools of connections, by purpose.
struct Readers {
    short: SqlitePool,
    shards: SqlitePool,
    closer: SqlitePool,
}

impl Readers {
    fn of(&self, reading: ReadPurpose) -> &SqlitePool {
        match reading {
            ReadPurpose::Short => &self.short,
            ReadPurpose::Shards => &self.shards,
            ReadPurpose::Closing => &self.closer,
        }
    }
}

impl Store {
    /// Opens the database. Makes its tables, or updates them.
    pub(crate) async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            // The file exists, even if it is empty. If it vanished, a new database would be a
            // ledger that has forgotten what was spent.
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
        // Shards are read once, from end to end, so a small cache is as good as a large one.
        let shards = reading.clone().pragma("cache_size", "-4096");
        let shards = pool(SHARD_READERS, shards);
        // Connected now and kept. Whatever happens to the file later, an epoch is closed in this
        // database or not at all.
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
        Ok(Self::new((file, options), Some(writer.into()), readers, tidy, had_state))
    }

    /// Makes a store from connections. Without a writer, it is a snapshot.
    fn new(
        (file, options): (&Path, SqliteConnectOptions),
        writer: Option<Connection>,
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

    /// Opens the database as it is now, for reading and without a lock. Later changes are not
    /// visible.
    ///
    /// `immutable` is for a folder in which nothing can be written, not even the index of the
    /// write-ahead log. Nobody else can then be writing there, and the database must be complete
    /// without that log.
    pub(crate) async fn open_snapshot(file: &Path, immutable: bool) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .immutable(immutable)
            .busy_timeout(Duration::from_secs(10))
            .disable_statement_logging();
        // The transaction begins with the first read.
        const BEGIN: &str = "BEGIN; SELECT number FROM commits";
        // What cannot be read here fails at once. The pool would try again for half a minute.
        let mut trial = options.connect().await?;
        let begun = trial.execute(BEGIN).await;
        trial.close().await?;
        begun?;
        let readers = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(30))
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(BEGIN).await.map(|_| ()) })
            })
            .connect_with(options.clone())
            .await?;
        let had_state = has_state(&mut *readers.acquire().await?).await?;
        let tidy = (Arc::new(Notify::new()), tokio::spawn(async {}));
        // All readers share one connection, because another one would begin a snapshot of its own.
        let readers = Readers { shards: readers.clone(), closer: readers.clone(), short: readers };
        Ok(Self::new((file, options), None, readers, tidy, had_state))
    }

    /// A connection that reads what is committed.
    pub(crate) async fn reader(&self, reading: ReadPurpose) -> Result<Connection, StoreError> {
        Ok(self.readers.of(reading).acquire().await?.into())
    }

    /// A connection that sees the database as it is now, whatever is committed meanwhile.
    pub(crate) async fn snapshot(&self, reading: ReadPurpose) -> Result<Connection, StoreError> {
        let pool = self.readers.of(reading);
        Ok(if self.is_snapshot { pool.acquire().await?.into() } else { pool.begin().await?.into() })
    }

    /// Makes the database full: from here on its file may not grow.
    #[cfg(test)]
    pub(crate) async fn grow_no_more(&self) {
        let mut writer = self.writer.lock().await;
        // The smallest limit that SQLite accepts is the present size.
        let limit = writer.as_mut().unwrap().sqlite().execute("PRAGMA max_page_count = 1");
        limit.await.unwrap();
    }

    /// Whether the outcome of a commit is unknown, so that nothing more is accepted.
    pub(crate) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Acquire)
    }

    /// The folder that holds the database.
    pub(crate) fn folder(&self) -> PathBuf {
        self.file.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// The sizes of the database and of its write-ahead log, in bytes.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let mut wal = self.file.clone().into_os_string();
        wal.push("-wal");
        let length = |file: &Path| fs::metadata(file).map_or(0, |found| found.len());
        (length(&self.file), length(Path::new(&wal)))
    }

    /// Whether the database could hold a signed state when it was opened.
    pub(crate) fn had_state(&self) -> bool {
        self.had_state
    }

    /// Writes the newest state beside the database. If that fails, the transaction remains
    /// committed.
    pub(super) fn keep_state(&self, note: Option<&str>) {
        let Some(note) = note else { return };
        match folder::write_state(&self.file, note) {
            Ok(()) => self.is_state_kept.store(true, Ordering::Relaxed),
            Err(error) if self.is_state_kept.swap(false, Ordering::Relaxed) => {
                tracing::warn!(%error, "could not write state.note");
            }
            Err(_) => {}
        }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.tidier.abort();
        for pool in [&self.readers.short, &self.readers.shards, &self.readers.closer] {
            pool.close().await;
        }
        if let Some(mut writer) = self.writer.lock().await.take() {
            // The WAL is durable without this. But afterwards the database file alone is the whole
            // ledger, unless somebody is reading an older state at this moment.
            let _ = writer.sqlite().execute("PRAGMA busy_timeout = 2000").await;
            let began = Instant::now();
            // The busy timeout does not cover the lock of checkpoints, which the tidier may still
            // hold for a moment.
            let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
            while let Ok(1) =
                sqlx::query_scalar::<_, i64>(truncate).fetch_one(writer.sqlite()).await
                && began.elapsed() < Duration::from_secs(2)
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            writer.close().await;
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.tidier.abort();
    }
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
            tracing::warn!(%error, "could not move the write-ahead log into the database");
            connection = None;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
