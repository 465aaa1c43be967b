//! What a wallet remembers: one redb file, its owner's alone.
//!
//! Every change is one durable transaction: what a caller was told is kept is kept. Where a check decides about a
//! change, both are in one transaction.

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

/// The format of the file. In version 1 there was one place in each person log, and nothing said what had been found in
/// its log.
const VERSION: u64 = 2;

type Bytes32 = [u8; 32];

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const LOG_KEYS: TableDefinition<'_, &str, &str> = TableDefinition::new("log keys");
const VERIFYING_KEYS: TableDefinition<'_, Bytes32, &[u8]> = TableDefinition::new("verifying keys");

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Somebody else has it open.
    #[error("the wallet is open in another process")]
    Open,
    /// The file is not there.
    #[error(
        "{path} is missing: it held what this wallet owns and has shown. Bring it back from a backup, or restore the seed \
         into another folder (wufu wallet restore)",
        path = path.display()
    )]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// The file holds nothing.
    #[error(
        "{path} is 0 bytes, expected a database: it was lost or never written. Bring it back from a backup; \
         do not go on with an empty one, which has forgotten what was shown",
        path = path.display()
    )]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// The file is cut off, damaged, or no database.
    #[error(
        "{path} ({got} bytes) is not a whole database: it was cut off, damaged, or is another file ({error}). \
         Bring it back from a backup",
        path = path.display()
    )]
    Unreadable {
        /// Which file.
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
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// The database.
    #[error("the wallet's file: {0}")]
    Database(#[source] Box<redb::Error>),
    /// It is of another release.
    #[error("the wallet's file has version {got}, expected {VERSION}")]
    Version {
        /// Its version.
        got: u64,
    },
    /// Something in it cannot be read.
    #[error("the wallet's file is damaged: {0}")]
    Message(#[from] ConvertError),
    /// Something in it cannot be read.
    #[error("the wallet's file is damaged: {0}")]
    Canonical(#[from] CanonicalError),
    /// A log key in it cannot be read.
    #[error("the wallet's file is damaged: {0}")]
    LogKey(#[from] NoteError),
    /// A verifying key in it cannot be read.
    #[error("the wallet's file is damaged, or of another release: {0}")]
    VerifyingKey(#[from] KeyError),
    /// Something in it was not what was put there.
    #[error("the wallet's file is damaged: {entry} does not hold")]
    Damaged {
        /// What.
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
    /// The org's logs are signed by another key, as far as this wallet knows.
    #[error("the log key of {org} is pinned as {pinned}, and {came} is another one")]
    Changed {
        /// The org.
        org: String,
        /// The key that is pinned.
        pinned: String,
        /// The key that came.
        came: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The wallet's memory.
pub struct Store {
    database: Database,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(..)")
    }
}

impl Store {
    /// Makes the file of a new wallet, with mode 0600.
    ///
    /// # Errors
    /// When it is there already, or cannot be written.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let database = database::create(path, fill)?;
        Ok(Self { database })
    }

    /// Opens the file of a wallet.
    ///
    /// # Errors
    /// When it is missing, open to others, in use, empty, cut off, damaged or of another release.
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

    /// A store that lives as long as the process.
    ///
    /// # Errors
    /// When there is no memory.
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

    /// Pins the key that signs an org's logs.
    ///
    /// # Errors
    /// When another one is pinned.
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

    /// The pinned key of an org's logs.
    ///
    /// # Errors
    /// When the store fails.
    pub fn log_key(&self, org: &str) -> Result<Option<LogKey>, StoreError> {
        self.read(|transaction| {
            let found = transaction.open_table(LOG_KEYS)?.get(org)?;
            Ok(found.map(|key| LogKey::parse(key.value())).transpose()?)
        })
    }

    /// The pinned keys of all orgs, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub fn log_keys(&self) -> Result<Vec<LogKey>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(LOG_KEYS)?;
            table.iter()?.map(|entry| Ok(LogKey::parse(entry?.1.value())?)).collect()
        })
    }

    /// Pins a verifying key: proofs under it are made and believed from here on.
    ///
    /// # Errors
    /// When the store fails.
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
    /// When the store fails.
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
    /// When the store fails.
    pub fn verifying_keys(&self) -> Result<Vec<KeyId>, StoreError> {
        self.read(|transaction| {
            let table = transaction.open_table(VERIFYING_KEYS)?;
            table.iter()?.map(|entry| Ok(KeyId(entry?.0.value()))).collect()
        })
    }
}

/// Makes all tables, and brings those of version 1 up to date.
fn fill(database: &Database) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    // A table that is not there cannot be opened for reading.
    transaction.open_table(LOG_KEYS)?;
    transaction.open_table(VERIFYING_KEYS)?;
    holdings::create_tables(&transaction)?;
    seen::create_tables(&transaction)?;
    shown::create_tables(&transaction)?;
    transaction.open_table(META)?.insert("version", VERSION)?;
    Ok(transaction.commit()?)
}

/// The key under which a log's things are kept.
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
            // An unused page may change, and nobody minds; nothing panics.
            if let Ok(store) = Store::open(&path) {
                assert_eq!(store.log_keys().unwrap(), []);
            }
        }
    }

    /// Rows of docs/failures.md: 51.
    /// A file of 0 bytes, which a full disk or a bad copy leaves, opened as an empty wallet: it held nothing, and had
    /// forgotten to whom donations were shown. The same holds for one that is missing, cut off at any length, zeroed,
    /// or a database of something else. Each is refused, by name, and left as it is.
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
