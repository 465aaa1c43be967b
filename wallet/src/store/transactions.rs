//! The open store, and its transactions.

use std::fmt;

use redb::{Database, ReadTransaction, ReadableDatabase as _, WriteTransaction};
use wufu_verifier::log::name::LogName;

use super::StoreError;

pub(super) type Bytes32 = [u8; 32];

/// A wallet's store.
pub struct Store {
    pub(super) database: Database,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(..)")
    }
}

impl Store {
    pub(super) fn read<T>(
        &self,
        act: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        act(&self.database.begin_read()?)
    }

    /// Commits what `act` did, unless it failed.
    pub(super) fn write<T, E: From<StoreError>>(
        &self,
        act: impl FnOnce(&WriteTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.database.begin_write().map_err(StoreError::from)?;
        let value = act(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(value)
    }
}

/// The key of a log in the tables.
pub(super) fn origin(log: &LogName) -> String {
    log.to_string()
}
