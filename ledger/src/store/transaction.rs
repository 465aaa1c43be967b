//! Write transactions. A transaction is durable as a whole, or it leaves nothing.

use std::sync::atomic::Ordering;

use sqlx::{ConnectOptions, Executor, SqliteConnection};
use tokio::sync::MutexGuard;

use super::{StoreError, connection::Connection, database::Store};

/// A write transaction. If it is dropped without [`Transaction::commit`], it leaves nothing.
pub(crate) struct Transaction<'a> {
    connection: Option<Connection>,
    // How many transactions were committed before.
    number: i64,
    // The note of the state that this transaction leaves.
    state: Option<String>,
    writer: MutexGuard<'a, Option<Connection>>,
    store: &'a Store,
}

impl Store {
    /// Begins a write transaction. Waits for the one before.
    pub(crate) async fn begin(&self) -> Result<Transaction<'_>, StoreError> {
        let mut writer = self.writer.lock().await;
        if self.halted.load(Ordering::Acquire) {
            return Err(StoreError::Unknown);
        }
        // Taken out until it is known to be sound.
        let mut connection = match writer.take() {
            Some(connection) => connection,
            None => self.options.connect().await?.into(),
        };
        connection.sqlite().execute("BEGIN IMMEDIATE").await?;
        let number = commits(connection.sqlite()).await?;
        Ok(Transaction { connection: Some(connection), number, state: None, writer, store: self })
    }

    /// How many transactions were committed, as a new connection sees it while nobody writes.
    async fn committed(&self) -> Result<i64, StoreError> {
        let mut connection = self.options.connect().await?;
        connection.execute("BEGIN IMMEDIATE").await?;
        let number = commits(&mut connection).await?;
        connection.execute("ROLLBACK").await?;
        Ok(number)
    }
}

impl Transaction<'_> {
    /// The SQLite connection, for writing.
    pub(super) fn sqlite(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        Ok(self.connection()?.sqlite())
    }

    /// The connection, inside the transaction.
    pub(crate) fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        self.connection.as_mut().ok_or(StoreError::Stopped)
    }

    /// Sets the signed state that this transaction leaves.
    pub(crate) fn leaves_state(&mut self, note: String) {
        self.state = Some(note);
    }

    /// Makes the transaction durable. After an error nothing has changed, except with
    /// [`StoreError::Unknown`].
    ///
    /// A commit that fails may have taken effect: it may have been interrupted after its last
    /// write, or the answer may have been lost. So each transaction updates a counter, and after a
    /// failure a new connection reads it.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let number = self.number + 1;
        let mut connection = self.connection.take().ok_or(StoreError::Stopped)?;
        let count = sqlx::query("UPDATE commits SET number = $1").bind(number);
        count.execute(connection.sqlite()).await?;
        let Err(error) = connection.sqlite().execute("COMMIT").await else {
            self.store.keep_state(self.state.as_deref());
            *self.writer = Some(connection);
            self.store.tidy.notify_one();
            return Ok(());
        };
        // Rolls back whatever is left.
        connection.close_hard().await;
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

    /// Leaves nothing, but keeps the connection. This is for refusals, which are not failures.
    pub(crate) async fn refuse(mut self) -> Result<(), StoreError> {
        self.sqlite()?.execute("ROLLBACK").await?;
        *self.writer = self.connection.take();
        Ok(())
    }
}

/// How many transactions were committed, as a connection sees it.
async fn commits(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let number = sqlx::query_scalar("SELECT number FROM commits").fetch_optional(connection);
    number.await?.ok_or(StoreError::Broken { what: "count of commits: it is missing" })
}
