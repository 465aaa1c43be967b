//! Sums of donations, exact: those without owner count too.

use wufu_verifier::ProjectKey;

use crate::{
    ledger::Ledger,
    log::Log,
    store::{StoreError, unsigned},
};

/// Sums of a donation log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DonationSums {
    /// All donations.
    pub donations: u64,
    /// Their sum, in minor units.
    pub sum: u128,
    /// Those without owner.
    pub pending: u64,
    /// The sum of those.
    pub pending_sum: u128,
}

/// Sums of one project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectTotals {
    /// The project.
    pub key: ProjectKey,
    /// Its donations.
    pub donations: u64,
    /// Their sum, in minor units.
    pub sum: u128,
}

// Two halves, since the sum of 2^28 amounts below 2^48 is no 64-bit number.
const HALVES: &str = "COUNT(*), CAST(COALESCE(SUM(amount / 16777216), 0) AS BIGINT), \
     CAST(COALESCE(SUM(amount % 16777216), 0) AS BIGINT)";

impl Ledger {
    /// How many donations there are, and their sum.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn totals(&self) -> Result<DonationSums, StoreError> {
        let mut reader = self.inner.store.snapshot(self.inner.store.readers()).await?;
        let all = format!("SELECT {HALVES} FROM receipts WHERE log = $1");
        let pending = format!("{all} AND place IS NULL");
        let mut halves = [(0, 0, 0); 2];
        for (halves, query) in halves.iter_mut().zip([all, pending]) {
            let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(Log::Donations.id());
            *halves = query.fetch_one(&mut *reader).await?;
        }
        let [(donations, sum), (pending, pending_sum)] = [whole(halves[0])?, whole(halves[1])?];
        Ok(DonationSums { donations, sum, pending, pending_sum })
    }

    /// The same by project, in the order of their keys.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn project_totals(&self) -> Result<Vec<ProjectTotals>, StoreError> {
        let query = format!(
            "SELECT project_key, {HALVES} FROM receipts WHERE log = $1 \
             GROUP BY project_key ORDER BY project_key"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(Log::Donations.id());
        let rows: Vec<(i64, i64, i64, i64)> = query.fetch_all(self.inner.store.readers()).await?;
        let total = |(key, count, high, low)| {
            let key = ProjectKey::from_u64(unsigned("project key", key)?);
            let key = key.map_err(|_| StoreError::Broken { what: "project key" })?;
            let (donations, sum) = whole((count, high, low))?;
            Ok(ProjectTotals { key, donations, sum })
        };
        rows.into_iter().map(total).collect()
    }
}

fn whole((count, high, low): (i64, i64, i64)) -> Result<(u64, u128), StoreError> {
    let [count, high, low] =
        [unsigned("sum", count)?, unsigned("sum", high)?, unsigned("sum", low)?];
    Ok((count, (u128::from(high) << 24) + u128::from(low)))
}
