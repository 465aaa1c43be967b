//! Errors of the database.

use std::mem::discriminant;

use sqlx::{error::DatabaseError, migrate::MigrateError};
use wufu_serve::Condition;
use wufu_verifier::encoding::text::{NameError, QuotedText};

use crate::folder::error::FolderError;

/// Errors of the database. Nothing of the transaction is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database refused a statement or failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables are not those of this release.
    #[error("database's tables: {0}")]
    Tables(#[from] MigrateError),
    /// A value in the database was not written by this ledger.
    #[error(
        "database holds a broken {what}: `wufu ledger audit` lists everything that does not match; \
         restore the folder from a backup"
    )]
    Broken {
        /// Which value it is.
        what: &'static str,
    },
    /// A commit failed, and it could not be determined whether it took effect. The ledger accepts
    /// nothing more until it is opened again.
    #[error("it is not known whether the last commit happened: open the ledger again")]
    Unknown,
    /// The signed state is missing, or this ledger's key did not sign it. Nothing is written on top
    /// of it.
    #[error(
        "the signed state in ledger.db is missing or not signed by this ledger's key: nothing is \
         written or signed. Run `wufu ledger audit`, then restore the folder from a backup. If \
         there is none, and the database is to be taken as it is, move summary.note and state.note \
         away and run `wufu ledger close-epoch --accept-database`"
    )]
    State,
    /// A name that clients refuse.
    #[error(
        "{field} {} {error}; clients refuse a directory with such a name, so it is not signed. An \
         older release accepted the name, and further entries are still accepted. To correct the \
         name, make a new ledger and import the donations there",
        QuotedText(.name)
    )]
    Name {
        /// What it names: an institution or a project.
        field: &'static str,
        /// The name.
        name: String,
        /// What is wrong with the name.
        error: NameError,
    },
    /// A file beside the database failed.
    #[error(transparent)]
    File(#[from] FolderError),
    /// The task that did the work is gone, because the process is shutting down.
    #[error("the ledger's work was stopped")]
    Stopped,
}

impl StoreError {
    /// Whether the database refused a row because another row has the same key.
    pub(crate) fn is_duplicate(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        DatabaseError::is_unique_violation(error.as_ref())
    }

    /// What this failure says about the ledger's health, if anything.
    pub(crate) fn condition(&self) -> Option<Condition> {
        /// SQLite's primary result codes for a full disk, and for one that fails.
        const FULL: u32 = 13;
        const FAILED: u32 = 10;
        match self {
            Self::Unknown => Some(Condition::Halted),
            Self::Database(sqlx::Error::Database(error)) => {
                let code: u32 = error.code()?.parse().ok()?;
                // The upper bits say more about the same failure.
                match code & 0xff {
                    FULL => Some(Condition::DiskFull),
                    FAILED => Some(Condition::DiskFailed),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The kind of error, without anything that changes from one occurrence to the next.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Database(sqlx::Error::Database(error)) => format!("database {:?}", error.code()),
            Self::Database(error) => format!("database {:?}", discriminant(error)),
            error => format!("{:?}", discriminant(error)),
        }
    }
}
