//! Sums of donations, exact: those without owner count too.

use futures_util::future::BoxFuture;
use wufu_verifier::ProjectKey;

use crate::{
    ledger::Ledger,
    store::{ReadPurpose, StoreError, sums},
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

impl Ledger {
    /// How many donations there are, and their sum.
    ///
    /// # Errors
    /// When the database fails.
    pub fn totals(&self) -> BoxFuture<'_, Result<DonationSums, StoreError>> {
        Box::pin(async move {
            let mut reader = self.inner.store.snapshot(ReadPurpose::Short).await?;
            let [(donations, sum), (pending, pending_sum)] = sums::totals(&mut reader).await?;
            Ok(DonationSums { donations, sum, pending, pending_sum })
        })
    }

    /// The same by project, in the order of their keys.
    ///
    /// # Errors
    /// When the database fails.
    pub fn project_totals(&self) -> BoxFuture<'_, Result<Vec<ProjectTotals>, StoreError>> {
        Box::pin(async move {
            let rows =
                sums::by_project(&mut self.inner.store.reader(ReadPurpose::Short).await?).await?;
            let total = |(key, (donations, sum))| ProjectTotals { key, donations, sum };
            Ok(rows.into_iter().map(total).collect())
        })
    }
}
