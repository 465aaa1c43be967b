//! The store: what a wallet remembers, in one redb file that only its owner can read.
//!
//! Every change is one durable transaction: once a method returns, the change is on disk. A check
//! and the change that depends on it are in one transaction.

pub(crate) mod database;
mod entry;
mod error;
mod facts;
mod holdings;
mod keys;
mod seen;
mod shown;
mod transactions;

use std::path::Path;

use redb::{Database, TableDefinition, TableError, backends::InMemoryBackend};

pub use entry::{CardHolding, DonationHolding, Holding, InclusionStatus, PersonHolding};
use error::VERSION;
pub use error::{PinError, StoreError};
pub use seen::{Evidence, KnownRoof};
pub(crate) use shown::number_in;
pub use shown::{AnswerEntry, ClaimEntry};
pub use transactions::Store;
use transactions::{Bytes32, origin};

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

impl Store {
    /// Creates the file of a new wallet, with mode 0600.
    ///
    /// # Errors
    /// Returns an error if the file already exists, or cannot be written.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let database = database::create(path, fill)?;
        Ok(Self { database })
    }

    /// Opens the file of a wallet.
    ///
    /// # Errors
    /// Returns an error if the file is missing, open to others, in use, empty, cut off, damaged or
    /// of another release.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self { database: database::open(path)? };
        let expected = "a wallet";
        let other = || StoreError::Other { path: path.into(), expected };
        let version = store.read(|transaction| match transaction.open_table(META) {
            Ok(meta) => Ok(meta.get("version")?.map(|version| version.value())),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        })?;
        match version.ok_or_else(other)? {
            VERSION => {}
            1 => fill(&store.database)?,
            got => return Err(StoreError::Version { got }),
        }
        Ok(store)
    }

    /// A store in memory, which ends with the process.
    ///
    /// # Errors
    /// Returns an error if there is not enough memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        let backend = InMemoryBackend::new();
        let database =
            Database::builder().set_cache_size(database::CACHE).create_with_backend(backend)?;
        fill(&database)?;
        Ok(Self { database })
    }
}

/// Creates all tables, and migrates those of version 1.
fn fill(database: &Database) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    // A table that does not exist cannot be opened for reading.
    keys::create_tables(&transaction)?;
    holdings::create_tables(&transaction)?;
    seen::create_tables(&transaction)?;
    shown::create_tables(&transaction)?;
    transaction.open_table(META)?.insert("version", VERSION)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use ed25519_dalek::SigningKey;
    use wufu_verifier::log::signed_note::LogKey;

    use super::*;
    use crate::file::FileError;

    fn log_key(org: &str, seed: u8) -> LogKey {
        LogKey::new(org, SigningKey::from_bytes(&[seed; 32]).verifying_key()).unwrap()
    }

    #[test]
    fn a_changed_log_key_is_refused() {
        let store = Store::in_memory().unwrap();
        store.pin_log_key(&log_key("wufu", 1)).unwrap();
        store.pin_log_key(&log_key("wufu", 1)).unwrap();
        store.pin_log_key(&log_key("cerf", 2)).unwrap();
        let Err(PinError::Changed { org, .. }) = store.pin_log_key(&log_key("wufu", 2)) else {
            panic!("a second key was pinned");
        };
        assert_eq!(org, "wufu");
        assert_eq!(store.log_key("wufu").unwrap(), Some(log_key("wufu", 1)));
        assert_eq!(store.log_key("other").unwrap(), None);
        assert_eq!(store.log_keys().unwrap(), [log_key("cerf", 2), log_key("wufu", 1)]);
    }

    #[test]
    fn the_file_is_its_owners_and_one_processes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.redb");
        let store = Store::create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(Store::open(&path), Err(StoreError::Open)));
        store.pin_log_key(&log_key("wufu", 1)).unwrap();
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.log_key("wufu").unwrap(), Some(log_key("wufu", 1)));
        drop(store);
        // Nothing is overwritten, and nothing is left beside it.
        assert!(matches!(Store::create(&path), Err(StoreError::File(FileError::Exists { .. }))));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn damage_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.redb");
        drop(Store::create(&path).unwrap());
        let good = std::fs::read(&path).unwrap();
        for at in (0..good.len()).step_by(509) {
            let mut bad = good.clone();
            bad[at] ^= 0xff;
            std::fs::write(&path, bad).unwrap();
            // A change in an unused page does no harm, and nothing panics.
            if let Ok(store) = Store::open(&path) {
                assert_eq!(store.log_keys().unwrap(), []);
            }
        }
    }

    /// Rows of docs/failures.md: 51.
    /// A file of 0 bytes, as a full disk or a bad copy leaves it, opened as an empty wallet: it
    /// held nothing, and had forgotten who had seen which donation. The same holds for a file that
    /// is missing, cut off at any length, zeroed, or another database. Each is refused, with its
    /// name, and left as it is.
    #[test]
    fn an_empty_truncated_or_missing_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.redb");
        let store = Store::create(&path).unwrap();
        store.pin_log_key(&log_key("wufu", 1)).unwrap();
        drop(store);
        let good = std::fs::read(&path).unwrap();
        let named = |error: StoreError| {
            assert!(error.to_string().contains("wallet.redb"), "{error}");
            error
        };
        for length in (1..good.len()).step_by(4093).chain([8, 9, 64, 512, good.len() - 1]) {
            std::fs::write(&path, &good[..length]).unwrap();
            let error = named(Store::open(&path).unwrap_err());
            assert!(matches!(error, StoreError::Unreadable { got, .. } if got == length as u64));
        }
        std::fs::write(&path, b"").unwrap();
        assert!(matches!(named(Store::open(&path).unwrap_err()), StoreError::Empty { .. }));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0, "it is left as it is");
        std::fs::write(&path, vec![0; good.len()]).unwrap();
        named(Store::open(&path).unwrap_err());
        std::fs::write(&path, b"not a database at all, but long enough to look at").unwrap();
        named(Store::open(&path).unwrap_err());
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(named(Store::open(&path).unwrap_err()), StoreError::Missing { .. }));
        drop(Database::create(&path).unwrap());
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        assert!(matches!(named(Store::open(&path).unwrap_err()), StoreError::Other { .. }));
        std::fs::write(&path, &good).unwrap();
        assert_eq!(Store::open(&path).unwrap().log_keys().unwrap(), [log_key("wufu", 1)]);
    }
}
