//! Hashes donations on all cores and writes them in batches, in one transaction.

use std::sync::Arc;

use rayon::prelude::*;
use wufu_circuits::Ownership;
use wufu_verifier::{ProjectKey, Record, encoding::field, log::directory::Directory};

use super::{
    directory,
    donation::{DonationRow, Donations, HashedDonation, OwnedLeaf},
    error::AppendError,
};
use crate::{
    epochs::tally::{Part, Tally},
    import::owners::Owners,
    log::Log,
    random,
    store::{StoreError, Transaction, receipts},
    workers::{HASHES, Workers},
};

/// How many rows are hashed while the previous ones are being written.
const BATCH: usize = 4096;

/// How many rows were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowsWritten {
    /// All rows.
    pub(crate) rows: u64,
    /// The rows with an owner, which are leaves.
    pub(crate) leaves: u64,
}

/// Writes donations, with leaves from index `first` on, and adds them and their projects to the
/// directory and the tally. Calls `progress` with the number of rows written so far.
pub(super) async fn insert(
    tx: &mut Transaction<'_>,
    workers: &Workers,
    first: u64,
    (donations, owners): (Arc<Donations>, Arc<Owners>),
    (directory, tally): (&mut Directory, &mut Tally),
    mut progress: impl FnMut(u64),
) -> Result<RowsWritten, AppendError> {
    let before = directory.clone();
    let keys = Arc::new(donations.keys(directory)?);
    directory::save(tx, directory, &before, tally).await?;
    let mut written = RowsWritten::default();
    let batch = |start: usize| {
        let (donations, owners, keys) = (donations.clone(), owners.clone(), keys.clone());
        workers.run(move || {
            let end = donations.rows.len().min(start + BATCH);
            let rows = donations.rows[start..end].par_chunks(HASHES);
            let hashed = rows.map(|rows| hash(rows, &keys, &owners)).collect::<Option<Vec<_>>>();
            Some(hashed?.into_iter().flatten().collect::<Vec<_>>())
        })
    };
    // The next batch is hashed while this one is being written.
    let mut hashed = batch(0).await?;
    let mut start = 0;
    while start < donations.rows.len() {
        let end = donations.rows.len().min(start + BATCH);
        let (rows, records) = (&donations.rows[start..end], hashed);
        let records = records.ok_or(StoreError::Broken { what: "project" })?;
        let leaf_index = first + written.leaves;
        let write = write(tx, leaf_index, rows, &records, tally);
        let (next, done) = tokio::join!(batch(end), write);
        done?;
        hashed = next?;
        written.rows += rows.len() as u64;
        written.leaves += records.iter().filter(|hashed| hashed.leaf.is_some()).count() as u64;
        progress(written.rows);
        start = end;
    }
    Ok(written)
}

/// The projects of rows, and the leaves of those that have an owner, in order.
fn hash(
    rows: &[DonationRow],
    keys: &[Option<ProjectKey>],
    owners: &Owners,
) -> Option<Vec<HashedDonation>> {
    let project = |row: &DonationRow| *keys.get(row.project as usize)?;
    let projects = rows.iter().map(project).collect::<Option<Vec<ProjectKey>>>()?;
    let owned = rows.iter().zip(&projects).enumerate().filter_map(|(at, (row, project))| {
        let owner = owners.owner(&row.receipt)?;
        let ownership = Ownership::new(&row.receipt, random::element());
        Some((at, (row, *project), (ownership, owner)))
    });
    let owned: Vec<_> = owned.collect();
    let owns = Ownership::own_many(owned.iter().map(|(.., (of, owner))| (of, *owner)));
    let records = owned.iter().zip(owns).map(|((_, (row, project), _), own)| Record {
        project: *project,
        amount: row.amount,
        time: row.time,
        own,
    });
    let records: Vec<Record> = records.collect();
    let leaves = Record::leaves(&records).into_iter().zip(&records);
    let hashed = projects.iter().map(|project| HashedDonation { project: *project, leaf: None });
    let mut hashed: Vec<_> = hashed.collect();
    for ((at, _, (ownership, owner)), (leaf, record)) in owned.iter().zip(leaves) {
        let made = OwnedLeaf { owner: *owner, rcm: ownership.rcm, own: record.own, leaf };
        hashed[*at].leaf = Some(made);
    }
    Some(hashed)
}

/// Writes rows, with leaves from index `first` on, and adds them to the tally.
async fn write(
    tx: &mut Transaction<'_>,
    first: u64,
    rows: &[DonationRow],
    hashed: &[HashedDonation],
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let before = tally.chain(Part::Donations).rows;
    receipts::insert(tx, (first, before), rows, hashed).await?;
    for (row, hashed) in rows.iter().zip(hashed) {
        let leaf = hashed.leaf.as_ref();
        tally.push_donation(&row.receipt, row.facts(hashed.project), leaf.is_some());
        if let Some(leaf) = leaf {
            tally.push_leaf(Log::DONATIONS, &field::encode(&leaf.leaf));
        }
    }
    Ok(())
}
