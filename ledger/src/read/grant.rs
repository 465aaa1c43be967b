//! Grants: the secrets and paths of what was appended for people. They can be fetched as often as
//! needed.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use wufu_circuits::{Path, Tree};
use wufu_proto::{
    append::AppendOutcome,
    grant::{CardGrant, DonationReceipt, PersonGrant},
    shard_path::ShardPath,
};
use wufu_verifier::{
    PublicKey,
    hash::merkle::{SHARD_DEPTH, SHARD_LEAVES},
    log::checkpoint::Checkpoint,
};

use crate::{
    append::{Placement, card::IssuedCard, donation::lossy, person::RegisteredPerson},
    ledger::{Ledger, LogView},
    log::Log,
    store::{
        Connection, ReadPurpose, StoreError, cards, checkpoints, leaves, persons,
        receipts::{self, HeldDonation, OwnedDonation},
    },
    workers::parents,
};

/// Why a grant cannot be given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// No checkpoint covers the leaf yet, so it has no path.
    #[error(
        "{origin} leaf {leaf_index} is not in a checkpoint yet: the newest one has {size} leaves"
    )]
    NotYet {
        /// The log's origin.
        origin: String,
        /// The leaf index.
        leaf_index: u64,
        /// The number of leaves that the newest checkpoint covers.
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

/// How many entries wait for the next checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingEntries {
    /// The number of cards.
    pub cards: u64,
    /// The number of persons.
    pub persons: u64,
    /// The number of donations.
    pub donations: u64,
}

impl PendingEntries {
    /// The number of all of them.
    pub fn count(&self) -> u64 {
        self.cards + self.persons + self.donations
    }
}

impl Ledger {
    /// The grants for the people for whom entries were appended, with paths to the newest
    /// checkpoint.
    ///
    /// # Errors
    /// Returns an error if an entry is not in a checkpoint yet, or if the database fails.
    ///
    /// # Cost
    /// For leaves of the open shard, only reading. A full shard is hashed once (21,845 hashes) and
    /// its tree is kept for a while.
    pub fn grants<'a>(
        &'a self,
        placed: &'a Placement,
    ) -> BoxFuture<'a, Result<AppendOutcome, GrantError>> {
        Box::pin(async move {
            let mut reader = self.reader().await?;
            let mut grants = AppendOutcome::default();
            let view = self.view(Log::Cards);
            for card in cards::between(&mut reader, self.org(), &placed.cards).await? {
                grants.cards.push(self.card_grant(&mut reader, &view, card).await?);
            }
            let view = self.view(Log::Persons);
            for person in persons::between(&mut reader, &placed.persons).await? {
                grants.persons.push(self.person_grant(&mut reader, &view, person).await?);
            }
            let view = self.view(Log::DONATIONS);
            for donation in receipts::between(&mut reader, &placed.donations).await? {
                grants.donations.push(self.receipt(&mut reader, &view, donation).await?);
            }
            Ok(grants)
        })
    }

    /// Lists all grants of a public key's owner, with paths to the newest checkpoint, in the order
    /// of their leaf indices.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    ///
    /// # Cost
    /// As [`Ledger::grants`].
    pub fn grants_of(&self, owner: PublicKey) -> BoxFuture<'_, Result<AppendOutcome, GrantError>> {
        Box::pin(async move {
            let mut reader = self.reader().await?;
            let mut grants = AppendOutcome::default();
            // Entries after the newest checkpoint have no path yet.
            let view = self.view(Log::Cards);
            let cards = cards::of_owner(&mut reader, self.org(), &owner, view.tree.size()).await?;
            for card in cards {
                grants.cards.push(self.card_grant(&mut reader, &view, card).await?);
            }
            let view = self.view(Log::Persons);
            for person in persons::of_owner(&mut reader, &owner, view.tree.size()).await? {
                grants.persons.push(self.person_grant(&mut reader, &view, person).await?);
            }
            let view = self.view(Log::DONATIONS);
            for donation in receipts::of_owner(&mut reader, &owner, view.tree.size()).await? {
                grants.donations.push(self.receipt(&mut reader, &view, donation).await?);
            }
            Ok(grants)
        })
    }

    /// Counts the entries of a public key's owner that wait for the next checkpoint. They have no
    /// path yet.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn waiting_of(
        &self,
        owner: PublicKey,
    ) -> BoxFuture<'_, Result<PendingEntries, GrantError>> {
        Box::pin(async move {
            let mut reader = self.reader().await?;
            let mut counts = [0; 3];
            for (count, log) in counts.iter_mut().zip(Log::ALL) {
                *count = checkpoints::uncovered_of_owner(&mut reader, log, &owner).await?;
            }
            let [cards, persons, donations] = counts;
            Ok(PendingEntries { cards, persons, donations })
        })
    }

    /// A donation's receipt, for its owner.
    ///
    /// # Errors
    /// Returns an error if there is no such donation, if it has no owner or is not in a checkpoint
    /// yet, or if the database fails.
    pub fn donation_receipt<'a>(
        &'a self,
        receipt: &'a [u8],
    ) -> BoxFuture<'a, Result<DonationReceipt, GrantError>> {
        Box::pin(async move {
            let mut reader = self.reader().await?;
            let found = receipts::read(&mut reader, receipt).await?;
            let row = found.ok_or_else(|| GrantError::Unknown { receipt: lossy(receipt) })?;
            self.receipt(&mut reader, &self.view(Log::DONATIONS), row).await
        })
    }

    async fn reader(&self) -> Result<Connection, StoreError> {
        self.inner.store.reader(ReadPurpose::Short).await
    }

    async fn card_grant(
        &self,
        reader: &mut Connection,
        view: &LogView,
        (issued, leaf_index): (IssuedCard, u64),
    ) -> Result<CardGrant, GrantError> {
        let (path, epoch) = self.path(reader, Log::Cards, view, leaf_index).await?;
        let (org, serial) = (self.org().into(), issued.serial);
        Ok(CardGrant { org, card: issued.card, serial, path, epoch })
    }

    async fn person_grant(
        &self,
        reader: &mut Connection,
        view: &LogView,
        (registered, leaf_index): (RegisteredPerson, u64),
    ) -> Result<PersonGrant, GrantError> {
        let (path, epoch) = self.path(reader, Log::Persons, view, leaf_index).await?;
        Ok(PersonGrant { org: self.org().into(), person: registered.person, path, epoch })
    }

    async fn receipt(
        &self,
        reader: &mut Connection,
        view: &LogView,
        donation: HeldDonation,
    ) -> Result<DonationReceipt, GrantError> {
        let OwnedDonation { receipt, project, amount, time, rcm, leaf_index } = match donation {
            HeldDonation::Owned(donation) => donation,
            HeldDonation::Pending { receipt } => {
                return Err(GrantError::Pending { receipt: lossy(&receipt) });
            }
        };
        let (path, epoch) = self.path(reader, Log::DONATIONS, view, leaf_index).await?;
        let origin = self.origin(Log::DONATIONS);
        Ok(DonationReceipt { origin, project, amount, time, receipt, rcm, path, epoch })
    }

    /// The path of a leaf inside its shard at the newest checkpoint, and that checkpoint's epoch.
    async fn path(
        &self,
        reader: &mut Connection,
        log: Log,
        view: &LogView,
        leaf_index: u64,
    ) -> Result<(ShardPath, u64), GrantError> {
        let size = view.tree.size();
        let newest = view.history.newest().filter(|_| leaf_index < size);
        let not_yet = || GrantError::NotYet { origin: self.origin(log), leaf_index, size };
        let epoch = newest.map(Checkpoint::epoch).ok_or_else(not_yet)?;
        let (shard, inside) =
            (leaf_index / SHARD_LEAVES as u64, leaf_index as usize % SHARD_LEAVES);
        let path: Result<Path<SHARD_DEPTH>, _> = if shard == view.tree.full().len() as u64 {
            view.tree.open().shard_path(inside)
        } else {
            self.full_shard(reader, log, shard).await?.shard_path(inside)
        };
        let path = path.map_err(|_| StoreError::Broken { what: "shard" })?;
        let path = ShardPath::addressed(leaf_index, &path);
        Ok((path.map_err(|_| StoreError::Broken { what: "place" })?, epoch))
    }

    /// The tree of a full shard.
    async fn full_shard(
        &self,
        reader: &mut Connection,
        log: Log,
        shard: u64,
    ) -> Result<Arc<Tree>, StoreError> {
        if let Some(tree) = self.inner.shards.get(log, shard) {
            return Ok(tree);
        }
        let first = shard * SHARD_LEAVES as u64;
        let leaves = leaves::read(reader, log, first..first + SHARD_LEAVES as u64).await?;
        let hashed = self.inner.workers.run(move || {
            let mut tree = Tree::new(SHARD_DEPTH);
            tree.extend_with(&leaves, parents).map(|()| Arc::new(tree))
        });
        let tree = hashed.await?.map_err(|_| StoreError::Broken { what: "leaf" })?;
        self.inner.shards.insert(log, shard, tree.clone());
        Ok(tree)
    }
}
