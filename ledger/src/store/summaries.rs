//! The notes of the signed state and of the summaries: the tables `state` and `summaries`.

use tokio_stream::StreamExt as _;

use super::{Connection, StoreError, Transaction, signed, unsigned};

/// Whether the database has these tables.
pub(crate) async fn has_tables(connection: &mut Connection) -> Result<bool, StoreError> {
    let query = "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('state', 'summaries')";
    let tables: i64 = sqlx::query_scalar(query).fetch_one(connection.sqlite()).await?;
    Ok(tables == 2)
}

/// Whether the database holds neither a summary nor a state.
pub(crate) async fn is_empty(connection: &mut Connection) -> Result<bool, StoreError> {
    let query = "SELECT (SELECT COUNT(*) FROM state) + (SELECT COUNT(*) FROM summaries)";
    let rows: i64 = sqlx::query_scalar(query).fetch_one(connection.sqlite()).await?;
    Ok(rows == 0)
}

/// The signed state's note.
pub(crate) async fn state_note(connection: &mut Connection) -> Result<Option<String>, StoreError> {
    let query = sqlx::query_scalar("SELECT note FROM state");
    Ok(query.fetch_optional(connection.sqlite()).await?)
}

/// Replaces the signed state's note.
pub(crate) async fn write_state(tx: &mut Transaction<'_>, note: &str) -> Result<(), StoreError> {
    let insert = "INSERT INTO state (state, note) VALUES (1, $1) \
         ON CONFLICT (state) DO UPDATE SET note = excluded.note";
    sqlx::query(insert).bind(note).execute(tx.sqlite()?).await?;
    Ok(())
}

/// A summary's note.
pub(crate) async fn note(
    connection: &mut Connection,
    number: u64,
) -> Result<Option<String>, StoreError> {
    let query = sqlx::query_scalar("SELECT note FROM summaries WHERE number = $1");
    Ok(query.bind(signed(number)?).fetch_optional(connection.sqlite()).await?)
}

/// The newest summary's note.
pub(crate) async fn newest_note(connection: &mut Connection) -> Result<Option<String>, StoreError> {
    let query = sqlx::query_scalar("SELECT note FROM summaries ORDER BY number DESC LIMIT 1");
    Ok(query.fetch_optional(connection.sqlite()).await?)
}

/// Writes a summary's note.
pub(crate) async fn insert(
    tx: &mut Transaction<'_>,
    number: u64,
    epoch: u64,
    note: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO summaries (number, epoch, note) VALUES ($1, $2, $3)")
        .bind(signed(number)?)
        .bind(signed(epoch)?)
        .bind(note)
        .execute(tx.sqlite()?)
        .await?;
    Ok(())
}

/// Deletes every summary.
pub(crate) async fn delete_all(tx: &mut Transaction<'_>) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM summaries").execute(tx.sqlite()?).await?;
    Ok(())
}

/// Reads every summary, in the order of the numbers. Calls `seen` with the number, epoch and note
/// of each.
pub(crate) async fn each(
    connection: &mut Connection,
    mut seen: impl FnMut(u64, u64, String),
) -> Result<(), StoreError> {
    let query = "SELECT number, epoch, note FROM summaries ORDER BY number";
    let mut rows = sqlx::query_as(query).fetch(connection.sqlite());
    while let Some(row) = rows.next().await {
        let (number, epoch, note): (i64, i64, String) = row?;
        seen(unsigned("summary", number)?, unsigned("epoch", epoch)?, note);
    }
    Ok(())
}
