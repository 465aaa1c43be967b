//! Leaves in the database: read in ranges, written in batches.

use std::ops::Range;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use wufu_verifier::{Fr, Record, encoding::field};

use crate::{
    log::Log,
    store::{ROWS, StoreError, element, signed, unsigned},
};

/// How many leaves a log has.
pub(crate) async fn size(connection: &mut SqliteConnection, log: Log) -> Result<u64, StoreError> {
    let query = sqlx::query_scalar("SELECT size FROM logs WHERE log = $1").bind(log.id());
    let size = query.fetch_optional(connection).await?;
    unsigned("log size", size.ok_or(StoreError::Broken { what: "log size: it is missing" })?)
}

/// Moves a log's size from `range.start` to `range.end`.
pub(crate) async fn grow(
    connection: &mut SqliteConnection,
    log: Log,
    range: &Range<u64>,
) -> Result<(), StoreError> {
    let update = "UPDATE logs SET size = $1 WHERE log = $2 AND size = $3";
    let query = sqlx::query(update).bind(signed(range.end)?).bind(log.id());
    let done = query.bind(signed(range.start)?).execute(connection).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Broken { what: "log size" }) }
}

/// The leaves at some places, without gaps.
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    log: Log,
    places: Range<u64>,
) -> Result<Vec<Fr>, StoreError> {
    let query = match log {
        Log::Cards | Log::Persons => {
            "SELECT leaf FROM leaves WHERE log = $1 AND place >= $2 AND place < $3 ORDER BY place"
        }
        Log::Donations => {
            "SELECT leaf FROM records WHERE log = $1 AND place >= $2 AND place < $3 ORDER BY place"
        }
    };
    let query = sqlx::query_scalar(query).bind(log.id()).bind(signed(places.start)?);
    let rows: Vec<Vec<u8>> = query.bind(signed(places.end)?).fetch_all(connection).await?;
    if rows.len() as u64 != places.end.saturating_sub(places.start) {
        return Err(StoreError::Broken { what: "list of leaves: it has a gap" });
    }
    rows.iter().map(|leaf| element("leaf", leaf)).collect()
}

/// Writes leaves of a card or person log from `first` on.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    log: Log,
    first: u64,
    leaves: &[Fr],
) -> Result<(), StoreError> {
    let mut place = signed(first)?;
    for chunk in leaves.chunks(ROWS) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO leaves (log, place, leaf) ");
        insert.push_values(chunk, |mut row, leaf| {
            row.push_bind(log.id()).push_bind(place).push_bind(field::encode(leaf).to_vec());
            place += 1;
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Writes one record of the donation log.
pub(crate) async fn insert_record(
    connection: &mut SqliteConnection,
    place: u64,
    record: &Record,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO records (log, place, project_key, amount, time, own, leaf) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(insert)
        .bind(Log::Donations.id())
        .bind(signed(place)?)
        .bind(signed(record.project.to_u64())?)
        .bind(signed(record.amount.minor())?)
        .bind(signed(record.time.seconds())?)
        .bind(field::encode(&record.own).to_vec())
        .bind(field::encode(&record.leaf()).to_vec())
        .execute(connection)
        .await?;
    Ok(())
}
