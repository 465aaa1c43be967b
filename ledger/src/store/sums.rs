//! Exact sums of donations.

use tokio_stream::StreamExt as _;
use wufu_verifier::ProjectKey;

use super::{Connection, StoreError, unsigned};
use crate::log::Log;

/// The number of donations, and their sum in minor units.
pub(crate) type Total = (u64, u128);

// Summed in two halves, because the sum of 2^28 amounts below 2^48 does not fit in 64 bits.
const HALVES: &str = "COUNT(*), CAST(COALESCE(SUM(amount / 16777216), 0) AS BIGINT), \
     CAST(COALESCE(SUM(amount % 16777216), 0) AS BIGINT)";

/// The totals of all donations, and of those without an owner.
pub(crate) async fn totals(connection: &mut Connection) -> Result<[Total; 2], StoreError> {
    let all = format!("SELECT {HALVES} FROM receipts WHERE log = $1");
    let pending = format!("{all} AND place IS NULL");
    let mut halves = [(0, 0, 0); 2];
    for (halves, query) in halves.iter_mut().zip([all, pending]) {
        let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(crate::log::id(Log::DONATIONS));
        *halves = query.fetch_one(connection.sqlite()).await?;
    }
    Ok([whole(halves[0])?, whole(halves[1])?])
}

/// The totals by project, in the order of the keys.
pub(crate) async fn by_project(
    connection: &mut Connection,
) -> Result<Vec<(ProjectKey, Total)>, StoreError> {
    let query = format!(
        "SELECT project_key, {HALVES} FROM receipts WHERE log = $1 \
         GROUP BY project_key ORDER BY project_key"
    );
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(crate::log::id(Log::DONATIONS));
    let rows: Vec<(i64, i64, i64, i64)> = query.fetch_all(connection.sqlite()).await?;
    let total = |(key, count, high, low)| {
        let key = ProjectKey::from_u64(unsigned("project key", key)?);
        let key = key.map_err(|_| StoreError::Broken { what: "project key" })?;
        Ok((key, whole((count, high, low))?))
    };
    rows.into_iter().map(total).collect()
}

fn whole((count, high, low): (i64, i64, i64)) -> Result<Total, StoreError> {
    let [count, high, low] =
        [unsigned("sum", count)?, unsigned("sum", high)?, unsigned("sum", low)?];
    Ok((count, (u128::from(high) << 24) + u128::from(low)))
}

/// The sums of the public records, of the pending donations and of all donations, row by row.
pub(crate) async fn of_rows(connection: &mut Connection) -> Result<[u128; 3], StoreError> {
    let sums = [
        "SELECT amount FROM records WHERE log = $1 AND place >= $2 AND place < $3",
        "SELECT amount FROM receipts WHERE log = $1 AND place IS NULL AND $2 < $3",
        "SELECT amount FROM receipts WHERE log = $1 AND $2 < $3",
    ];
    let mut totals = [0u128; 3];
    for (total, query) in totals.iter_mut().zip(sums) {
        let query = sqlx::query_scalar(query)
            .bind(crate::log::id(Log::DONATIONS))
            .bind(0i64)
            .bind(i64::MAX);
        let mut rows = query.fetch(connection.sqlite());
        while let Some(amount) = rows.next().await {
            *total += u128::from(unsigned("amount", amount?)?);
        }
    }
    Ok(totals)
}
