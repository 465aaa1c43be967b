//! Donations without an owner. They are entered and counted, and become leaves when an owner is
//! named.

use futures_util::future::BoxFuture;
use wufu_circuits::{Address, Ownership};
use wufu_verifier::Record;

use crate::{
    append::{Placement, donation::lossy, error::AppendError, finish},
    epochs::recount,
    folder::FolderError,
    ledger::Ledger,
    log::Log,
    random,
    store::{StoreError, Transaction, logs, receipts, records},
};

impl Ledger {
    /// Gives a pending donation its owner. The donation becomes a leaf.
    ///
    /// # Errors
    /// Returns an error if no pending donation has the receipt, if its row differs from the one
    /// that was signed, if the address belongs to another organisation, or if the database fails.
    ///
    /// # Cost
    /// Three hashes, and one (BLAKE3) for each donation that was entered in the same epoch.
    pub fn own<'a>(
        &'a self,
        receipt: &'a [u8],
        owner: &'a Address,
    ) -> BoxFuture<'a, Result<Placement, AppendError>> {
        Box::pin(async move {
            self.is_ours(owner)?;
            let (ledger, receipt, owner) = (self.clone(), receipt.to_vec(), owner.clone());
            let work = async move {
                let mut tx = ledger.inner.store.begin().await?;
                let done = ledger.own_in(&mut tx, &receipt, &owner).await;
                finish(tx, done).await
            };
            self.finish(work).await
        })
    }

    async fn own_in(
        &self,
        tx: &mut Transaction<'_>,
        receipt: &[u8],
        owner: &Address,
    ) -> Result<Placement, AppendError> {
        let log = Log::DONATIONS;
        let name = || lossy(receipt);
        let found = receipts::ownable(tx.connection()?, receipt).await?;
        let found = found.ok_or_else(|| AppendError::Unknown { receipt: name() })?;
        if let Some(leaf_index) = found.leaf_index {
            return Err(AppendError::Owned {
                receipt: name(),
                origin: self.origin(log),
                leaf_index,
            });
        }
        let mut state = self.state(tx).await?;
        // From here on, what is signed is what was entered, or nothing is signed.
        let (key, number) = (self.log_key(), found.number);
        let edited = recount::donation_differs(tx.connection()?, key, &state, number).await?;
        if let Some(edited) = edited {
            return Err(StoreError::from(FolderError::from(edited)).into());
        }
        let (project, amount, time) = found.facts?;
        let ownership = Ownership::new(receipt, random::element());
        let record = Record { project, amount, time, own: ownership.own(owner.pk) };
        let owned = state.tally.own(amount.minor());
        owned.ok_or(StoreError::Broken { what: "sum of pending donations" })?;
        let indices = self.range(tx, &state.tally, log, 1).await?;
        let secrets = (&owner.pk, &ownership.rcm);
        receipts::set_owner(tx, receipt, secrets, indices.start).await?;
        records::insert(tx, indices.start, &record).await?;
        logs::grow(tx, log, &indices).await?;
        state.tally.push_record(&record);
        self.sign_state(tx, &state).await?;
        Ok(Placement { donations: indices, ..Placement::default() })
    }
}
