//! Appending: a batch is appended whole or not at all, and acknowledged after the commit.

mod batches;
pub(crate) mod card;
mod checks;
pub(crate) mod directory;
pub(crate) mod donation;
mod error;
mod pending;
pub(crate) mod person;

use std::{ops::Range, sync::Arc};

use rayon::prelude::*;
use wufu_circuits::Address;
use wufu_proto::append::{Append, DonationEntry};
use wufu_verifier::{Fr, encoding::field, log::directory::Directory};

use crate::{
    append::{
        batches::RowsWritten,
        donation::{Donations, lossy},
        person::RegisteredPerson,
    },
    epochs::tally::{Part, Tally},
    import::owners::Owners,
    ledger::Ledger,
    log::Log,
    store::{StoreError, Transaction, cards, leaves, logs, persons, receipts},
    workers::HASHES,
};
pub use error::AppendError;
use futures_util::future::BoxFuture;

/// The leaf indices of the appended entries, in the order in which the entries were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// Indices in the card log.
    pub cards: Range<u64>,
    /// Indices in the person log.
    pub persons: Range<u64>,
    /// Indices in the donation log.
    pub donations: Range<u64>,
}

impl Ledger {
    /// Appends cards, persons and donations, all or none. When it returns, they are durable. They
    /// are in the tree from the next checkpoint on: see [`Ledger::grants`].
    ///
    /// # Errors
    /// Returns an error if an entry is refused or the database fails. Then nothing was appended.
    ///
    /// # Cost
    /// One hash for each card or person, three for each donation.
    pub fn append(&self, what: Append) -> BoxFuture<'_, Result<Placement, AppendError>> {
        Box::pin(async move {
            let ledger = self.clone();
            self.finish(async move { ledger.append_all(what).await }).await
        })
    }

    async fn append_all(&self, what: Append) -> Result<Placement, AppendError> {
        let addresses = what.cards.iter().map(|card| &card.address).chain(&what.persons);
        for address in addresses.chain(what.donations.iter().map(|entry| &entry.address)) {
            self.is_ours(address)?;
        }
        let (donations, owners) = donations(&what.donations)?;
        let mut tx = self.inner.store.begin().await?;
        let done = self.append_in(&mut tx, what, donations, owners).await;
        finish(tx, done).await
    }

    async fn append_in(
        &self,
        tx: &mut Transaction<'_>,
        what: Append,
        donations: Donations,
        owners: Owners,
    ) -> Result<Placement, AppendError> {
        let mut placed = Placement::default();
        if !what.cards.is_empty() {
            let serials = checks::serials(tx.connection()?, &what.cards).await?;
            let (org, orders) = (self.org().to_owned(), what.cards);
            let hashed = self.inner.workers.run(move || {
                let cards = orders.par_iter().zip(serials);
                let cards = cards.map(|(order, serial)| card::issue(&org, order, serial));
                let cards: Vec<_> = cards.collect();
                let leaves = cards.par_chunks(HASHES);
                let leaves = leaves.flat_map_iter(|cards| card::leaves(cards.iter()));
                (leaves.collect::<Vec<Fr>>(), cards)
            });
            let (leaves, cards) = hashed.await?;
            placed.cards = self.append_leaves(tx, Log::Cards, &leaves).await?;
            cards::insert(tx, placed.cards.start, &cards).await?;
        }
        if !what.persons.is_empty() {
            checks::persons(tx.connection()?, &what.persons).await?;
            let hashed = self.inner.workers.run(move || {
                let persons = what.persons.par_iter().map(RegisteredPerson::new);
                let persons: Vec<_> = persons.collect();
                let leaves = persons.par_chunks(HASHES);
                let leaves = leaves.flat_map_iter(|persons| person::leaves(persons.iter()));
                (leaves.collect::<Vec<Fr>>(), persons)
            });
            let (leaves, persons) = hashed.await?;
            placed.persons = self.append_leaves(tx, Log::Persons, &leaves).await?;
            persons::insert(tx, placed.persons.start, &persons).await?;
        }
        if !donations.is_empty() {
            let names: Vec<&[u8]> = donations.rows.iter().map(|row| &*row.receipt).collect();
            let known = receipts::held(tx.connection()?, &names).await?;
            if let Some(row) = donations.rows.iter().find(|row| known.contains(&row.receipt)) {
                return Err(AppendError::Receipt { receipt: lossy(&row.receipt) });
            }
            let (owners, mut directory) =
                (Arc::new(owners), directory::load(tx.connection()?).await?);
            let written =
                self.append_donations(tx, donations, owners, &mut directory, |_| ()).await?;
            placed.donations = written.1;
        }
        Ok(placed)
    }

    /// Appends leaves to the card log or the person log.
    pub(crate) async fn append_leaves(
        &self,
        tx: &mut Transaction<'_>,
        log: Log,
        leaves: &[Fr],
    ) -> Result<Range<u64>, AppendError> {
        let mut state = self.state(tx).await?;
        let range = self.range(tx, &state.tally, log, leaves.len() as u64).await?;
        leaves::insert(tx, log, range.start, leaves).await?;
        logs::grow(tx, log, &range).await?;
        for leaf in leaves {
            state.tally.push_leaf(log, &field::encode(leaf));
        }
        self.sign_state(tx, &state).await?;
        Ok(range)
    }

    /// Appends donations whose receipts are known to be new.
    pub(crate) async fn append_donations(
        &self,
        tx: &mut Transaction<'_>,
        donations: Donations,
        owners: Arc<Owners>,
        directory: &mut Directory,
        progress: impl FnMut(u64),
    ) -> Result<(RowsWritten, Range<u64>), AppendError> {
        if self.policy().currency.is_none() {
            return Err(AppendError::NoCurrency);
        }
        if self.policy().production && matches!(*owners, Owners::Development { .. }) {
            return Err(AppendError::Production);
        }
        let log = Log::DONATIONS;
        let mut state = self.state(tx).await?;
        let first = self.range(tx, &state.tally, log, donations.len() as u64).await?.start;
        let (workers, rows) = (&self.inner.workers, (Arc::new(donations), owners));
        let known = (directory, &mut state.tally);
        let written = batches::insert(tx, workers, first, rows, known, progress).await?;
        let range = first..first + written.leaves;
        logs::grow(tx, log, &range).await?;
        self.sign_state(tx, &state).await?;
        Ok((written, range))
    }

    /// The next `count` indices of a log.
    pub(crate) async fn range(
        &self,
        tx: &mut Transaction<'_>,
        tally: &Tally,
        log: Log,
        count: u64,
    ) -> Result<Range<u64>, AppendError> {
        let size = logs::size(tx.connection()?, log).await?;
        if size != tally.chain(Part::of(log)).rows {
            return Err(StoreError::Broken { what: "log size" }.into());
        }
        let got = size.saturating_add(count);
        if got > log.capacity() {
            let (origin, capacity) = (self.origin(log), log.capacity());
            return Err(AppendError::Full { origin, got, capacity });
        }
        Ok(size..got)
    }

    /// Checks that an address belongs to this organisation.
    pub(crate) fn is_ours(&self, address: &Address) -> Result<(), AppendError> {
        if address.org == self.org() {
            return Ok(());
        }
        Err(AppendError::Org { got: address.org.clone(), expected: self.org().into() })
    }
}

/// Commits what succeeded. Rolls back what was refused. Closes the connection if something failed,
/// which rolls back as well.
pub(crate) async fn finish<T>(
    tx: Transaction<'_>,
    done: Result<T, AppendError>,
) -> Result<T, AppendError> {
    match done {
        Ok(value) => {
            tx.commit().await?;
            Ok(value)
        }
        Err(error) if error.is_failure() => Err(error),
        Err(error) => {
            tx.refuse().await?;
            Err(error)
        }
    }
}

/// Converts entries to rows and owners.
fn donations(entries: &[DonationEntry]) -> Result<(Donations, Owners), AppendError> {
    let mut donations = Donations::default();
    let mut owners = std::collections::HashMap::new();
    for (entry, line) in entries.iter().zip(1..) {
        let names = (entry.institution.as_str(), entry.project.as_str());
        donations.push(&entry.receipt, names, entry.amount, entry.time, line)?;
        if owners.insert(entry.receipt.as_slice().into(), entry.address.pk).is_some() {
            return Err(AppendError::Receipt { receipt: lossy(&entry.receipt) });
        }
    }
    Ok((donations, Owners::Listed(owners)))
}
