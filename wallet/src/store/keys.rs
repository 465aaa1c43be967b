//! The keys that the wallet trusts: of logs, and of proofs.

use redb::{ReadableTable as _, TableDefinition, WriteTransaction};
use wufu_verifier::{KeyId, Trust, VerifyingKey, log::signed_note::LogKey};

use super::{Bytes32, PinError, Store, StoreError};

const LOG_KEYS: TableDefinition<'_, &str, &str> = TableDefinition::new("log keys");
const VERIFYING_KEYS: TableDefinition<'_, Bytes32, &[u8]> = TableDefinition::new("verifying keys");

pub(super) fn create_tables(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(LOG_KEYS)?;
    transaction.open_table(VERIFYING_KEYS)?;
    Ok(())
}

impl Store {
    /// Pins the key that signs an organisation's logs.
    ///
    /// # Errors
    /// Returns an error if another key is pinned.
    pub fn pin_log_key(&self, key: &LogKey) -> Result<(), PinError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(LOG_KEYS).map_err(StoreError::from)?;
            let came = key.to_string();
            let pinned = table.get(key.name()).map_err(StoreError::from)?;
            let pinned = pinned.map(|pinned| pinned.value().to_owned());
            match pinned {
                Some(pinned) if pinned == came => Ok(()),
                Some(pinned) => Err(PinError::Changed { org: key.name().into(), pinned, came }),
                None => {
                    table.insert(key.name(), came.as_str()).map_err(StoreError::from)?;
                    Ok(())
                }
            }
        })
    }

    /// The pinned key of an organisation's logs.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn log_key(&self, org: &str) -> Result<Option<LogKey>, StoreError> {
        self.read(|transaction| {
            let found = transaction.open_table(LOG_KEYS)?.get(org)?;
            Ok(found.map(|key| LogKey::parse(key.value())).transpose()?)
        })
    }

    /// The pinned keys of all organisations, by name.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn log_keys(&self) -> Result<Vec<LogKey>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(LOG_KEYS)?;
            table.iter()?.map(|entry| Ok(LogKey::parse(entry?.1.value())?)).collect()
        })
    }

    /// Pins a verifying key: from here on, the wallet makes and accepts proofs under it.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn pin_verifying_key(&self, key: &VerifyingKey) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(VERIFYING_KEYS)?;
            table.insert(key.id().0, key.encode().as_slice())?;
            Ok(())
        })
    }

    /// The pinned verifying key with this id.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn verifying_key(&self, id: KeyId) -> Result<Option<VerifyingKey>, StoreError> {
        let found = self.read(|transaction| {
            let found = transaction.open_table(VERIFYING_KEYS)?.get(id.0)?;
            Ok(found.map(|key| key.value().to_vec()))
        })?;
        // Whether development keys are accepted was decided when it was pinned.
        let trust = Trust::AcceptDevelopment;
        let key = found.map(|bytes| VerifyingKey::decode(&bytes, trust)).transpose()?;
        if key.as_ref().is_some_and(|key| key.id() != id) {
            return Err(StoreError::Damaged { entry: "a verifying key's id" });
        }
        Ok(key)
    }

    /// The ids of the pinned verifying keys.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn verifying_keys(&self) -> Result<Vec<KeyId>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(VERIFYING_KEYS)?;
            table.iter()?.map(|entry| Ok(KeyId(entry?.0.value()))).collect()
        })
    }
}
