//! The store: what a wallet remembers, in one redb file that only its owner can read.
//!
//! Every change is one durable transaction: once a method returns, the change is on disk. A check
//! and the change that depends on it are in one transaction.

pub(crate) mod database;
mod entry;
mod facts;
mod holdings;
mod seen;
mod shown;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError,
    WriteTransaction, backends::InMemoryBackend,
};
use wufu_proto::ConvertError;
use wufu_verifier::{
    KeyId, Trust, VerifyingKey,
    encoding::canonical::CanonicalError,
    groth16::key::KeyError,
    log::{
        checkpoint::CheckpointError,
        name::LogName,
        signed_note::{LogKey, NoteError},
    },
};

pub use entry::{CardHolding, DonationHolding, Holding, InclusionStatus, PersonHolding};
pub use seen::{Evidence, KnownRoof};
pub(crate) use shown::number_in;
pub use shown::{AnswerEntry, ClaimEntry};

use crate::file::FileError;

/// The version of the file format. Version 1 had one place in each person log, and did not record
/// what was found in its log.
const VERSION: u64 = 2;

type Bytes32 = [u8; 32];

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const LOG_KEYS: TableDefinition<'_, &str, &str> = TableDefinition::new("log keys");
const VERIFYING_KEYS: TableDefinition<'_, Bytes32, &[u8]> = TableDefinition::new("verifying keys");

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process has it open.
    #[error("the wallet is open in another process, and only one may use it: end that process")]
    Open,
    /// The file is missing.
    #[error(
        "{path} is missing: it recorded what this wallet holds and has shown. Bring it back from a \
         backup, or restore the seed into another folder (wufu wallet restore)",
        path = path.display()
    )]
    Missing {
        /// The file's path.
        path: PathBuf,
    },
    /// The file is empty.
    #[error(
        "{path} is 0 bytes, expected a database: it was lost or never written. Bring it back from \
         a backup; do not continue with an empty one, which has forgotten what was shown",
        path = path.display()
    )]
    Empty {
        /// The file's path.
        path: PathBuf,
    },
    /// The file is cut off, damaged, or not a database.
    #[error(
        "{path} ({got} bytes) is not a whole database: it was cut off or damaged, or is another \
         file ({error}). Bring it back from a backup",
        path = path.display()
    )]
    Unreadable {
        /// The file's path.
        path: PathBuf,
        /// Its length in bytes.
        got: u64,
        /// What is wrong with it.
        #[source]
        error: Box<redb::Error>,
    },
    /// The file is a database of something else.
    #[error("{path} is a database, but not one of {expected}", path = path.display())]
    Other {
        /// The file's path.
        path: PathBuf,
        /// What it should contain.
        expected: &'static str,
    },
    /// The database returned an error.
    #[error("the wallet's database failed: {0}")]
    Database(#[source] Box<redb::Error>),
    /// The file is of another release.
    #[error(
        "the wallet's database has version {got}, expected {VERSION}: use a release that reads it"
    )]
    Version {
        /// The version of the file.
        got: u64,
    },
    /// An entry cannot be read.
    #[error("the wallet's database is damaged: {0}")]
    Message(#[from] ConvertError),
    /// An entry cannot be read.
    #[error("the wallet's database is damaged: {0}")]
    Canonical(#[from] CanonicalError),
    /// A log key in it cannot be read.
    #[error("the wallet's database is damaged: {0}")]
    LogKey(#[from] NoteError),
    /// A verifying key in it cannot be read.
    #[error("the wallet's database is damaged, or of another release: {0}")]
    VerifyingKey(#[from] KeyError),
    /// An entry is not what was stored.
    #[error("the wallet's database is damaged: {entry} is not what was stored")]
    Damaged {
        /// The entry.
        entry: &'static str,
    },
}

macro_rules! from_redb {
    ($($error:ident),+) => {
        $(impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                match error.into() {
                    redb::Error::DatabaseAlreadyOpen => Self::Open,
                    error => Self::Database(Box::new(error)),
                }
            }
        })+
    };
}

from_redb!(CommitError, DatabaseError, StorageError, TableError, TransactionError);

impl From<CheckpointError> for StoreError {
    fn from(_: CheckpointError) -> Self {
        Self::Damaged { entry: "a checkpoint" }
    }
}

/// Why a key was not pinned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// Another key is already pinned for the organisation.
    #[error(
        "the pinned log key of {org} is {pinned}, and {came} is another key: an organisation never \
         changes its key"
    )]
    Changed {
        /// The organisation.
        org: String,
        /// The pinned key.
        pinned: String,
        /// The other key.
        came: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A wallet's store.
pub struct Store {
    database: Database,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(..)")
    }
}

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

    fn read<T>(
        &self,
        act: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        act(&self.database.begin_read()?)
    }

    /// Commits what `act` did, unless it failed.
    fn write<T, E: From<StoreError>>(
        &self,
        act: impl FnOnce(&WriteTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.database.begin_write().map_err(StoreError::from)?;
        let value = act(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(value)
    }

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

/// Creates all tables, and migrates those of version 1.
fn fill(database: &Database) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    // A table that does not exist cannot be opened for reading.
    transaction.open_table(LOG_KEYS)?;
    transaction.open_table(VERIFYING_KEYS)?;
    holdings::create_tables(&transaction)?;
    seen::create_tables(&transaction)?;
    shown::create_tables(&transaction)?;
    transaction.open_table(META)?.insert("version", VERSION)?;
    Ok(transaction.commit()?)
}

/// The key of a log in the tables.
fn origin(log: &LogName) -> String {
    log.to_string()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use ed25519_dalek::SigningKey;

    use super::*;

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
