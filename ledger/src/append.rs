//! Appending: all of a batch or nothing, acknowledged after the commit.

use std::{collections::HashSet, ops::Range, sync::Arc};

use rayon::prelude::*;
use wufu_circuits::Address;
use wufu_proto::append::{Append, DonationEntry};
use wufu_verifier::{
    Fr,
    encoding::{
        field,
        text::{NameError, QuotedText},
    },
    log::{directory::Directory, signed_note::MAX_BYTES},
};

use crate::{
    card,
    donation::{self, Donations},
    leaf,
    ledger::Ledger,
    log::Log,
    owners::Owners,
    person::{self, RegisteredPerson},
    project,
    store::{StoreError, WriteTx},
    tally::{Part, Tally},
    workers::HASHES,
};

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// An address of another org: its keys would not fit.
    #[error("address is of {got:?}, expected {expected:?}")]
    Org {
        /// The address's org.
        got: String,
        /// The ledger's.
        expected: String,
    },
    /// The serial was issued.
    #[error("serial {serial} was issued already")]
    Serial {
        /// The serial.
        serial: u64,
    },
    /// A serial of 2^63 or more.
    #[error("serial is {serial}, expected below 2^63")]
    SerialRange {
        /// The serial.
        serial: u64,
    },
    /// The public key is a person's already.
    #[error("{address} is registered already")]
    Registered {
        /// The address.
        address: String,
    },
    /// A claim was admitted: a replaced key could claim a second time.
    #[error("the person log is frozen since the first claim")]
    Frozen,
    /// The ledger's policy names no currency.
    #[error(
        "this ledger has no currency, so it takes no donations; it is set when a ledger is made: make one for donations with \
         wufu ledger init --currency CODE"
    )]
    NoCurrency,
    /// The receipt is in the log.
    #[error("receipt {receipt:?} was imported already")]
    Receipt {
        /// The receipt's name.
        receipt: String,
    },
    /// There is no donation of that receipt.
    #[error("no donation has receipt {}: import it first, or look at its spelling", QuotedText(.receipt))]
    Unknown {
        /// The receipt's name.
        receipt: String,
    },
    /// The donation has an owner.
    #[error(
        "the donation of receipt {} has an owner already: it is leaf {place} of {origin}, and that cannot be changed",
        QuotedText(.receipt)
    )]
    Owned {
        /// The receipt's name.
        receipt: String,
        /// The log.
        origin: String,
        /// Its place there.
        place: u64,
    },
    /// A receipt's name without bytes, or too long.
    #[error("receipt is {got} bytes, expected 1 to 256")]
    ReceiptLength {
        /// Its length.
        got: usize,
    },
    /// A receipt's name that is no text.
    #[error("receipt is not UTF-8")]
    ReceiptText,
    /// A name that could be taken for another, or hides something.
    #[error("{field} {} {error}", QuotedText(.name))]
    Name {
        /// Whose name it is.
        field: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// The list of projects would be too long to be signed.
    #[error("the list of projects would be longer than a note of {MAX_BYTES} bytes")]
    DirectoryFull,
    /// The log has no room.
    #[error("{origin} would have {got} leaves, expected at most {capacity}")]
    Full {
        /// The log.
        origin: String,
        /// How many there would be.
        got: u64,
        /// How many there may be.
        capacity: u64,
    },
    /// Wallets are made up in trials only.
    #[error("made-up owners are refused in production")]
    Production,
    /// The log holds the leaf, or something that must be unique, already.
    #[error("an entry is in the log already")]
    Duplicate,
    /// The database.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AppendError {
    fn from(error: StoreError) -> Self {
        if error.is_duplicate() { Self::Duplicate } else { Self::Store(error) }
    }
}

impl AppendError {
    /// Whether the ledger failed, rather than what it was asked.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

/// Where entries came to, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// In the card log.
    pub cards: Range<u64>,
    /// In the person log.
    pub persons: Range<u64>,
    /// In the donation log.
    pub donations: Range<u64>,
}

impl Ledger {
    /// Appends cards, persons and donations, all or none. When it returns they are durable; they are in the tree from
    /// the next checkpoint on: see [`Ledger::grants`].
    ///
    /// # Errors
    /// When an entry is refused or the database fails. Then nothing was appended.
    ///
    /// # Cost
    /// One hash a card or person, three a donation.
    pub async fn append(&self, what: Append) -> Result<Placement, AppendError> {
        let ledger = self.clone();
        self.finish(async move { ledger.append_all(what).await }).await
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
        tx: &mut WriteTx<'_>,
        what: Append,
        donations: Donations,
        owners: Owners,
    ) -> Result<Placement, AppendError> {
        let mut placed = Placement::default();
        if !what.cards.is_empty() {
            let serials = card::serials(tx.connection()?, &what.cards).await?;
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
            card::insert(tx.connection()?, placed.cards.start, &cards).await?;
        }
        if !what.persons.is_empty() {
            person::check(tx.connection()?, &what.persons).await?;
            let hashed = self.inner.workers.run(move || {
                let persons = what.persons.par_iter().map(RegisteredPerson::new);
                let persons: Vec<_> = persons.collect();
                let leaves = persons.par_chunks(HASHES);
                let leaves = leaves.flat_map_iter(|persons| person::leaves(persons.iter()));
                (leaves.collect::<Vec<Fr>>(), persons)
            });
            let (leaves, persons) = hashed.await?;
            placed.persons = self.append_leaves(tx, Log::Persons, &leaves).await?;
            person::insert(tx.connection()?, placed.persons.start, &persons).await?;
        }
        if !donations.is_empty() {
            let known = donation_receipts(tx, &donations).await?;
            if let Some(row) = donations.rows.iter().find(|row| known.contains(&row.receipt)) {
                return Err(AppendError::Receipt { receipt: lossy(&row.receipt) });
            }
            let (owners, mut directory) =
                (Arc::new(owners), project::load(tx.connection()?).await?);
            let written =
                self.append_donations(tx, donations, owners, &mut directory, |_| ()).await?;
            placed.donations = written.1;
        }
        Ok(placed)
    }

    /// Appends leaves to the card or person log.
    pub(crate) async fn append_leaves(
        &self,
        tx: &mut WriteTx<'_>,
        log: Log,
        leaves: &[Fr],
    ) -> Result<Range<u64>, AppendError> {
        let mut state = self.state(tx).await?;
        let range = self.range(tx, &state.tally, log, leaves.len() as u64).await?;
        leaf::insert(tx.connection()?, log, range.start, leaves).await?;
        leaf::grow(tx.connection()?, log, &range).await?;
        for leaf in leaves {
            state.tally.push_leaf(log, &field::encode(leaf));
        }
        self.sign_state(tx, &state).await?;
        Ok(range)
    }

    /// Appends donations whose receipts are known to be new.
    pub(crate) async fn append_donations(
        &self,
        tx: &mut WriteTx<'_>,
        donations: Donations,
        owners: Arc<Owners>,
        directory: &mut Directory,
        progress: impl FnMut(u64),
    ) -> Result<(donation::RowsWritten, Range<u64>), AppendError> {
        if self.policy().currency.is_none() {
            return Err(AppendError::NoCurrency);
        }
        if self.policy().production && matches!(*owners, Owners::Development { .. }) {
            return Err(AppendError::Production);
        }
        let log = Log::Donations;
        let mut state = self.state(tx).await?;
        let first = self.range(tx, &state.tally, log, donations.len() as u64).await?.start;
        let (workers, connection) = (&self.inner.workers, tx.connection()?);
        let rows = (Arc::new(donations), owners);
        let known = (directory, &mut state.tally);
        let written = donation::insert(connection, workers, first, rows, known, progress).await?;
        let range = first..first + written.leaves;
        leaf::grow(tx.connection()?, log, &range).await?;
        self.sign_state(tx, &state).await?;
        Ok((written, range))
    }

    /// The next `count` places of a log.
    pub(crate) async fn range(
        &self,
        tx: &mut WriteTx<'_>,
        tally: &Tally,
        log: Log,
        count: u64,
    ) -> Result<Range<u64>, AppendError> {
        let size = leaf::size(tx.connection()?, log).await?;
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

    /// Checks that an address is for this org.
    pub(crate) fn is_ours(&self, address: &Address) -> Result<(), AppendError> {
        if address.org == self.org() {
            return Ok(());
        }
        Err(AppendError::Org { got: address.org.clone(), expected: self.org().into() })
    }
}

/// Commits what succeeded. What was refused is rolled back here, and what failed by closing its connection.
pub(crate) async fn finish<T>(
    tx: WriteTx<'_>,
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

/// Entries as rows and owners.
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

/// Which of these receipts are in the log already.
pub(crate) async fn donation_receipts(
    tx: &mut WriteTx<'_>,
    donations: &Donations,
) -> Result<HashSet<Box<[u8]>>, StoreError> {
    let mut known = HashSet::new();
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM receipts WHERE log = $1");
    let count: i64 = count.bind(Log::Donations.id()).fetch_one(tx.connection()?).await?;
    if count == 0 {
        return Ok(known);
    }
    for chunk in donations.rows.chunks(crate::store::ROWS) {
        let mut query =
            sqlx::QueryBuilder::<sqlx::Sqlite>::new("SELECT receipt FROM receipts WHERE log = ");
        query.push_bind(Log::Donations.id()).push(" AND receipt IN (");
        let mut list = query.separated(", ");
        for row in chunk {
            list.push_bind(row.receipt.to_vec());
        }
        query.push(")");
        let found: Vec<Vec<u8>> = query.build_query_scalar().fetch_all(tx.connection()?).await?;
        known.extend(found.into_iter().map(Vec::into_boxed_slice));
    }
    Ok(known)
}

/// A receipt's name for a message.
pub(crate) fn lossy(receipt: &[u8]) -> String {
    String::from_utf8_lossy(receipt).into_owned()
}
