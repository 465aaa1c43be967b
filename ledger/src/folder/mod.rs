//! The folder of a ledger: who may open it, and the files that are secret.
//!
//! `policy.json` the rules; `ledger.db` the database; `signing.key` the Ed25519 key that signs for the org, and whether
//! it has signed a state; `operator.token` what an operator shows to append; `summary.note` the newest signed summary
//! and `state.note` the newest signed state, outside the database; `lock` held while somebody writes, so that a log has
//! one writer. Reading needs no lock.
//!
//! The folder and all of these belong to the user who runs the ledger; nobody else may write there, or read a secret.
//! It is checked when a ledger is made and whenever it is opened.

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

/// Every file of a ledger but the lock, and the permission bits that nobody but the owner may have on it.
fn files() -> impl Iterator<Item = (&'static str, u32)> {
    let secrets = [SIGNING_KEY, FRESH_KEY, OPERATOR_TOKEN];
    let public = [SUMMARY, FRESH_SUMMARY, STATE, FRESH_STATE, POLICY];
    let secrets = secrets.into_iter().chain(database::NAMES).map(|name| (name, OTHERS));
    secrets.chain(public.into_iter().map(|name| (name, OTHERS_WRITE)))
}

/// A ledger's folder. One that was made or opened for writing is locked for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    // The lock goes with the file handle, however the process ends. A reader has none.
    _lock: Option<File>,
}

impl Folder {
    /// Makes the folder, which may be there but must hold no file of a ledger, and locks it.
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

    /// The folder of a ledger, for reading: whoever writes there goes on.
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

    /// The rules.
    pub(crate) fn policy(&self) -> PathBuf {
        self.path.join(POLICY)
    }

    /// The database: it holds what was issued to whom, so nobody else may read it. Files that SQLite puts beside it get
    /// the same mode.
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

    /// Checks that the database is complete in its own file.
    pub(crate) fn refuse_unfinished(&self) -> Result<(), FolderError> {
        database::refuse_unfinished(&self.path)
    }

    /// Whether nothing can be written here: the medium says so, or the folder's mode.
    pub(crate) fn is_read_only(&self) -> bool {
        rustix::fs::access(&self.path, rustix::fs::Access::WRITE_OK).is_err()
    }

    /// The operator's token.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.path.join(OPERATOR_TOKEN)
    }

    /// Writes the rules: last of all files, since a folder with rules is a ledger.
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

    /// The newest signed summary, as the file has it.
    pub(crate) fn summary(&self) -> Result<Option<String>, FolderError> {
        self.note(SUMMARY)
    }

    /// The newest signed state, as the file has it. After a power failure it may be an older one, or empty.
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
            // Not even a text, so no summary: whoever asked says so.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Some(String::new())),
            Err(error) => Err(FolderError::File { file, error }),
        }
    }

    /// Replaces the newest signed summary. A reader sees the old one or the new one, never a part.
    pub(crate) fn write_summary(&self, note: &str) -> Result<(), FolderError> {
        let (file, fresh) = (self.path.join(SUMMARY), self.path.join(FRESH_SUMMARY));
        let replaced =
            Draft::private(&file).replace_by(&fresh, |open| open.write_all(note.as_bytes()));
        let replaced = replaced.and_then(|()| sync_folder(&file));
        replaced.map_err(|error| FolderError::File { file: file.clone(), error })
    }

    /// A new signing key and a new token.
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

    /// The signing key, and its public side under the org's name.
    pub(crate) fn signing_key(&self, org: &str) -> Result<(SigningKey, LogKey), FolderError> {
        let (bytes, _) = read_key(&self.path.join(SIGNING_KEY))?;
        let key = SigningKey::from_bytes(&bytes);
        let public = LogKey::new(org, key.verifying_key())?;
        Ok((key, public))
    }

    /// Whether the signing key's file says that it has signed a state. Then there is a state, or it was deleted.
    pub(crate) fn has_signed_state(&self) -> Result<bool, FolderError> {
        Ok(read_key(&self.path.join(SIGNING_KEY))?.1)
    }

    /// Writes down, in the signing key's file, that it has signed a state.
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

    /// What an operator must show.
    pub(crate) fn operator_token(&self) -> Result<OperatorToken, FolderError> {
        Ok(OperatorToken(read_secret(&self.token_file())?))
    }
}

/// Replaces the newest signed state beside a database. A reader sees the old one or the new one, never a part.
///
/// It is not synced, since every transaction writes one: after a power failure it may be older than the database, and
/// then tells less.
pub(crate) fn write_state(database: &Path, note: &str) -> io::Result<()> {
    let (file, fresh) = (database.with_file_name(STATE), database.with_file_name(FRESH_STATE));
    Draft::private(&file).unsynced().replace_by(&fresh, |open| open.write_all(note.as_bytes()))
}

/// Checks the folder of a ledger, and every file of it that is there.
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
