//! The logs, and the rules under which they were started: the tables `settings` and `logs`.

use std::ops::Range;

use super::{Connection, StoreError, Transaction, signed, unsigned};
use crate::log::Log;

/// Writes a rule, unless it exists.
pub(crate) async fn insert_rule(
    tx: &mut Transaction<'_>,
    rule: &str,
    value: &str,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    sqlx::query(insert).bind(rule).bind(value).execute(tx.sqlite()?).await?;
    Ok(())
}

/// The value of a rule.
pub(crate) async fn rule(
    connection: &mut Connection,
    rule: &str,
) -> Result<Option<String>, StoreError> {
    let query = sqlx::query_scalar("SELECT value FROM settings WHERE name = $1").bind(rule);
    Ok(query.fetch_optional(connection.sqlite()).await?)
}

/// Writes a log without leaves, unless it exists.
pub(crate) async fn insert(
    tx: &mut Transaction<'_>,
    log: Log,
    origin: &str,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO logs (log, origin, size) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING";
    sqlx::query(insert).bind(crate::log::id(log)).bind(origin).execute(tx.sqlite()?).await?;
    Ok(())
}

/// The number of leaves in a log.
pub(crate) async fn size(connection: &mut Connection, log: Log) -> Result<u64, StoreError> {
    let query =
        sqlx::query_scalar("SELECT size FROM logs WHERE log = $1").bind(crate::log::id(log));
    let size = query.fetch_optional(connection.sqlite()).await?;
    unsigned("log size", size.ok_or(StoreError::Broken { what: "log size: it is missing" })?)
}

/// Changes a log's size from `range.start` to `range.end`.
pub(crate) async fn grow(
    tx: &mut Transaction<'_>,
    log: Log,
    range: &Range<u64>,
) -> Result<(), StoreError> {
    let update = "UPDATE logs SET size = $1 WHERE log = $2 AND size = $3";
    let query = sqlx::query(update).bind(signed(range.end)?).bind(crate::log::id(log));
    let done = query.bind(signed(range.start)?).execute(tx.sqlite()?).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Broken { what: "log size" }) }
}

/// What never changes: the rules with their values, and the logs' numbers with their origins,
/// sorted by the first of each pair.
pub(crate) async fn rules_and_origins(
    connection: &mut Connection,
) -> Result<Vec<(String, String)>, StoreError> {
    let query = "SELECT name, value FROM settings UNION ALL \
         SELECT CAST(log AS TEXT), origin FROM logs ORDER BY 1, 2";
    Ok(sqlx::query_as(query).fetch_all(connection.sqlite()).await?)
}
