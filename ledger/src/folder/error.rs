//! Why a ledger's folder cannot be used.

use std::{io, path::PathBuf};

use wufu_verifier::log::signed_note::NoteError;

use crate::epochs::summary_error::SummaryError;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Another process has it open.
    #[error(
        "{path} is open in another process, and a log has one writer: stop that process, or append \
         through its service",
        path = .folder.display()
    )]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder already holds a ledger.
    #[error("{path} already holds a ledger", path = .folder.display())]
    Taken {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds no ledger.
    #[error(
        "{path} holds no ledger: expected a folder with a policy.json, as `wufu ledger init --dir \
         {path} --org NAME` makes it",
        path = .folder.display()
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder without a ledger contains a file of one.
    #[error(
        "{path} already exists, but there is no ledger: an interrupted init left it, or somebody \
         else put it there. Remove it, or choose another folder",
        path = .file.display()
    )]
    Planted {
        /// The file.
        file: PathBuf,
    },
    /// Others than the owner may read a secret.
    #[error(
        "{path} has mode {mode:o}, expected {expected:o}: others may read or change it (chmod \
         {expected:o} {path})",
        path = .file.display()
    )]
    Readable {
        /// The file or folder.
        file: PathBuf,
        /// The file's mode.
        mode: u32,
        /// The mode that it should have.
        expected: u32,
    },
    /// The file or folder belongs to another user.
    #[error(
        "{path} belongs to user {got}, expected user {expected}, who runs this: use a folder of \
         your own",
        path = .file.display()
    )]
    Owner {
        /// The file or folder.
        file: PathBuf,
        /// The user who owns it.
        got: u32,
        /// The user who runs the command.
        expected: u32,
    },
    /// It is a link, a pipe or something else of the wrong kind.
    #[error("{path} is {got}, expected {expected}", path = .file.display())]
    Kind {
        /// The file or folder.
        file: PathBuf,
        /// What kind it is.
        got: &'static str,
        /// What kind it should be.
        expected: &'static str,
    },
    /// The database is empty or truncated.
    #[error(
        "{path} is {got} bytes, expected {expected}: it is empty or cut short. Restore it from a \
         backup",
        path = .file.display()
    )]
    Short {
        /// The database file.
        file: PathBuf,
        /// Its length in bytes.
        got: u64,
        /// The length in its header, or the shortest length of an SQLite database.
        expected: u64,
    },
    /// The file is not an SQLite database.
    #[error(
        "{path} does not begin like an SQLite database: restore it from a backup",
        path = .file.display()
    )]
    NoDatabase {
        /// The database file.
        file: PathBuf,
    },
    /// The newest changes are in a file that only a writer can merge into the database.
    #[error(
        "{path} holds {bytes} bytes that are not in ledger.db yet and cannot be moved there in a \
         read-only folder: copy the whole folder to a place that can be written, and read it there",
        path = .file.display()
    )]
    Unfinished {
        /// The write-ahead log.
        file: PathBuf,
        /// The length of the write-ahead log.
        bytes: u64,
    },
    /// A secret file does not hold 64 hexadecimal digits.
    #[error("{path} is not a line of 64 hexadecimal digits", path = .file.display())]
    Secret {
        /// The secret file.
        file: PathBuf,
    },
    /// The database has lost something that was signed, as its high-water mark shows.
    #[error(transparent)]
    Mark(#[from] SummaryError),
    /// The signing key cannot sign under the org's name.
    #[error("signing key: {0}")]
    Key(#[from] NoteError),
    /// A file cannot be read or written.
    #[error("{path}: {error}", path = .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
}
