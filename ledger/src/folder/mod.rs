//! A ledger's folder: who may open it, and which files are secret.
//!
//! - `policy.json` holds the rules.
//! - `ledger.db` is the database.
//! - `signing.key` is the Ed25519 key that signs for the org, and says whether it has signed a
//!   state.
//! - `operator.token` is the token that an operator shows to append.
//! - `summary.note` and `state.note` hold the newest signed summary and state, outside the
//!   database.
//! - `lock` is held while a process writes, so that a log has one writer. Reading needs no lock.
//!
//! The folder and its files belong to the user who runs the ledger. Nobody else may write there or
//! read a secret. This is checked when a ledger is made and whenever it is opened.

mod access;
pub(crate) mod error;
pub(crate) mod secret;

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use ed25519_dalek::SigningKey;
use rand::{RngCore, rngs::OsRng};
use wufu_files::{Draft, sync_folder};
use wufu_verifier::log::signed_note::{LogKey, MAX_BYTES};
use zeroize::Zeroizing;

use crate::{
    folder::{
        access::{OTHERS, OTHERS_WRITE, check_file, check_folder, is_there, plain},
        secret::{OperatorToken, private, read_key, read_secret, write_secret, write_used_key},
    },
    store::files as database,
};
pub use error::FolderError;

const LOCK: &str = "lock";
const POLICY: &str = "policy.json";
const SIGNING_KEY: &str = "signing.key";
const OPERATOR_TOKEN: &str = "operator.token";
const SUMMARY: &str = "summary.note";
const FRESH_SUMMARY: &str = "summary.note.new";
const STATE: &str = "state.note";
const FRESH_STATE: &str = "state.note.new";
const FRESH_KEY: &str = "signing.key.new";

/// Every file of a ledger except the lock, with the permission bits that only its owner may have.
fn files() -> impl Iterator<Item = (&'static str, u32)> {
    let secrets = [SIGNING_KEY, FRESH_KEY, OPERATOR_TOKEN];
    let public = [SUMMARY, FRESH_SUMMARY, STATE, FRESH_STATE, POLICY];
    let secrets = secrets.into_iter().chain(database::NAMES).map(|name| (name, OTHERS));
    secrets.chain(public.into_iter().map(|name| (name, OTHERS_WRITE)))
}

/// A ledger's folder. If it was made or opened for writing, it stays locked as long as this value
/// lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    // The lock ends with the file handle, however the process ends. A reader has none.
    _lock: Option<File>,
}

impl Folder {
    /// Makes the folder and locks it. The folder may exist, but must not contain any file of a
    /// ledger.
    pub(crate) fn create(path: &Path) -> Result<Self, FolderError> {
        let path = plain(path);
        let mut builder = DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(&path);
        if is_there(&path)? {
            check_folder(&path)?;
        }
        made.map_err(|error| FolderError::File { file: path.clone(), error })?;
        let folder = Self::lock(path)?;
        if is_there(&folder.policy())? {
            return Err(FolderError::Taken { folder: folder.path });
        }
        for (name, _) in files() {
            let file = folder.path.join(name);
            if is_there(&file)? {
                return Err(FolderError::Planted { file });
            }
        }
        Ok(folder)
    }

    /// Locks the folder of a ledger.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let path = plain(path);
        check_ledger(&path)?;
        let folder = Self::lock(path)?;
        database::check_whole(&folder.path)?;
        Ok(folder)
    }

    /// Opens a ledger's folder for reading. A process that writes there is not disturbed.
    pub(crate) fn read(path: &Path) -> Result<Self, FolderError> {
        let path = plain(path);
        check_ledger(&path)?;
        let folder = Self { path, _lock: None };
        database::check_whole(&folder.path)?;
        Ok(folder)
    }

    fn lock(path: PathBuf) -> Result<Self, FolderError> {
        let file = path.join(LOCK);
        if is_there(&file)? {
            check_file(&file, OTHERS_WRITE)?;
        }
        let failed = |error| FolderError::File { file: file.clone(), error };
        let lock = private().create(true).truncate(false).write(true).open(&file);
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Locked { folder: path }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The path of the rules.
    pub(crate) fn policy(&self) -> PathBuf {
        self.path.join(POLICY)
    }

    /// The path of the database. It records what was issued to whom, so nobody else may read it.
    /// SQLite gives the files beside it the same mode.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(database::DATABASE)
    }

    /// Makes an empty file for the database.
    pub(crate) fn make_database(&self) -> Result<PathBuf, FolderError> {
        let file = self.database();
        let made = private().write(true).create_new(true).open(&file);
        made.map_err(|error| FolderError::File { file: file.clone(), error })?;
        Ok(file)
    }

    /// Checks that the database file alone is complete.
    pub(crate) fn refuse_unfinished(&self) -> Result<(), FolderError> {
        database::refuse_unfinished(&self.path)
    }

    /// Whether nothing can be written here, because of the medium or the folder's mode.
    pub(crate) fn is_read_only(&self) -> bool {
        rustix::fs::access(&self.path, rustix::fs::Access::WRITE_OK).is_err()
    }

    /// The path of the operator's token.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.path.join(OPERATOR_TOKEN)
    }

    /// Writes the rules. They are the last file, because a folder with rules is a ledger.
    pub(crate) fn write_policy(&self, text: &str) -> Result<(), FolderError> {
        let file = self.policy();
        let write = || -> io::Result<()> {
            let mut open =
                OpenOptions::new().write(true).create_new(true).mode(0o644).open(&file)?;
            open.write_all(text.as_bytes())?;
            open.sync_all()?;
            sync_folder(&file)
        };
        write().map_err(|error| FolderError::File { file: file.clone(), error })
    }

    /// The newest signed summary from its file.
    pub(crate) fn summary(&self) -> Result<Option<String>, FolderError> {
        self.note(SUMMARY)
    }

    /// The newest signed state from its file. After a power failure the file may be an older
    /// version, or empty.
    pub(crate) fn state(&self) -> Result<Option<String>, FolderError> {
        Ok(self.note(STATE)?.filter(|note| !note.is_empty()))
    }

    fn note(&self, name: &str) -> Result<Option<String>, FolderError> {
        let file = self.path.join(name);
        if !is_there(&file)? {
            return Ok(None);
        }
        check_file(&file, OTHERS_WRITE)?;
        let mut text = String::new();
        let read = File::open(&file)
            .and_then(|open| open.take(MAX_BYTES as u64 + 1).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(Some(text)),
            // The file is not UTF-8, so it is not a summary. The caller reports that.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Some(String::new())),
            Err(error) => Err(FolderError::File { file, error }),
        }
    }

    /// Replaces the newest signed summary. A reader sees the old file or the new one, never a part.
    pub(crate) fn write_summary(&self, note: &str) -> Result<(), FolderError> {
        let (file, fresh) = (self.path.join(SUMMARY), self.path.join(FRESH_SUMMARY));
        let replaced =
            Draft::private(&file).replace_by(&fresh, |open| open.write_all(note.as_bytes()));
        let replaced = replaced.and_then(|()| sync_folder(&file));
        replaced.map_err(|error| FolderError::File { file: file.clone(), error })
    }

    /// Makes a new signing key and a new token.
    pub(crate) fn make_secrets(&self) -> Result<(), FolderError> {
        for name in [SIGNING_KEY, OPERATOR_TOKEN] {
            let file = self.path.join(name);
            let mut bytes = Zeroizing::new([0u8; 32]);
            OsRng.fill_bytes(bytes.as_mut());
            write_secret(&file, &bytes)
                .map_err(|error| FolderError::File { file: file.clone(), error })?;
        }
        Ok(())
    }

    /// The signing key, and its public key under the org's name.
    pub(crate) fn signing_key(&self, org: &str) -> Result<(SigningKey, LogKey), FolderError> {
        let (bytes, _) = read_key(&self.path.join(SIGNING_KEY))?;
        let key = SigningKey::from_bytes(&bytes);
        let public = LogKey::new(org, key.verifying_key())?;
        Ok((key, public))
    }

    /// Whether the signing key's file says that it has signed a state. If it does, there must be a
    /// state, or somebody deleted it.
    pub(crate) fn has_signed_state(&self) -> Result<bool, FolderError> {
        Ok(read_key(&self.path.join(SIGNING_KEY))?.1)
    }

    /// Records in the signing key's file that it has signed a state.
    pub(crate) fn mark_signed_state(&self) -> Result<(), FolderError> {
        let (file, fresh) = (self.path.join(SIGNING_KEY), self.path.join(FRESH_KEY));
        let (bytes, is_marked) = read_key(&file)?;
        if is_marked {
            return Ok(());
        }
        let replaced =
            Draft::private(&file).replace_by(&fresh, |open| write_used_key(open, &bytes));
        let replaced = replaced.and_then(|()| sync_folder(&file));
        replaced.map_err(|error| FolderError::File { file: file.clone(), error })
    }

    /// The token that an operator must show.
    pub(crate) fn operator_token(&self) -> Result<OperatorToken, FolderError> {
        Ok(OperatorToken(read_secret(&self.token_file())?))
    }
}

/// Replaces the newest signed state beside a database. A reader sees the old file or the new one,
/// never a part.
///
/// The file is not flushed, because every transaction writes one. After a power failure it may
/// therefore be older than the database, and then it proves less.
pub(crate) fn write_state(database: &Path, note: &str) -> io::Result<()> {
    let (file, fresh) = (database.with_file_name(STATE), database.with_file_name(FRESH_STATE));
    Draft::private(&file).unsynced().replace_by(&fresh, |open| open.write_all(note.as_bytes()))
}

/// Checks a ledger's folder, and all of the ledger's files in it.
fn check_ledger(path: &Path) -> Result<(), FolderError> {
    let missing = || FolderError::Missing { folder: path.into() };
    if !is_there(path)? {
        return Err(missing());
    }
    check_folder(path)?;
    if !is_there(&path.join(POLICY))? {
        return Err(missing());
    }
    for (name, forbidden) in files() {
        let file = path.join(name);
        if is_there(&file)? {
            check_file(&file, forbidden)?;
        }
    }
    Ok(())
}
