//! Connections. Only this folder knows which database they use.

use sqlx::{Connection as _, Sqlite, SqliteConnection, pool::PoolConnection};

/// A connection to the database.
pub(crate) struct Connection(Kind);

enum Kind {
    /// A connection outside all pools. It writes.
    Own(SqliteConnection),
    /// A connection from a pool, which gets it back.
    Pooled(PoolConnection<Sqlite>),
    /// A connection from a pool, in a read transaction that ends with it.
    Snapshot(sqlx::Transaction<'static, Sqlite>),
}

/// What a connection is used to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadPurpose {
    /// Something that is read quickly.
    Short,
    /// Shards, roofs and lists, which take long. Short reads need not wait for them.
    Shards,
    /// Everything that is compared before an epoch is closed. This must not wait for other readers.
    Closing,
}

impl Connection {
    pub(super) fn sqlite(&mut self) -> &mut SqliteConnection {
        match &mut self.0 {
            Kind::Own(connection) => connection,
            Kind::Pooled(connection) => connection,
            Kind::Snapshot(connection) => connection,
        }
    }

    /// Closes it, whatever state it is in. What was not committed is rolled back.
    pub(super) async fn close_hard(self) {
        if let Kind::Own(connection) = self.0 {
            // An error here makes no difference.
            let _ = connection.close_hard().await;
        }
    }

    /// Closes it.
    pub(super) async fn close(self) {
        if let Kind::Own(connection) = self.0 {
            let _ = connection.close().await;
        }
    }
}

impl From<SqliteConnection> for Connection {
    fn from(connection: SqliteConnection) -> Self {
        Self(Kind::Own(connection))
    }
}

impl From<PoolConnection<Sqlite>> for Connection {
    fn from(connection: PoolConnection<Sqlite>) -> Self {
        Self(Kind::Pooled(connection))
    }
}

impl From<sqlx::Transaction<'static, Sqlite>> for Connection {
    fn from(connection: sqlx::Transaction<'static, Sqlite>) -> Self {
        Self(Kind::Snapshot(connection))
    }
}
