//! Taking in grants and receipts.

use prost::Name as _;
use wufu_circuits::{Card, Kind};
use wufu_proto::{
    append::AppendOutcome,
    file,
    grant::{CardGrant, DonationReceipt, PersonGrant},
    shard_path::ShardPath,
    v1,
};
use wufu_verifier::{
    Fr,
    encoding::field,
    hash::merkle::SHARD_LEAVES,
    log::{
        name::{LogName, LogNameError},
        signed_note::LogKey,
    },
};

use crate::{
    envelope::{self, MessageError},
    store::{InclusionStatus, StoreError},
    wallet::Wallet,
};

/// What a file may contain.
const EXPECTED: &str = "a card grant, a person grant, a donation receipt or a list of grants";

/// Why an item is not taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The wallet already holds this item.
    #[error("this wallet already holds leaf {place} of {log}")]
    Held {
        /// The log.
        log: LogName,
        /// The place in it.
        place: u64,
    },
    /// The wallet already has a place in this person log, and has found it there.
    #[error(
        "this wallet already holds leaf {place} of {log}, and a person has one place in a campaign"
    )]
    PersonHolding {
        /// The log.
        log: LogName,
        /// The place that the wallet holds.
        place: u64,
    },
    /// The item names another leaf than the one that follows from this wallet's key.
    #[error(
        "leaf {place} of {log} was made for another address than this wallet's, so it is not taken \
         in. This wallet's address is the output of `wufu wallet address --org {org}`",
        org = log.org
    )]
    NotOurs {
        /// The log.
        log: LogName,
        /// The place in it.
        place: u64,
    },
    /// The log can never have that place.
    #[error("{log} cannot have leaf {place}, expected a leaf below {end}")]
    NoSuchPlace {
        /// The log.
        log: LogName,
        /// The place.
        place: u64,
        /// The first place that the log does not have.
        end: u64,
    },
    /// The card's `rho` does not follow from its serial, so that a second card could have the same
    /// nullifier.
    #[error("the card does not belong to its serial number")]
    Serial,
    /// The receipt does not name a log.
    #[error(transparent)]
    Log(#[from] LogNameError),
    /// The receipt names a log of another kind.
    #[error("{log} is not a donation log")]
    Sort {
        /// The log.
        log: LogName,
    },
    /// The item names no leaf, and nothing else tells whose it is.
    #[error(
        "the file does not name leaf {place} of {log}, so it is not known yet whether it is this \
         wallet's. Run `wufu wallet sync --org {org}` and take it in again, or ask whoever sent it \
         for a new file",
        org = log.org
    )]
    NoLeaf {
        /// The log.
        log: LogName,
        /// The place in it.
        place: u64,
    },
    /// The path does not lead to the log's root: the item was made for another key, or for nobody.
    #[error(
        "leaf {place} of {log} does not belong to this wallet's key: it was made for another \
         address, so it is not taken in"
    )]
    NotInLog {
        /// The log.
        log: LogName,
        /// The place in it.
        place: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether a received item was found in its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inclusion {
    /// Its leaf, which follows from the wallet's own key, leads to a root that the log's operator
    /// signed.
    InLog,
    /// The wallet does not know that root yet. The next synchronisation tells.
    Later,
}

impl Inclusion {
    fn standing(self) -> InclusionStatus {
        match self {
            Self::InLog => InclusionStatus::Found,
            Self::Later => InclusionStatus::Unconfirmed,
        }
    }
}

/// An item that was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceivedItem {
    /// A card.
    Card(Kind, Inclusion),
    /// A place in a person log.
    Person(Inclusion),
    /// A donation.
    Donation(Inclusion),
}

impl Wallet {
    /// Takes in the content of a file: one grant, one receipt, or a list of them (an
    /// `AppendResponse`). The file says which: see [`wufu_proto::file`]. Every item is tried. An
    /// item that is already held, or that is known to be somebody else's, gives an error in its
    /// place.
    ///
    /// # Errors
    /// Returns an error if the file is none of these.
    pub fn receive(
        &self,
        bytes: &[u8],
    ) -> Result<Vec<Result<ReceivedItem, ReceiveError>>, MessageError> {
        let Some(name) = file::kind(bytes, EXPECTED)? else {
            return Err(file::untagged(bytes, EXPECTED).into());
        };
        if name == v1::CardGrant::full_name() {
            let grant = envelope::decode::<v1::CardGrant>(bytes)?;
            return Ok(vec![self.received_card(&grant.try_into()?)]);
        }
        if name == v1::PersonGrant::full_name() {
            let grant = envelope::decode::<v1::PersonGrant>(bytes)?;
            return Ok(vec![self.received_person(&grant.try_into()?)]);
        }
        if name == v1::DonationReceipt::full_name() {
            let receipt = envelope::decode::<v1::DonationReceipt>(bytes)?;
            return Ok(vec![self.received_donation(&receipt.try_into()?)]);
        }
        if name != v1::AppendResponse::full_name() {
            return Err(file::other_kind(&name, EXPECTED).into());
        }
        let all: AppendOutcome = envelope::decode::<v1::AppendResponse>(bytes)?.try_into()?;
        let cards = all.cards.iter().map(|grant| self.received_card(grant));
        let persons = all.persons.iter().map(|grant| self.received_person(grant));
        let donations = all.donations.iter().map(|receipt| self.received_donation(receipt));
        Ok(cards.chain(persons).chain(donations).collect())
    }

    fn received_card(&self, grant: &CardGrant) -> Result<ReceivedItem, ReceiveError> {
        self.check_named(&LogName::cards(&grant.org), &grant.path, grant.epoch)?;
        Ok(ReceivedItem::Card(grant.card.kind, self.receive_card(grant)?))
    }

    fn received_person(&self, grant: &PersonGrant) -> Result<ReceivedItem, ReceiveError> {
        self.check_named(&LogName::persons(&grant.org), &grant.path, grant.epoch)?;
        Ok(ReceivedItem::Person(self.receive_person(grant)?))
    }

    fn received_donation(&self, receipt: &DonationReceipt) -> Result<ReceivedItem, ReceiveError> {
        self.check_named(&receipt.origin.parse()?, &receipt.path, receipt.epoch)?;
        Ok(ReceivedItem::Donation(self.receive_donation(receipt)?))
    }

    /// Refuses an item that names no leaf, unless the log's root tells whose it is. A file without
    /// a leaf comes from an earlier release, or was changed.
    fn check_named(&self, log: &LogName, path: &ShardPath, epoch: u64) -> Result<(), ReceiveError> {
        let place = path.index();
        if path.leaf().is_some() || place >= log.log.capacity() {
            return Ok(());
        }
        let key = self.store().log_key(&log.org)?;
        let root = key.map(|key| self.known_root(log, &key, path.shard(), epoch)).transpose()?;
        let log = log.clone();
        root.flatten().map(drop).ok_or(ReceiveError::NoLeaf { log, place })
    }

    /// Takes in a card.
    ///
    /// # Errors
    /// Returns an error if the card is already held, does not belong to its serial number or names
    /// a leaf that does not follow from this wallet's key, or if the log is known to have another
    /// leaf there.
    pub fn receive_card(&self, grant: &CardGrant) -> Result<Inclusion, ReceiveError> {
        let CardGrant { org, card, serial, path, epoch } = grant;
        let expected = Card::issued(card.kind, org, *serial, card.rcm);
        if card.rho != expected.rho {
            return Err(ReceiveError::Serial);
        }
        let (log, leaf) = (LogName::cards(org), card.commitment(self.address(org).pk).fr());
        let checked = self.check(&log, leaf, path, *epoch)?;
        let new = self.store().add_card(field::encode(&leaf), grant, checked.standing())?;
        if new { Ok(checked) } else { Err(ReceiveError::Held { log, place: path.index() }) }
    }

    /// Takes in a place in a campaign's person log. Until one is found in the log, the wallet may
    /// hold several, so that a place that turns out to be somebody else's does not block the
    /// wallet's own.
    ///
    /// # Errors
    /// Returns an error if a place was already found, if this one is already held or names a leaf
    /// that does not follow from this wallet's key, or if the log is known to have another leaf
    /// there.
    pub fn receive_person(&self, grant: &PersonGrant) -> Result<Inclusion, ReceiveError> {
        let PersonGrant { org, person, path, epoch } = grant;
        let (log, leaf) = (LogName::persons(org), person.leaf(self.address(org).pk));
        let checked = self.check(&log, leaf, path, *epoch)?;
        let held = self.store().add_person(field::encode(&leaf), grant, checked.standing())?;
        match held {
            None => Ok(checked),
            Some(held) => Err(ReceiveError::PersonHolding { log, place: held.grant.path.index() }),
        }
    }

    /// Takes in the receipt of a donation.
    ///
    /// # Errors
    /// Returns an error if the receipt is already held, does not name a donation log or names a
    /// leaf that does not follow from this wallet's key, or if the log is known to have another
    /// leaf there.
    pub fn receive_donation(&self, receipt: &DonationReceipt) -> Result<Inclusion, ReceiveError> {
        let log: LogName = receipt.origin.parse()?;
        if !log.is_donations() {
            return Err(ReceiveError::Sort { log });
        }
        let leaf = receipt.record(self.address(&log.org).pk).leaf();
        let checked = self.check(&log, leaf, &receipt.path, receipt.epoch)?;
        let new = self.store().add_donation(field::encode(&leaf), receipt, checked.standing())?;
        let place = receipt.path.index();
        if new { Ok(checked) } else { Err(ReceiveError::Held { log, place }) }
    }

    /// Compares the leaf with the one that the sender names, and the end of the path with the
    /// shard's root if that is known.
    fn check(
        &self,
        log: &LogName,
        leaf: Fr,
        path: &ShardPath,
        epoch: u64,
    ) -> Result<Inclusion, ReceiveError> {
        let (log, place) = (log.clone(), path.index());
        let end = log.log.capacity();
        if place >= end {
            return Err(ReceiveError::NoSuchPlace { log, place, end });
        }
        if path.leaf().is_some_and(|named| named != leaf) {
            return Err(ReceiveError::NotOurs { log, place });
        }
        let key = self.store().log_key(&log.org)?;
        let root = key.map(|key| self.known_root(&log, &key, path.shard(), epoch)).transpose()?;
        match root.flatten() {
            Some(root) if path.path(leaf).top() == root => Ok(Inclusion::InLog),
            Some(_) => Err(ReceiveError::NotInLog { log, place }),
            None => Ok(Inclusion::Later),
        }
    }

    /// The root of a shard at an epoch, if it is known: the newest roof is of that epoch, or the
    /// shard was already full then and has not changed since.
    pub(crate) fn known_root(
        &self,
        log: &LogName,
        key: &LogKey,
        shard: u64,
        epoch: u64,
    ) -> Result<Option<Fr>, StoreError> {
        let Some(known) = self.store().roof(log, key)? else { return Ok(None) };
        let full = |size: u64| size / SHARD_LEAVES as u64 > shard;
        let history = self.store().history(log, key)?;
        let full_then = history.in_force(epoch).is_some_and(|held| full(held.size()));
        let same = known.checkpoint.epoch() == epoch;
        let at = usize::try_from(shard).unwrap_or(usize::MAX);
        Ok(known
            .roots
            .get(at)
            .copied()
            .filter(|_| same || (full_then && full(known.checkpoint.size()))))
    }
}

#[cfg(test)]
mod tests;
