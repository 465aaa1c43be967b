//! Listed owners that an import does not use.

use super::{line_index::LineIndex, receipt_sample::ReceiptSample};
use crate::{
    import::owners::Owners,
    store::{ROWS, StoreError, Transaction, receipts},
};

/// Listed owners whose receipt no row of the file has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UnusedOwners {
    /// Owners of donations that are pending in the ledger.
    pub(super) pending: u64,
    /// Owners of donations that have another owner in the ledger.
    pub(super) other: ReceiptSample,
    /// Owners of donations that are not in the ledger.
    pub(super) unknown: ReceiptSample,
}

impl UnusedOwners {
    /// Looks up the receipts of owners that no row of the file has.
    pub(super) async fn find(
        tx: &mut Transaction<'_>,
        owners: &Owners,
        lines: &LineIndex,
    ) -> Result<Self, StoreError> {
        let mut unused = Self::default();
        let Owners::Listed(listed) = owners else { return Ok(unused) };
        let receipts: Vec<&[u8]> = listed.keys().map(AsRef::as_ref).collect();
        for chunk in receipts.chunks(ROWS) {
            let held = receipts::entered(tx.connection()?, chunk).await?;
            for &receipt in chunk {
                match held.get(receipt) {
                    // A row of the file has this receipt.
                    Some(entered) if lines.line(entered.number).is_some() => {}
                    Some(entered) if entered.leaf_index.is_none() => unused.pending += 1,
                    Some(entered) if entered.has_other_owner(owners.owner(receipt)) => {
                        unused.other.push(receipt);
                    }
                    Some(_) => {}
                    None => unused.unknown.push(receipt),
                }
            }
        }
        Ok(unused)
    }
}
