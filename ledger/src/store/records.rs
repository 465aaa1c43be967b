//! Public records of the donation log: the table `records`. The records of an import are written
//! together with their receipts.

use std::ops::Range;

use wufu_verifier::{Record, encoding::field};

use super::{Connection, StoreError, Transaction, element, facts, signed, unsigned};
use crate::log::Log;

/// The records in a range of leaf indices, without gaps.
pub(crate) async fn read(
    connection: &mut Connection,
    indices: Range<u64>,
) -> Result<Vec<Record>, StoreError> {
    let query = "SELECT project_key, amount, time, own FROM records \
         WHERE log = $1 AND place >= $2 AND place < $3 ORDER BY place";
    let query =
        sqlx::query_as(query).bind(crate::log::id(Log::DONATIONS)).bind(signed(indices.start)?);
    let rows: Vec<(i64, i64, i64, Vec<u8>)> =
        query.bind(signed(indices.end)?).fetch_all(connection.sqlite()).await?;
    if unsigned("count", rows.len() as i64)? != indices.end - indices.start {
        return Err(StoreError::Broken { what: "list of records: it has a gap" });
    }
    let record = |(project, amount, time, own): (i64, i64, i64, Vec<u8>)| {
        let (project, amount, time) = facts(project, amount, time)?;
        Ok(Record { project, amount, time, own: element("own", &own)? })
    };
    rows.into_iter().map(record).collect()
}

/// Writes one record.
pub(crate) async fn insert(
    tx: &mut Transaction<'_>,
    leaf_index: u64,
    record: &Record,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO records (log, place, project_key, amount, time, own, leaf) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(insert)
        .bind(crate::log::id(Log::DONATIONS))
        .bind(signed(leaf_index)?)
        .bind(signed(record.project.to_u64())?)
        .bind(signed(record.amount.minor())?)
        .bind(signed(record.time.seconds())?)
        .bind(field::encode(&record.own).to_vec())
        .bind(field::encode(&record.leaf()).to_vec())
        .execute(tx.sqlite()?)
        .await?;
    Ok(())
}
