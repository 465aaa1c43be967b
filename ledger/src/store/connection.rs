//! Connections: what they run on is known in this room alone.

use sqlx::{Connection as _, Sqlite, SqliteConnection, pool::PoolConnection};

/// A connection to the database.
pub(crate) struct Connection(Kind);

enum Kind {
    /// One that belongs to no pool: it writes.
    Own(SqliteConnection),
    /// One of a pool, which gets it back.
    Pooled(PoolConnection<Sqlite>),
    /// One of a pool, in a read transaction that ends with it.
    Snapshot(sqlx::Transaction<'static, Sqlite>),
}

/// What a connection reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadPurpose {
    /// What is soon read.
    Short,
    /// Shards, roofs and lists, which take long: short reads need not wait for them.
    Shards,
    /// All that is compared before an epoch is closed. It must not wait for anybody who reads.
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

    /// Ends it, whatever state it is in. What was not committed is rolled back.
    pub(super) async fn close_hard(self) {
        if let Kind::Own(connection) = self.0 {
            // An error of it changes nothing.
            let _ = connection.close_hard().await;
        }
    }

    /// Ends it.
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
