//! Checkpoints, and the roots of the shards that they fill: the tables `checkpoints` and `shards`.

use wufu_verifier::{Fr, PublicKey, encoding::field, log::checkpoint::Checkpoint};

use super::{Connection, StoreError, Transaction, element, signed, unsigned};
use crate::log::Log;

/// A checkpoint's row.
pub(crate) struct CheckpointRow {
    pub(crate) epoch: u64,
    /// `None` if the number is not a valid size.
    pub(crate) size: Option<u64>,
    pub(crate) open_root: Option<Vec<u8>>,
    pub(crate) note: String,
}

/// The newest epoch for which a log has signed.
pub(crate) async fn newest_epoch(connection: &mut Connection) -> Result<Option<u64>, StoreError> {
    let query = sqlx::query_scalar("SELECT MAX(epoch) FROM checkpoints");
    let newest: Option<i64> = query.fetch_one(connection.sqlite()).await?;
    newest.map(|epoch| unsigned("epoch", epoch)).transpose()
}

/// The number of checkpoints of all logs.
pub(crate) async fn count(connection: &mut Connection) -> Result<u64, StoreError> {
    let query = sqlx::query_scalar("SELECT COUNT(*) FROM checkpoints");
    unsigned("count", query.fetch_one(connection.sqlite()).await?)
}

/// Writes a checkpoint, and the root of the shard that is open in it.
pub(crate) async fn insert(
    tx: &mut Transaction<'_>,
    log: Log,
    checkpoint: &Checkpoint,
    open_root: Option<&Fr>,
) -> Result<(), StoreError> {
    let insert =
        "INSERT INTO checkpoints (log, epoch, size, open_root, note) VALUES ($1, $2, $3, $4, $5)";
    let insert = sqlx::query(insert).bind(crate::log::id(log)).bind(signed(checkpoint.epoch())?);
    let insert = insert.bind(signed(checkpoint.size())?);
    let insert = insert.bind(open_root.map(|root| field::encode(root).to_vec()));
    insert.bind(checkpoint.note()).execute(tx.sqlite()?).await?;
    Ok(())
}

/// Writes the root of a full shard.
pub(crate) async fn insert_shard(
    tx: &mut Transaction<'_>,
    log: Log,
    shard: u64,
    root: &Fr,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO shards (log, shard, root) VALUES ($1, $2, $3)")
        .bind(crate::log::id(log))
        .bind(signed(shard)?)
        .bind(field::encode(root).to_vec())
        .execute(tx.sqlite()?)
        .await?;
    Ok(())
}

/// The notes of a log's newest `count` checkpoints, newest first.
pub(crate) async fn newest_notes(
    connection: &mut Connection,
    log: Log,
    count: u64,
) -> Result<Vec<String>, StoreError> {
    let query = "SELECT note FROM checkpoints WHERE log = $1 ORDER BY epoch DESC LIMIT $2";
    let query = sqlx::query_scalar(query).bind(crate::log::id(log)).bind(signed(count)?);
    Ok(query.fetch_all(connection.sqlite()).await?)
}

/// The notes of the checkpoint of a log that is in force at an epoch, if there is one, and of later
/// checkpoints. Oldest first, at most `limit`.
pub(crate) async fn notes_from(
    connection: &mut Connection,
    log: Log,
    epoch: u64,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let query = "SELECT note FROM checkpoints WHERE log = $1 AND epoch >= COALESCE( \
         (SELECT MAX(epoch) FROM checkpoints WHERE log = $1 AND epoch <= $2), 0) \
         ORDER BY epoch LIMIT $3";
    let query = sqlx::query_scalar(query).bind(crate::log::id(log)).bind(clamped(epoch));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(query.bind(limit).fetch_all(connection.sqlite()).await?)
}

/// The note of the checkpoint of a log that is in force at an epoch, and the root of the shard that
/// was open then.
pub(crate) async fn in_force(
    connection: &mut Connection,
    log: Log,
    epoch: u64,
) -> Result<Option<(String, Option<Fr>)>, StoreError> {
    let query = "SELECT note, open_root FROM checkpoints WHERE log = $1 AND epoch <= $2 \
         ORDER BY epoch DESC LIMIT 1";
    let query = sqlx::query_as(query).bind(crate::log::id(log)).bind(clamped(epoch));
    let found: Option<(String, Option<Vec<u8>>)> =
        query.fetch_optional(connection.sqlite()).await?;
    let Some((note, root)) = found else { return Ok(None) };
    Ok(Some((note, root.map(|root| element("shard root", &root)).transpose()?)))
}

/// Every checkpoint of a log, oldest first.
pub(crate) async fn rows(
    connection: &mut Connection,
    log: Log,
) -> Result<Vec<CheckpointRow>, StoreError> {
    let query =
        "SELECT epoch, size, open_root, note FROM checkpoints WHERE log = $1 ORDER BY epoch";
    let query = sqlx::query_as(query).bind(crate::log::id(log));
    let rows: Vec<(i64, i64, Option<Vec<u8>>, String)> =
        query.fetch_all(connection.sqlite()).await?;
    let row = |(epoch, size, open_root, note)| {
        let (epoch, size) = (unsigned("epoch", epoch)?, u64::try_from(size).ok());
        Ok(CheckpointRow { epoch, size, open_root, note })
    };
    rows.into_iter().map(row).collect()
}

/// The number of leaves that a log's newest checkpoint covers.
pub(crate) async fn covered(connection: &mut Connection, log: Log) -> Result<u64, StoreError> {
    let query = sqlx::query_scalar("SELECT COALESCE(MAX(size), 0) FROM checkpoints WHERE log = $1");
    unsigned("size", query.bind(crate::log::id(log)).fetch_one(connection.sqlite()).await?)
}

/// The number of an owner's entries that no checkpoint covers.
pub(crate) async fn uncovered_of_owner(
    connection: &mut Connection,
    log: Log,
    owner: &PublicKey,
) -> Result<u64, StoreError> {
    let table = match log {
        Log::Cards => "cards",
        Log::Persons => "persons",
        Log::Donations(_) => "receipts",
    };
    let query = format!(
        "SELECT COUNT(*) FROM {table} WHERE owner = $1 AND place >= \
         (SELECT COALESCE(MAX(size), 0) FROM checkpoints WHERE log = $2)"
    );
    let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query));
    let query = query.bind(owner.to_bytes().to_vec()).bind(crate::log::id(log));
    unsigned("count", query.fetch_one(connection.sqlite()).await?)
}

/// The roots of a log's first full shards, without gaps.
pub(crate) async fn shard_roots(
    connection: &mut Connection,
    log: Log,
    count: u64,
) -> Result<Vec<Fr>, StoreError> {
    let query = "SELECT root FROM shards WHERE log = $1 AND shard < $2 ORDER BY shard";
    let query = sqlx::query_scalar(query).bind(crate::log::id(log)).bind(signed(count)?);
    let roots: Vec<Vec<u8>> = query.fetch_all(connection.sqlite()).await?;
    if unsigned("count", roots.len() as i64)? != count {
        return Err(StoreError::Broken { what: "list of shard roots" });
    }
    roots.iter().map(|root| element("shard root", root)).collect()
}

/// Every full shard of a log, with its root if that is a field element.
pub(crate) async fn shards(
    connection: &mut Connection,
    log: Log,
) -> Result<Vec<(u64, Option<Fr>)>, StoreError> {
    let query = "SELECT shard, root FROM shards WHERE log = $1 ORDER BY shard";
    let query = sqlx::query_as(query).bind(crate::log::id(log));
    let rows: Vec<(i64, Vec<u8>)> = query.fetch_all(connection.sqlite()).await?;
    let shard = |(shard, root): (i64, Vec<u8>)| {
        Ok((unsigned("shard", shard)?, element("shard root", &root).ok()))
    };
    rows.into_iter().map(shard).collect()
}

/// An epoch as the database stores it. One that is too large becomes the largest.
fn clamped(epoch: u64) -> i64 {
    i64::try_from(epoch).unwrap_or(i64::MAX)
}
