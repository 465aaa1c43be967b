//! What goes wrong in the database.

use std::mem::discriminant;

use sqlx::{error::DatabaseError, migrate::MigrateError};
use wufu_verifier::encoding::text::{NameError, QuotedText};

use crate::folder::error::FolderError;

/// What went wrong in the database. Nothing of the transaction is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database refused or failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables are not those of this release.
    #[error("database's tables: {0}")]
    Tables(#[from] MigrateError),
    /// A value in the database is none that this ledger wrote.
    #[error(
        "database holds a broken {what}: `wufu ledger audit` names all that does not fit, where it can be read; restore the \
         folder from a backup"
    )]
    Broken {
        /// Which value.
        what: &'static str,
    },
    /// A commit failed, and then nobody could tell whether it happened. The ledger takes nothing more until it is
    /// opened again.
    #[error("it is not known whether the last commit happened: open the ledger again")]
    Unknown,
    /// The signed state is missing, or this ledger's key did not sign it. Nothing is written on top of that.
    #[error(
        "the signed state in ledger.db is missing or not signed by this ledger's key: nothing is written or signed. Run \
         `wufu ledger audit`, then restore the folder from a backup. If there is none, and the database is to be taken as \
         it is, move summary.note and state.note away and run `wufu ledger close-epoch --accept-database`"
    )]
    State,
    /// A name that no client takes.
    #[error(
        "{field} {} {error}; clients refuse a directory with such a name, so it is not signed. An older release took the \
         name, and entries are still taken. To mend it, make a new ledger and import the donations there with the name \
         corrected",
        QuotedText(.name)
    )]
    Name {
        /// Whose name it is.
        field: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// A file beside the database.
    #[error(transparent)]
    File(#[from] FolderError),
    /// The task that did the work is gone: the process is shutting down.
    #[error("the ledger's work was stopped")]
    Stopped,
}

impl StoreError {
    /// Whether the database refused a row because another has its key.
    pub(crate) fn is_duplicate(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        DatabaseError::is_unique_violation(error.as_ref())
    }

    /// What went wrong, without anything that changes from one time to the next.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Database(sqlx::Error::Database(error)) => format!("database {:?}", error.code()),
            Self::Database(error) => format!("database {:?}", discriminant(error)),
            error => format!("{:?}", discriminant(error)),
        }
    }
}
