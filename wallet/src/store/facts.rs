//! Other facts in a store: which wallet it belongs to, and the currencies of organisations.

use redb::{TableDefinition, TableError};

use super::{Bytes32, Store, StoreError};

/// One entry: the identity of the seed to which the store belongs.
const OWNER: TableDefinition<'_, &str, Bytes32> = TableDefinition::new("owner");
const SEED: &str = "seed";
/// An ISO 4217 code, by organisation.
const CURRENCIES: TableDefinition<'_, &str, &str> = TableDefinition::new("currencies");

impl Store {
    /// The identity of the wallet to which the store belongs. A store of an earlier release has
    /// none.
    pub(crate) fn owner(&self) -> Result<Option<Bytes32>, StoreError> {
        self.read(|transaction| match transaction.open_table(OWNER) {
            Ok(table) => Ok(table.get(SEED)?.map(|owner| owner.value())),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        })
    }

    /// Records to which wallet the store belongs, permanently.
    pub(crate) fn set_owner(&self, owner: Bytes32) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.open_table(OWNER)?.insert(SEED, owner)?;
            Ok(())
        })
    }

    /// The currency of an organisation's donations, as its ledger named it.
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

    /// Stores the currency of an organisation's donations.
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
