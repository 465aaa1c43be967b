//! The items of a wallet: cards, places in person logs and receipts of donations. Each is stored in
//! the form in which it came, with its path inside the shard kept up to date.

use redb::{ReadTransaction, ReadableTable, TableDefinition, TableHandle as _, WriteTransaction};
use wufu_proto::{
    grant::{CardGrant, DonationReceipt, PersonGrant},
    v1,
};
use zeroize::Zeroizing;

use super::{
    Bytes32, Store, StoreError,
    entry::{CardHolding, DonationHolding, Holding, InclusionStatus, PersonHolding},
};

/// Grants of cards, by commitment.
const CARDS: TableDefinition<'_, Bytes32, &[u8]> = TableDefinition::new("cards");
/// Grants of places, by organisation and leaf.
const PERSONS: TableDefinition<'_, (&str, Bytes32), &[u8]> = TableDefinition::new("places");
/// The table of version 1, by organisation.
const PERSONS_1: TableDefinition<'_, &str, (Bytes32, &[u8])> = TableDefinition::new("persons");
/// Receipts, by leaf.
const DONATIONS: TableDefinition<'_, Bytes32, &[u8]> = TableDefinition::new("donations");
/// An [`InclusionStatus::code`] by leaf. A leaf without an entry was not looked for yet.
const STANDINGS: TableDefinition<'_, Bytes32, u8> = TableDefinition::new("standings");

pub(super) fn create_tables(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(CARDS)?;
    transaction.open_table(DONATIONS)?;
    transaction.open_table(STANDINGS)?;
    let mut persons = transaction.open_table(PERSONS)?;
    let old = |table: &redb::UntypedTableHandle| table.name() == PERSONS_1.name();
    if transaction.list_tables()?.any(|table| old(&table)) {
        for entry in transaction.open_table(PERSONS_1)?.iter()? {
            let (org, value) = entry?;
            let (leaf, bytes) = value.value();
            persons.insert((org.value(), leaf), bytes)?;
        }
        transaction.delete_table(PERSONS_1)?;
    }
    Ok(())
}

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
    Ok(DonationReceipt::held(wufu_proto::decode(bytes)?)?)
}

impl Store {
    /// Stores a card, unless it is already held. A card that is held but not found yet is stored
    /// again when it is found. Returns whether it was stored.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn add_card(
        &self,
        leaf: Bytes32,
        grant: &CardGrant,
        standing: InclusionStatus,
    ) -> Result<bool, StoreError> {
        self.add(CARDS, leaf, &encoded(&v1::CardGrant::from(grant)), standing)
    }

    /// Stores a donation, as [`Store::add_card`] does for a card.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn add_donation(
        &self,
        leaf: Bytes32,
        receipt: &DonationReceipt,
        standing: InclusionStatus,
    ) -> Result<bool, StoreError> {
        self.add(DONATIONS, leaf, &encoded(&v1::DonationReceipt::from(receipt)), standing)
    }

    fn add(
        &self,
        table: TableDefinition<'_, Bytes32, &'static [u8]>,
        leaf: Bytes32,
        bytes: &[u8],
        standing: InclusionStatus,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(table)?;
            let held = table.get(leaf)?.is_some();
            let kept = may_keep(transaction, held, &leaf, standing)?;
            if kept {
                table.insert(leaf, bytes)?;
            }
            Ok(kept)
        })
    }

    /// Stores a place in a campaign's person log, as [`Store::add_card`] does for a card, unless
    /// another place was found in the log. Returns the entry that stands in the way, if there is
    /// one.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn add_person(
        &self,
        leaf: Bytes32,
        grant: &PersonGrant,
        standing: InclusionStatus,
    ) -> Result<Option<PersonHolding>, StoreError> {
        let bytes = encoded(&v1::PersonGrant::from(grant));
        self.write(|transaction| {
            let mut table = transaction.open_table(PERSONS)?;
            let held = persons_of(&table, &transaction.open_table(STANDINGS)?, Some(&grant.org))?;
            let found = |entry: &&PersonHolding| entry.standing == InclusionStatus::Found;
            if let Some(found) = held.iter().find(found) {
                return Ok(Some(found.clone()));
            }
            let same = held.into_iter().find(|entry| entry.leaf == leaf);
            if !may_keep(transaction, same.is_some(), &leaf, standing)? {
                return Ok(same);
            }
            table.insert((grant.org.as_str(), leaf), bytes.as_slice())?;
            Ok(None)
        })
    }

    /// Stores newer paths and statuses of items. Items that are no longer held are skipped.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn update(&self, changed: &[Holding]) -> Result<(), StoreError> {
        if changed.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut cards = transaction.open_table(CARDS)?;
            let mut persons = transaction.open_table(PERSONS)?;
            let mut donations = transaction.open_table(DONATIONS)?;
            for holding in changed {
                let leaf = *holding.leaf();
                let held = match holding {
                    Holding::Card(CardHolding { grant, .. }) => {
                        let bytes = encoded(&v1::CardGrant::from(grant));
                        let held = cards.get(leaf)?.is_some();
                        held && cards.insert(leaf, bytes.as_slice())?.is_some()
                    }
                    Holding::Person(PersonHolding { grant, .. }) => {
                        let bytes = encoded(&v1::PersonGrant::from(grant));
                        let key = (grant.org.as_str(), leaf);
                        let held = persons.get(key)?.is_some();
                        held && persons.insert(key, bytes.as_slice())?.is_some()
                    }
                    Holding::Donation(DonationHolding { receipt, .. }) => {
                        let bytes = encoded(&v1::DonationReceipt::from(receipt));
                        let held = donations.get(leaf)?.is_some();
                        held && donations.insert(leaf, bytes.as_slice())?.is_some()
                    }
                };
                if held {
                    stand(transaction, &leaf, holding.standing())?;
                }
            }
            Ok(())
        })
    }

    /// Forgets a card, a place in a person log or a donation. What was shown or claimed with it is
    /// still remembered.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn forget(&self, leaf: &Bytes32) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.open_table(CARDS)?.remove(leaf)?;
            transaction.open_table(DONATIONS)?.remove(leaf)?;
            transaction.open_table(PERSONS)?.retain(|(_, held), _| held != *leaf)?;
            transaction.open_table(STANDINGS)?.remove(leaf)?;
            Ok(())
        })
    }

    /// The cards, by organisation, kind and place.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn cards(&self) -> Result<Vec<CardHolding>, StoreError> {
        let mut cards = self.by_leaf(CARDS, |leaf, bytes, standing| {
            Ok(CardHolding { leaf, grant: card(bytes)?, standing })
        })?;
        let order = |entry: &CardHolding| {
            let CardGrant { org, card, path, .. } = &entry.grant;
            (org.clone(), card.kind, path.index())
        };
        cards.sort_by_key(order);
        Ok(cards)
    }

    /// The places in a campaign's person log: a found one first, then by place. Several are held
    /// only as long as none is found.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn persons_of(&self, org: &str) -> Result<Vec<PersonHolding>, StoreError> {
        self.read(|transaction| persons(transaction, Some(org)))
    }

    /// The places in all person logs, by organisation.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn persons(&self) -> Result<Vec<PersonHolding>, StoreError> {
        self.read(|transaction| persons(transaction, None))
    }

    /// The donations, by log and place.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn donations(&self) -> Result<Vec<DonationHolding>, StoreError> {
        let mut donations = self.by_leaf(DONATIONS, |leaf, bytes, standing| {
            Ok(DonationHolding { leaf, receipt: donation(bytes)?, standing })
        })?;
        let order =
            |entry: &DonationHolding| (entry.receipt.origin.clone(), entry.receipt.path.index());
        donations.sort_by_key(order);
        Ok(donations)
    }

    fn by_leaf<T>(
        &self,
        table: TableDefinition<'_, Bytes32, &'static [u8]>,
        entry: impl Fn(Bytes32, &[u8], InclusionStatus) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.read(|transaction| {
            let standings = transaction.open_table(STANDINGS)?;
            let table = transaction.open_table(table)?;
            let entries = table.iter()?.map(|held| {
                let (leaf, bytes) = held?;
                let leaf = leaf.value();
                entry(leaf, bytes.value(), read_standing(&standings, &leaf)?)
            });
            entries.collect()
        })
    }
}

/// Whether an item may be stored: if it is new, or was not found before and is found now. If it
/// may, this stores its status.
fn may_keep(
    transaction: &WriteTransaction,
    held: bool,
    leaf: &Bytes32,
    standing: InclusionStatus,
) -> Result<bool, StoreError> {
    let before = read_standing(&transaction.open_table(STANDINGS)?, leaf)?;
    if held && (before == InclusionStatus::Found || standing != InclusionStatus::Found) {
        return Ok(false);
    }
    stand(transaction, leaf, standing)?;
    Ok(true)
}

fn read_standing(
    table: &impl ReadableTable<Bytes32, u8>,
    leaf: &Bytes32,
) -> Result<InclusionStatus, StoreError> {
    let code = table.get(leaf)?.map(|code| code.value());
    InclusionStatus::of(code)
        .ok_or(StoreError::Damaged { entry: "whether something is in its log" })
}

fn stand(
    transaction: &WriteTransaction,
    leaf: &Bytes32,
    standing: InclusionStatus,
) -> Result<(), StoreError> {
    let mut standings = transaction.open_table(STANDINGS)?;
    match standing.code() {
        Some(code) => drop(standings.insert(leaf, code)?),
        None => drop(standings.remove(leaf)?),
    }
    Ok(())
}

fn persons(
    transaction: &ReadTransaction,
    org: Option<&str>,
) -> Result<Vec<PersonHolding>, StoreError> {
    persons_of(&transaction.open_table(PERSONS)?, &transaction.open_table(STANDINGS)?, org)
}

fn persons_of(
    table: &impl ReadableTable<(&'static str, Bytes32), &'static [u8]>,
    standings: &impl ReadableTable<Bytes32, u8>,
    org: Option<&str>,
) -> Result<Vec<PersonHolding>, StoreError> {
    let range = match org {
        Some(org) => table.range((org, [0; 32])..=(org, [0xff; 32]))?,
        None => table.iter()?,
    };
    let entries = range.map(|held| {
        let (key, bytes) = held?;
        let leaf = key.value().1;
        let standing = read_standing(standings, &leaf)?;
        Ok(PersonHolding { leaf, grant: person(bytes.value())?, standing })
    });
    let mut entries = entries.collect::<Result<Vec<_>, StoreError>>()?;
    let order = |entry: &PersonHolding| {
        let found = entry.standing == InclusionStatus::Found;
        (entry.grant.org.clone(), !found, entry.grant.path.index())
    };
    entries.sort_by_key(order);
    Ok(entries)
}
