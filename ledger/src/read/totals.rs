//! Exact sums of donations, including those without an owner.

use futures_util::future::BoxFuture;
use wufu_verifier::ProjectKey;

use crate::{
    ledger::Ledger,
    store::{ReadPurpose, StoreError, sums},
};

/// The totals of a donation log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DonationSums {
    /// The number of all donations.
    pub donations: u64,
    /// Their sum, in minor units.
    pub sum: u128,
    /// The number of donations without an owner.
    pub pending: u64,
    /// The sum of the donations without an owner, in minor units.
    pub pending_sum: u128,
}

/// The totals of one project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectTotals {
    /// The project's key.
    pub key: ProjectKey,
    /// The number of its donations.
    pub donations: u64,
    /// Their sum, in minor units.
    pub sum: u128,
}

impl Ledger {
    /// The number and the sum of all donations.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn totals(&self) -> BoxFuture<'_, Result<DonationSums, StoreError>> {
        Box::pin(async move {
            let mut reader = self.inner.store.snapshot(ReadPurpose::Short).await?;
            let [(donations, sum), (pending, pending_sum)] = sums::totals(&mut reader).await?;
            Ok(DonationSums { donations, sum, pending, pending_sum })
        })
    }

    /// The totals of each project, in the order of the keys.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn project_totals(&self) -> BoxFuture<'_, Result<Vec<ProjectTotals>, StoreError>> {
        Box::pin(async move {
            let rows =
                sums::by_project(&mut self.inner.store.reader(ReadPurpose::Short).await?).await?;
            let total = |(key, (donations, sum))| ProjectTotals { key, donations, sum };
            Ok(rows.into_iter().map(total).collect())
        })
    }
}
