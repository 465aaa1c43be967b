//! What a wallet takes in.

use prost::Name as _;
use wufu_circuits::{Card, Kind};
use wufu_proto::{
    append::Appended,
    file,
    grant::{CardGrant, DonationReceipt, PersonGrant},
    shard_path::ShardPath,
    v1,
};
use wufu_verifier::{Fr, field, merkle::SHARD_LEAVES, note::LogKey};

use crate::{
    envelope::{self, MessageError},
    log::{LogKind, LogName, LogNameError},
    renew::own_leaf,
    store::{PersonEntry, StoreError},
    wallet::Wallet,
};

/// What a file may hold.
const EXPECTED: &str = "a card grant, a person grant, a donation receipt or a list of grants";

/// Why something is not taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The wallet has this card.
    #[error("this card is held already")]
    HeldCard,
    /// The wallet has this donation.
    #[error("this donation is held already")]
    HeldDonation,
    /// The wallet has a place in this person log.
    #[error("a place in {log} is held already: there is one per person and campaign")]
    HeldPerson {
        /// The log.
        log: LogName,
    },
    /// The card's `rho` is not the one of its serial: a second card could have the same nullifier.
    #[error("the card does not belong to its serial number")]
    Serial,
    /// The receipt names no donation log.
    #[error(transparent)]
    Log(#[from] LogNameError),
    /// The receipt names a log of another sort.
    #[error("{log} is no donation log")]
    Sort {
        /// The log.
        log: LogName,
    },
    /// The path does not lead to where the log's leaf is: it was made for other keys, or for nobody.
    #[error(
        "{log} has no entry of this wallet where it should be: it was made for another address"
    )]
    NotInLog {
        /// The log.
        log: LogName,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether what came was found in its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Its leaf, made from the wallet's own key, leads to a root that the log's operator signed.
    InLog,
    /// The wallet does not know that root yet: the next synchronisation tells.
    Later,
}

/// Something that was taken in. What it is, nobody else need know: it prints as nothing but its sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A card.
    Card(Kind, Checked),
    /// A place in a person log.
    Person(Checked),
    /// A donation.
    Donation(Checked),
}

impl Wallet {
    /// Takes in what a file holds: one grant, one receipt, or what a ledger sent for several (an `AppendResponse`). The file says which of
    /// them it is: see [`wufu_proto::file`]. All of it is looked at; what is held already, and what the log is known to have for somebody else, is told
    /// in its place.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn receive(
        &self,
        bytes: &[u8],
    ) -> Result<Vec<Result<Received, ReceiveError>>, MessageError> {
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
        let all: Appended = envelope::decode::<v1::AppendResponse>(bytes)?.try_into()?;
        let cards = all.cards.iter().map(|grant| self.received_card(grant));
        let persons = all.persons.iter().map(|grant| self.received_person(grant));
        let donations = all.donations.iter().map(|receipt| self.received_donation(receipt));
        Ok(cards.chain(persons).chain(donations).collect())
    }

    fn received_card(&self, grant: &CardGrant) -> Result<Received, ReceiveError> {
        Ok(Received::Card(grant.card.kind, self.receive_card(grant)?))
    }

    fn received_person(&self, grant: &PersonGrant) -> Result<Received, ReceiveError> {
        Ok(Received::Person(self.receive_person(grant)?))
    }

    fn received_donation(&self, receipt: &DonationReceipt) -> Result<Received, ReceiveError> {
        Ok(Received::Donation(self.receive_donation(receipt)?))
    }

    /// Takes in a card.
    ///
    /// # Errors
    /// When it is held, does not belong to its serial number, or the log is known to have another leaf there.
    pub fn receive_card(&self, grant: &CardGrant) -> Result<Checked, ReceiveError> {
        let CardGrant { org, card, serial, path, epoch } = grant;
        let expected = Card::issued(card.kind, org, *serial, card.rcm);
        if card.rho != expected.rho {
            return Err(ReceiveError::Serial);
        }
        let leaf = card.commitment(self.address(org).pk);
        let checked = self.check(&LogName::cards(org), leaf, path, *epoch)?;
        let new = self.store().add_card(field::encode(&leaf), grant)?;
        if new { Ok(checked) } else { Err(ReceiveError::HeldCard) }
    }

    /// Takes in a place in a campaign's person log. One that is found there takes the place of one that is held and was not.
    ///
    /// # Errors
    /// When there is one already, or the log is known to have another leaf there.
    pub fn receive_person(&self, grant: &PersonGrant) -> Result<Checked, ReceiveError> {
        let PersonGrant { org, person, path, epoch } = grant;
        let log = LogName::persons(org);
        let leaf = person.leaf(self.address(org).pk);
        let checked = self.check(&log, leaf, path, *epoch)?;
        let held = match checked {
            Checked::InLog => self.store().person(org)?,
            Checked::Later => None,
        };
        let replaced = match held {
            Some(held) if !self.is_found(&log, &held)? => Some(held.leaf),
            _ => None,
        };
        let held = self.store().add_person(field::encode(&leaf), grant, replaced)?;
        if held.is_none() { Ok(checked) } else { Err(ReceiveError::HeldPerson { log }) }
    }

    /// Whether the path of what is held leads to the root of its shard in the newest roof that is known.
    fn is_found(&self, log: &LogName, held: &PersonEntry) -> Result<bool, StoreError> {
        let Some(key) = self.store().log_key(&log.org)? else { return Ok(false) };
        let Some(known) = self.store().roof(log, &key)? else { return Ok(false) };
        let path = &held.grant.path;
        let root = usize::try_from(path.shard()).ok().and_then(|shard| known.roots.get(shard));
        Ok(root == Some(&path.path(own_leaf(&held.leaf)?).top()))
    }

    /// Takes in the receipt of a donation.
    ///
    /// # Errors
    /// When it is held, names no donation log, or the log is known to have another leaf there.
    pub fn receive_donation(&self, receipt: &DonationReceipt) -> Result<Checked, ReceiveError> {
        let log: LogName = receipt.origin.parse()?;
        if !matches!(log.kind, LogKind::Donations(_)) {
            return Err(ReceiveError::Sort { log });
        }
        let leaf = receipt.record(self.address(&log.org).pk).leaf();
        let checked = self.check(&log, leaf, &receipt.path, receipt.epoch)?;
        let new = self.store().add_donation(field::encode(&leaf), receipt)?;
        if new { Ok(checked) } else { Err(ReceiveError::HeldDonation) }
    }

    /// Compares where a path leads with the shard's root, when that is known.
    fn check(
        &self,
        log: &LogName,
        leaf: Fr,
        path: &ShardPath,
        epoch: u64,
    ) -> Result<Checked, ReceiveError> {
        let key = self.store().log_key(&log.org)?;
        let root = key.map(|key| self.known_root(log, &key, path.shard(), epoch)).transpose()?;
        match root.flatten() {
            Some(root) if path.path(leaf).top() == root => Ok(Checked::InLog),
            Some(_) => Err(ReceiveError::NotInLog { log: log.clone() }),
            None => Ok(Checked::Later),
        }
    }

    /// The root that a shard had at an epoch, as far as it is known: the newest roof is of that epoch, or the shard was full
    /// then and never changed again.
    fn known_root(
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
mod tests {
    use wufu_circuits::Seed;

    use super::*;
    use crate::source::{EPOCH_SECONDS, MemoryLedger, Sources};

    #[tokio::test]
    async fn a_place_that_is_found_replaces_one_that_was_not_and_no_other() {
        let ledger = MemoryLedger::new("wufu", [1; 32]);
        let wallet = Wallet::in_memory(Seed::from_bytes([3; 32])).unwrap();
        wallet.pin_log_key(&ledger.log_key()).unwrap();
        let address = wallet.address("wufu");
        ledger.append(&LogName::cards("wufu"), &[1u64.into()]);
        let mut persons = [ledger.register(&address), ledger.register(&address)];
        ledger.seal(5);
        persons = persons.map(|person| ledger.sealed_person(person));
        let [first, second] = &persons;
        // Of another salt than the log has: nothing tells as long as its root is not known.
        let mut wrong = first.clone();
        wrong.person.salt = 7u64.into();
        assert_eq!(wallet.receive_person(&wrong).unwrap(), Checked::Later);
        let held = wallet.receive_person(first);
        assert!(matches!(held, Err(ReceiveError::HeldPerson { .. })), "{held:?}");

        let sources = Sources::one(ledger.clone());
        wallet.campaign(&sources, "wufu", 6 * EPOCH_SECONDS).await.unwrap();
        let never = wallet.receive_person(&wrong);
        assert!(matches!(never, Err(ReceiveError::NotInLog { .. })), "{never:?}");
        assert_eq!(wallet.receive_person(first).unwrap(), Checked::InLog);
        for more in [first, second] {
            let held = wallet.receive_person(more);
            assert!(matches!(held, Err(ReceiveError::HeldPerson { .. })), "{held:?}");
        }
        let held = wallet.store().person("wufu").unwrap().unwrap();
        assert_eq!(held.grant.person.salt, first.person.salt);
    }
}
