//! Why the store failed.

use std::path::PathBuf;

use wufu_proto::ConvertError;
use wufu_verifier::{
    encoding::canonical::CanonicalError,
    groth16::key::KeyError,
    log::{checkpoint::CheckpointError, signed_note::NoteError},
};

use crate::file::FileError;

/// The version of the file format. Version 1 had one place in each person log, and did not record
/// what was found in its log.
pub(super) const VERSION: u64 = 2;

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
