//! What people get for what was appended for them: secrets and paths, as often as they need.

use std::{ops::Range, sync::Arc};

use sqlx::SqliteConnection;
use wufu_circuits::{Path, Tree};
use wufu_proto::{
    append::AppendOutcome,
    grant::{CardGrant, DonationReceipt, PersonGrant},
    shard_path::ShardPath,
};
use wufu_verifier::{
    Amount, Fr, ProjectKey, Time,
    encoding::field,
    hash::merkle::{SHARD_DEPTH, SHARD_LEAVES},
    log::checkpoint::Checkpoint,
};

use crate::{
    append::{Placement, lossy},
    card::{self, CardRow},
    leaf,
    ledger::{Ledger, LogView},
    log::Log,
    person::{self, PersonRow},
    store::{StoreError, element, signed, unsigned},
    workers::parents,
};

/// Why there is no grant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The leaf is in no checkpoint yet, so it has no path.
    #[error("{origin} place {place} is in no checkpoint yet: the newest has {size} leaves")]
    NotYet {
        /// The log.
        origin: String,
        /// The place.
        place: u64,
        /// Leaves of the newest checkpoint.
        size: u64,
    },
    /// No donation has this receipt.
    #[error("no donation has receipt {receipt:?}")]
    Unknown {
        /// The receipt's name.
        receipt: String,
    },
    /// The donation has no owner.
    #[error("the donation of receipt {receipt:?} has no owner yet")]
    Pending {
        /// The receipt's name.
        receipt: String,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for GrantError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Entries that wait for the next checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingEntries {
    /// Cards.
    pub cards: u64,
    /// Persons.
    pub persons: u64,
    /// Donations.
    pub donations: u64,
}

impl PendingEntries {
    /// All of them.
    pub fn count(&self) -> u64 {
        self.cards + self.persons + self.donations
    }
}

const CARDS: &str = "SELECT serial, kind, owner, rcm, place FROM cards ";
const PERSONS: &str = "SELECT owner, salt, place FROM persons ";
const RECEIPTS: &str =
    "SELECT receipt, project_key, amount, time, owner, rcm, place FROM receipts ";

/// A row of `receipts`: receipt, project key, amount, time, owner, rcm, place.
pub(crate) type ReceiptRow =
    (Vec<u8>, i64, i64, i64, Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>);

impl Ledger {
    /// What to give to the people for whom entries were appended, with paths as of the newest checkpoint.
    ///
    /// # Errors
    /// When an entry is in no checkpoint yet, or the database fails.
    ///
    /// # Cost
    /// Nothing but reading for leaves of the open shard. A full shard is hashed once (21,845 hashes) and kept for a while.
    pub async fn grants(&self, placed: &Placement) -> Result<AppendOutcome, GrantError> {
        let mut reader = self.reader().await?;
        let mut grants = AppendOutcome::default();
        let query = format!("{CARDS} WHERE place >= $1 AND place < $2 ORDER BY place");
        let rows: Vec<CardRow> = between(&mut reader, query, &placed.cards).await?;
        let view = self.view(Log::Cards);
        for row in rows {
            grants.cards.push(self.card_grant(&mut reader, &view, &row).await?);
        }
        let query = format!("{PERSONS} WHERE place >= $1 AND place < $2 ORDER BY place");
        let rows: Vec<PersonRow> = between(&mut reader, query, &placed.persons).await?;
        let view = self.view(Log::Persons);
        for row in rows {
            grants.persons.push(self.person_grant(&mut reader, &view, &row).await?);
        }
        let query = format!("{RECEIPTS} WHERE place >= $1 AND place < $2 ORDER BY place");
        let rows: Vec<ReceiptRow> = between(&mut reader, query, &placed.donations).await?;
        let view = self.view(Log::Donations);
        for row in rows {
            grants.donations.push(self.receipt(&mut reader, &view, row).await?);
        }
        Ok(grants)
    }

    /// Everything that was appended for the owner of a public key and is in a checkpoint, in the order of its places.
    ///
    /// # Errors
    /// When the database fails.
    ///
    /// # Cost
    /// As [`Ledger::grants`].
    pub async fn grants_of(&self, owner: Fr) -> Result<AppendOutcome, GrantError> {
        let mut reader = self.reader().await?;
        let owner = field::encode(&owner).to_vec();
        let mut grants = AppendOutcome::default();
        let (view, query) = (self.view(Log::Cards), format!("{CARDS} WHERE owner = $1"));
        let rows: Vec<CardRow> = owned(&mut reader, query, &owner).await?;
        for row in rows.iter().filter(|row| view.has(row.4)) {
            grants.cards.push(self.card_grant(&mut reader, &view, row).await?);
        }
        let (view, query) = (self.view(Log::Persons), format!("{PERSONS} WHERE owner = $1"));
        let rows: Vec<PersonRow> = owned(&mut reader, query, &owner).await?;
        for row in rows.iter().filter(|row| view.has(row.2)) {
            grants.persons.push(self.person_grant(&mut reader, &view, row).await?);
        }
        let (view, query) = (self.view(Log::Donations), format!("{RECEIPTS} WHERE owner = $1"));
        let rows: Vec<ReceiptRow> = owned(&mut reader, query, &owner).await?;
        for row in rows.into_iter().filter(|row| row.6.is_some_and(|place| view.has(place))) {
            grants.donations.push(self.receipt(&mut reader, &view, row).await?);
        }
        Ok(grants)
    }

    /// How many entries of the owner of a public key wait for the next checkpoint: they have no path yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_of(&self, owner: Fr) -> Result<PendingEntries, GrantError> {
        let mut reader = self.reader().await?;
        let owner = field::encode(&owner).to_vec();
        let mut counts = [0; 3];
        for (count, (log, table)) in counts.iter_mut().zip([
            (Log::Cards, "cards"),
            (Log::Persons, "persons"),
            (Log::Donations, "receipts"),
        ]) {
            let query = format!(
                "SELECT COUNT(*) FROM {table} WHERE owner = $1 AND place >= \
                 (SELECT COALESCE(MAX(size), 0) FROM checkpoints WHERE log = $2)"
            );
            let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(&owner).bind(log.id());
            *count = unsigned("count", query.fetch_one(&mut *reader).await?)?;
        }
        let [cards, persons, donations] = counts;
        Ok(PendingEntries { cards, persons, donations })
    }

    /// The receipt of a donation, for its owner.
    ///
    /// # Errors
    /// When there is no such donation, it has no owner, it is in no checkpoint yet, or the database fails.
    pub async fn donation_receipt(&self, receipt: &[u8]) -> Result<DonationReceipt, GrantError> {
        let mut reader = self.reader().await?;
        let query = format!("{RECEIPTS} WHERE log = $1 AND receipt = $2");
        let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(Log::Donations.id());
        let row: Option<ReceiptRow> = query.bind(receipt).fetch_optional(&mut *reader).await?;
        let row = row.ok_or_else(|| GrantError::Unknown { receipt: lossy(receipt) })?;
        self.receipt(&mut reader, &self.view(Log::Donations), row).await
    }

    async fn reader(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>, GrantError> {
        Ok(self.inner.store.readers().acquire().await?)
    }

    async fn card_grant(
        &self,
        reader: &mut SqliteConnection,
        view: &LogView,
        row: &CardRow,
    ) -> Result<CardGrant, GrantError> {
        let (issued, place) = card::of_row(self.org(), row)?;
        let (path, epoch) = self.path(reader, Log::Cards, view, place).await?;
        let (org, serial) = (self.org().into(), issued.serial);
        Ok(CardGrant { org, card: issued.card, serial, path, epoch })
    }

    async fn person_grant(
        &self,
        reader: &mut SqliteConnection,
        view: &LogView,
        row: &PersonRow,
    ) -> Result<PersonGrant, GrantError> {
        let (registered, place) = person::of_row(row)?;
        let (path, epoch) = self.path(reader, Log::Persons, view, place).await?;
        Ok(PersonGrant { org: self.org().into(), person: registered.person, path, epoch })
    }

    async fn receipt(
        &self,
        reader: &mut SqliteConnection,
        view: &LogView,
        row: ReceiptRow,
    ) -> Result<DonationReceipt, GrantError> {
        let (receipt, project, amount, time, _, rcm, place) = row;
        let (Some(rcm), Some(place)) = (rcm, place) else {
            return Err(GrantError::Pending { receipt: lossy(&receipt) });
        };
        let (project, amount, time) = public(project, amount, time)?;
        let rcm = element("rcm", &rcm)?;
        let place = unsigned("place", place)?;
        let (path, epoch) = self.path(reader, Log::Donations, view, place).await?;
        let origin = self.origin(Log::Donations);
        Ok(DonationReceipt { origin, project, amount, time, receipt, rcm, path, epoch })
    }

    /// The path of a leaf inside its shard at the newest checkpoint, and that checkpoint's epoch.
    async fn path(
        &self,
        reader: &mut SqliteConnection,
        log: Log,
        view: &LogView,
        place: u64,
    ) -> Result<(ShardPath, u64), GrantError> {
        let size = view.tree.size();
        let newest = view.history.newest().filter(|_| place < size);
        let not_yet = || GrantError::NotYet { origin: self.origin(log), place, size };
        let epoch = newest.map(Checkpoint::epoch).ok_or_else(not_yet)?;
        let (shard, inside) = (place / SHARD_LEAVES as u64, place as usize % SHARD_LEAVES);
        let path: Result<Path<SHARD_DEPTH>, _> = if shard == view.tree.full().len() as u64 {
            view.tree.open().shard_path(inside)
        } else {
            self.full_shard(reader, log, shard).await?.shard_path(inside)
        };
        let path = path.map_err(|_| StoreError::Broken { what: "shard" })?;
        let path = ShardPath::addressed(place, &path);
        Ok((path.map_err(|_| StoreError::Broken { what: "place" })?, epoch))
    }

    /// The tree of a full shard.
    async fn full_shard(
        &self,
        reader: &mut SqliteConnection,
        log: Log,
        shard: u64,
    ) -> Result<Arc<Tree>, StoreError> {
        if let Some(tree) = self.inner.shards.get(log, shard) {
            return Ok(tree);
        }
        let first = shard * SHARD_LEAVES as u64;
        let leaves = leaf::read(reader, log, first..first + SHARD_LEAVES as u64).await?;
        let hashed = self.inner.workers.run(move || {
            let mut tree = Tree::new(SHARD_DEPTH);
            tree.extend_with(&leaves, parents).map(|()| Arc::new(tree))
        });
        let tree = hashed.await?.map_err(|_| StoreError::Broken { what: "leaf" })?;
        self.inner.shards.insert(log, shard, tree.clone());
        Ok(tree)
    }
}

impl LogView {
    fn has(&self, place: i64) -> bool {
        u64::try_from(place).is_ok_and(|place| place < self.tree.size())
    }
}

/// The public part of a donation, from the database.
pub(crate) fn public(
    project: i64,
    amount: i64,
    time: i64,
) -> Result<(ProjectKey, Amount, Time), StoreError> {
    let broken = |what| StoreError::Broken { what };
    let project = ProjectKey::from_u64(unsigned("project key", project)?);
    let amount = Amount::new(unsigned("amount", amount)?);
    let time = Time::new(unsigned("time", time)?);
    Ok((
        project.map_err(|_| broken("project key"))?,
        amount.map_err(|_| broken("amount"))?,
        time.map_err(|_| broken("time"))?,
    ))
}

async fn between<T>(
    reader: &mut SqliteConnection,
    query: String,
    places: &Range<u64>,
) -> Result<Vec<T>, StoreError>
where
    T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
{
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(signed(places.start)?);
    Ok(query.bind(signed(places.end)?).fetch_all(reader).await?)
}

async fn owned<T>(
    reader: &mut SqliteConnection,
    query: String,
    owner: &[u8],
) -> Result<Vec<T>, StoreError>
where
    T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
{
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query + " ORDER BY place")).bind(owner);
    Ok(query.fetch_all(reader).await?)
}
