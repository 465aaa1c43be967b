//! What a store knows of its wallet and of orgs beside their logs: whose it is, and in which
//! currency amounts are.

use redb::{TableDefinition, TableError};

use super::{Bytes32, Store, StoreError};

/// One entry: the identity of the seed that the store belongs to.
const OWNER: TableDefinition<'_, &str, Bytes32> = TableDefinition::new("owner");
const SEED: &str = "seed";
/// By org: an ISO 4217 code.
const CURRENCIES: TableDefinition<'_, &str, &str> = TableDefinition::new("currencies");

impl Store {
    /// The identity of the wallet that the store belongs to. A store of an earlier release does not
    /// say.
    pub(crate) fn owner(&self) -> Result<Option<Bytes32>, StoreError> {
        self.read(|transaction| match transaction.open_table(OWNER) {
            Ok(table) => Ok(table.get(SEED)?.map(|owner| owner.value())),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        })
    }

    /// Says whose the store is, for good.
    pub(crate) fn set_owner(&self, owner: Bytes32) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.open_table(OWNER)?.insert(SEED, owner)?;
            Ok(())
        })
    }

    /// The currency of an org's donations, as its ledger named it.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn currency(&self, org: &str) -> Result<Option<String>, StoreError> {
        self.read(|transaction| match transaction.open_table(CURRENCIES) {
            Ok(table) => Ok(table.get(org)?.map(|code| code.value().to_owned())),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        })
    }

    /// Keeps the currency of an org's donations.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn keep_currency(&self, org: &str, code: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.open_table(CURRENCIES)?.insert(org, code)?;
            Ok(())
        })
    }
}
