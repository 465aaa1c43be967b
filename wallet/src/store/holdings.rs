//! What a wallet holds: cards, its place among persons, receipts of donations. Each in the form in which it came, its path
//! inside the shard kept up to date.

use std::fmt;

use redb::{ReadableTable, TableDefinition, WriteTransaction};
use wufu_proto::{
    grant::{CardGrant, DonationReceipt, PersonGrant},
    v1,
};
use zeroize::Zeroizing;

use super::{Bytes32, Store, StoreError};

/// By commitment.
const CARDS: TableDefinition<'_, Bytes32, &[u8]> = TableDefinition::new("cards");
/// By org.
const PERSONS: TableDefinition<'_, &str, (Bytes32, &[u8])> = TableDefinition::new("persons");
/// By leaf.
const DONATIONS: TableDefinition<'_, Bytes32, &[u8]> = TableDefinition::new("donations");

pub(super) fn create_tables(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(CARDS)?;
    transaction.open_table(PERSONS)?;
    transaction.open_table(DONATIONS)?;
    Ok(())
}

/// A card that is held.
#[derive(Clone)]
pub struct CardEntry {
    /// Its commitment, the leaf: 32 bytes.
    pub leaf: Bytes32,
    /// What the issuer sent.
    pub grant: CardGrant,
}

/// A place in a person log that is held.
#[derive(Clone)]
pub struct PersonEntry {
    /// The leaf: 32 bytes.
    pub leaf: Bytes32,
    /// What the registrar sent.
    pub grant: PersonGrant,
}

/// A donation that is held.
#[derive(Clone)]
pub struct DonationEntry {
    /// The leaf: 32 bytes.
    pub leaf: Bytes32,
    /// What the charity sent.
    pub receipt: DonationReceipt,
}

macro_rules! redacted {
    ($($name:ident),+) => {
        // A leaf is what proofs hide.
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}

redacted!(CardEntry, PersonEntry, DonationEntry);

fn encoded(message: &impl prost::Message) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(message.encode_to_vec())
}

fn card(bytes: &[u8]) -> Result<CardGrant, StoreError> {
    Ok(wufu_proto::decode::<v1::CardGrant>(bytes)?.try_into()?)
}

fn person(bytes: &[u8]) -> Result<PersonGrant, StoreError> {
    Ok(wufu_proto::decode::<v1::PersonGrant>(bytes)?.try_into()?)
}

fn donation(bytes: &[u8]) -> Result<DonationReceipt, StoreError> {
    Ok(wufu_proto::decode::<v1::DonationReceipt>(bytes)?.try_into()?)
}

impl Store {
    /// Keeps a card, unless it is held. Tells whether it is new.
    ///
    /// # Errors
    /// When the store fails.
    pub fn add_card(&self, leaf: Bytes32, grant: &CardGrant) -> Result<bool, StoreError> {
        self.add(CARDS, leaf, &encoded(&v1::CardGrant::from(grant)))
    }

    /// Keeps a donation, unless it is held. Tells whether it is new.
    ///
    /// # Errors
    /// When the store fails.
    pub fn add_donation(
        &self,
        leaf: Bytes32,
        receipt: &DonationReceipt,
    ) -> Result<bool, StoreError> {
        self.add(DONATIONS, leaf, &encoded(&v1::DonationReceipt::from(receipt)))
    }

    fn add(
        &self,
        table: TableDefinition<'_, Bytes32, &'static [u8]>,
        leaf: Bytes32,
        bytes: &[u8],
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(table)?;
            let new = table.get(leaf)?.is_none();
            if new {
                table.insert(leaf, bytes)?;
            }
            Ok(new)
        })
    }

    /// Keeps a place in a campaign's person log, unless one is held that is not to be `replaced`. Gives the leaf that is
    /// held.
    ///
    /// # Errors
    /// When the store fails.
    pub fn add_person(
        &self,
        leaf: Bytes32,
        grant: &PersonGrant,
        replaced: Option<Bytes32>,
    ) -> Result<Option<Bytes32>, StoreError> {
        let bytes = encoded(&v1::PersonGrant::from(grant));
        self.write(|transaction| {
            let mut table = transaction.open_table(PERSONS)?;
            let held = table.get(grant.org.as_str())?.map(|entry| entry.value().0);
            let held = held.filter(|held| Some(*held) != replaced);
            if held.is_none() {
                table.insert(grant.org.as_str(), (leaf, bytes.as_slice()))?;
            }
            Ok(held)
        })
    }

    /// Keeps newer paths of things that are held.
    ///
    /// # Errors
    /// When the store fails.
    pub fn update(
        &self,
        cards: &[CardEntry],
        persons: &[PersonEntry],
        donations: &[DonationEntry],
    ) -> Result<(), StoreError> {
        if cards.is_empty() && persons.is_empty() && donations.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut table = transaction.open_table(CARDS)?;
            for CardEntry { leaf, grant } in cards {
                table.insert(leaf, encoded(&v1::CardGrant::from(grant)).as_slice())?;
            }
            let mut table = transaction.open_table(PERSONS)?;
            for PersonEntry { leaf, grant } in persons {
                let bytes = encoded(&v1::PersonGrant::from(grant));
                table.insert(grant.org.as_str(), (*leaf, bytes.as_slice()))?;
            }
            let mut table = transaction.open_table(DONATIONS)?;
            for DonationEntry { leaf, receipt } in donations {
                table.insert(leaf, encoded(&v1::DonationReceipt::from(receipt)).as_slice())?;
            }
            Ok(())
        })
    }

    /// The cards, by org, kind and place.
    ///
    /// # Errors
    /// When the store fails.
    pub fn cards(&self) -> Result<Vec<CardEntry>, StoreError> {
        let mut cards = self.read(|transaction| {
            let table = transaction.open_table(CARDS)?;
            table
                .iter()?
                .map(|entry| {
                    let (leaf, bytes) = entry?;
                    Ok(CardEntry { leaf: leaf.value(), grant: card(bytes.value())? })
                })
                .collect::<Result<Vec<_>, StoreError>>()
        })?;
        let order = |entry: &CardEntry| {
            let CardGrant { org, card, path, .. } = &entry.grant;
            (org.clone(), card.kind, path.index())
        };
        cards.sort_by_key(order);
        Ok(cards)
    }

    /// The place in a campaign's person log.
    ///
    /// # Errors
    /// When the store fails.
    pub fn person(&self, org: &str) -> Result<Option<PersonEntry>, StoreError> {
        self.read(|transaction| {
            let found = transaction.open_table(PERSONS)?.get(org)?;
            let entry = found.map(|entry| {
                let (leaf, bytes) = entry.value();
                Ok(PersonEntry { leaf, grant: person(bytes)? })
            });
            entry.transpose()
        })
    }

    /// The places in all person logs, by org.
    ///
    /// # Errors
    /// When the store fails.
    pub fn persons(&self) -> Result<Vec<PersonEntry>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(PERSONS)?;
            let entries = table.iter()?.map(|entry| {
                let (_, value) = entry?;
                let (leaf, bytes) = value.value();
                Ok(PersonEntry { leaf, grant: person(bytes)? })
            });
            entries.collect()
        })
    }

    /// The donations, by log and place.
    ///
    /// # Errors
    /// When the store fails.
    pub fn donations(&self) -> Result<Vec<DonationEntry>, StoreError> {
        let mut donations = self.read(|transaction| {
            let table = transaction.open_table(DONATIONS)?;
            table
                .iter()?
                .map(|entry| {
                    let (leaf, bytes) = entry?;
                    Ok(DonationEntry { leaf: leaf.value(), receipt: donation(bytes.value())? })
                })
                .collect::<Result<Vec<_>, StoreError>>()
        })?;
        let order =
            |entry: &DonationEntry| (entry.receipt.origin.clone(), entry.receipt.path.index());
        donations.sort_by_key(order);
        Ok(donations)
    }
}
