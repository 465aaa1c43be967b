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
        "{path} is open in another process, and a log has one writer: stop that process, or append through its service",
        path = .folder.display()
    )]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// There is a ledger in it already.
    #[error("{path} holds a ledger already", path = .folder.display())]
    Taken {
        /// The folder.
        folder: PathBuf,
    },
    /// There is none in it.
    #[error(
        "{path} holds no ledger: expected a folder with a policy.json, as `wufu ledger init --dir {path} --org NAME` makes it",
        path = .folder.display()
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of a ledger is in a folder that holds no ledger.
    #[error(
        "{path} is there already, and no ledger is: an init that was cut off left it, or somebody else put it there. Remove \
         it, or choose another folder",
        path = .file.display()
    )]
    Planted {
        /// The file.
        file: PathBuf,
    },
    /// Others than the owner may read a secret.
    #[error(
        "{path} has mode {mode:o}, expected {expected:o}: others may read or change it (chmod {expected:o} {path})",
        path = .file.display()
    )]
    Readable {
        /// The file or folder.
        file: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode that it should have.
        expected: u32,
    },
    /// It belongs to another user.
    #[error(
        "{path} belongs to user {got}, expected user {expected}, who runs this: use a folder of your own",
        path = .file.display()
    )]
    Owner {
        /// The file or folder.
        file: PathBuf,
        /// Whose it is.
        got: u32,
        /// Who runs this.
        expected: u32,
    },
    /// It is a link, a pipe or the like.
    #[error("{path} is {got}, expected {expected}", path = .file.display())]
    Kind {
        /// The file or folder.
        file: PathBuf,
        /// What it is.
        got: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The database is empty or cut short.
    #[error(
        "{path} is {got} bytes, expected {expected}: it is empty or cut short. Restore it from a backup",
        path = .file.display()
    )]
    Short {
        /// The database.
        file: PathBuf,
        /// Its length.
        got: u64,
        /// What its header says, or what an SQLite database has at the least.
        expected: u64,
    },
    /// The database is something else.
    #[error(
        "{path} does not begin as an SQLite database does: restore it from a backup",
        path = .file.display()
    )]
    NoDatabase {
        /// The file.
        file: PathBuf,
    },
    /// The newest changes are in a file that only a writer can move into the database.
    #[error(
        "{path} holds {bytes} bytes that are not in ledger.db yet, and cannot be used where nothing can be written: copy the \
         whole folder to where it can, and read it there",
        path = .file.display()
    )]
    Unfinished {
        /// The write-ahead log.
        file: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// A secret file is not 64 hexadecimal digits.
    #[error("{path} is not a line of 64 hexadecimal digits", path = .file.display())]
    Secret {
        /// The file.
        file: PathBuf,
    },
    /// The database lost what was signed, as its high-water mark tells.
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
