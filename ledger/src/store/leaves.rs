//! Leaves, read in ranges and written in batches: the table `leaves`, and the column of that name
//! in `records`.

use std::ops::Range;

use sqlx::{QueryBuilder, Sqlite};
use wufu_verifier::{Fr, encoding::field};

use super::{Connection, ROWS, StoreError, Transaction, element, signed};
use crate::log::Log;

/// The leaves in a range of indices, without gaps.
pub(crate) async fn read(
    connection: &mut Connection,
    log: Log,
    indices: Range<u64>,
) -> Result<Vec<Fr>, StoreError> {
    let query = match log {
        Log::Cards | Log::Persons => {
            "SELECT leaf FROM leaves WHERE log = $1 AND place >= $2 AND place < $3 ORDER BY place"
        }
        Log::Donations(_) => {
            "SELECT leaf FROM records WHERE log = $1 AND place >= $2 AND place < $3 ORDER BY place"
        }
    };
    let query = sqlx::query_scalar(query).bind(crate::log::id(log)).bind(signed(indices.start)?);
    let rows: Vec<Vec<u8>> =
        query.bind(signed(indices.end)?).fetch_all(connection.sqlite()).await?;
    if rows.len() as u64 != indices.end.saturating_sub(indices.start) {
        return Err(StoreError::Broken { what: "list of leaves: it has a gap" });
    }
    rows.iter().map(|leaf| element("leaf", leaf)).collect()
}

/// Writes leaves of the card or person log, from index `first` on.
pub(crate) async fn insert(
    tx: &mut Transaction<'_>,
    log: Log,
    first: u64,
    leaves: &[Fr],
) -> Result<(), StoreError> {
    let mut leaf_index = signed(first)?;
    for chunk in leaves.chunks(ROWS) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO leaves (log, place, leaf) ");
        insert.push_values(chunk, |mut row, leaf| {
            row.push_bind(crate::log::id(log))
                .push_bind(leaf_index)
                .push_bind(field::encode(leaf).to_vec());
            leaf_index += 1;
        });
        insert.build().execute(tx.sqlite()?).await?;
    }
    Ok(())
}
