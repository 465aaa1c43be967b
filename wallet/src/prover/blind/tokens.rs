//! The token store: masks that are not used yet, and the fingerprints of all masks that ever came.
//!
//! A token is a one-time pad. It is removed from the store, on disk, before anything that it masks
//! is sent. Nothing is ever sent twice, so a token that a crash leaves unsent is lost, and a retry
//! takes another one.
//!
//! The store is a separate file in a folder that is marked as a cache, so that backups leave it
//! out. If a copy comes back anyway, its tokens are dead: each change draws a new generation, which
//! is written to the file and to a note outside the wallet's folder. The note is in memory that
//! does not survive a reboot, and also has the file's device and inode and the machine's boot id.
//! Opening a file that does not match its note removes all tokens. If no folder is known to be in
//! memory, a disk could restore file and note together, so the note is kept in the process, and no
//! token outlives it. (A snapshot of the whole running machine, including memory, restores
//! everything. Against that, there is only the token's lifetime of a day.)
//!
//! Tokens expire by the latest time that the store was ever given, and the next change removes
//! expired ones. So a clock that goes back revives no token.

use std::{
    fmt,
    fs::{self, Metadata},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ed25519_dalek::VerifyingKey as DealerKey;
use rand::{RngCore as _, rngs::OsRng};
use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction,
    backends::InMemoryBackend,
};
use wufu_delegation::{MAX_LIFE, Token, TokenError};
use wufu_verifier::KeyId;
use zeroize::Zeroizing;

use crate::{
    file::{self, FileError},
    store::{StoreError, database},
};

/// The store's folder, inside the wallet's.
pub const TOKEN_FOLDER: &str = "blind";
const STORE: &str = "tokens.redb";
/// The system changes this text at each boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// A file that tells backup programs to leave the folder out.
const TAG: &str = "CACHEDIR.TAG";
const TAG_TEXT: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n\
    # One-time masks: they must never be restored.\n";

type Bytes32 = [u8; 32];
/// The key, the dealer and the fingerprint of the seed.
type Name = (Bytes32, Bytes32, Bytes32);

/// The tokens that are not used yet.
const FRESH: TableDefinition<'_, Name, &[u8]> = TableDefinition::new("fresh");
/// The fingerprint of every seed that ever came, with the expiry of its token. They are kept for
/// ever.
const SEEN: TableDefinition<'_, Bytes32, u64> = TableDefinition::new("seen");
const META: TableDefinition<'_, &str, Bytes32> = TableDefinition::new("meta");
const GENERATION: &str = "generation";
const CLOCK: TableDefinition<'_, &str, u64> = TableDefinition::new("clock");
/// The latest time that the store was given, in Unix seconds.
const LATEST: &str = "latest";

/// Why tokens were not taken in or spent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenStoreError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A token is not valid.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The store is empty, cut off or damaged.
    #[error(
        "{error}. It only held masks for later proofs: remove {folder}, and the wallet fetches new \
         ones",
        folder = folder.display()
    )]
    Damaged {
        /// The store's folder.
        folder: PathBuf,
        /// What is wrong with it.
        #[source]
        error: DamagedFile,
    },
    /// A seed came before, so the dealer deals it twice. None of the tokens that came with it is
    /// kept.
    #[error(
        "the dealer sent a seed that this wallet has seen before, so none of these tokens is used"
    )]
    Repeated,
}

macro_rules! from_redb {
    ($($error:ident),+) => {
        $(impl From<redb::$error> for TokenStoreError {
            fn from(error: redb::$error) -> Self {
                Self::Store(error.into())
            }
        })+
    };
}

from_redb!(CommitError, StorageError, TableError, TransactionError);

/// A store's file is damaged.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path} ({got} bytes) is not a whole database: it was never written, cut off or damaged",
    path = path.display()
)]
pub struct DamagedFile {
    path: PathBuf,
    got: u64,
}

fn damaged(error: StoreError, folder: &Path) -> TokenStoreError {
    let folder = folder.to_path_buf();
    match error {
        StoreError::Empty { path } => {
            TokenStoreError::Damaged { folder, error: DamagedFile { path, got: 0 } }
        }
        StoreError::Unreadable { path, got, .. } => {
            TokenStoreError::Damaged { folder, error: DamagedFile { path, got } }
        }
        error => error.into(),
    }
}

/// Creates the tables of an empty store.
fn fill(database: &Database) -> Result<(), TokenStoreError> {
    let transaction = database.begin_write()?;
    transaction.open_table(META)?;
    transaction.open_table(CLOCK)?;
    transaction.open_table(FRESH)?;
    transaction.open_table(SEEN)?;
    Ok(transaction.commit()?)
}

impl From<FileError> for TokenStoreError {
    fn from(error: FileError) -> Self {
        Self::Store(error.into())
    }
}

/// The note that says which generation the file must have.
pub(super) enum Note {
    /// A file in memory, outside the wallet's folder.
    File {
        /// The note's path.
        path: PathBuf,
        /// The device and inode of the store's file.
        file: (u64, u64),
        /// The machine's boot id; empty if the system has none.
        boot: Vec<u8>,
    },
    /// In this process: the generation of its last change, if it made one.
    Process(Option<Bytes32>),
}

impl Note {
    /// The note for a store's file, in the folder `outside`.
    fn of(file: &Path, metadata: &Metadata, outside: &Path) -> Result<Self, FileError> {
        if !file::in_memory(outside) {
            return Ok(Self::Process(None));
        }
        let real = fs::canonicalize(file).map_err(FileError::io(file))?;
        let name = blake3::hash(real.as_os_str().as_encoded_bytes()).to_hex();
        let path = outside.join(&name[..32]);
        let boot = fs::read(BOOT_ID).unwrap_or_default();
        Ok(Self::File { path, file: (metadata.dev(), metadata.ino()), boot })
    }

    fn fits(&self, generation: &Bytes32) -> bool {
        match self {
            Self::File { path, file, boot } => {
                fs::read(path).is_ok_and(|bytes| bytes == note(generation, *file, boot))
            }
            Self::Process(last) => last.as_ref() == Some(generation),
        }
    }

    pub(super) fn write(&mut self, generation: &Bytes32) -> Result<(), FileError> {
        match self {
            Self::File { path, file, boot } => file::replace(path, &note(generation, *file, boot)),
            Self::Process(last) => {
                *last = Some(*generation);
                Ok(())
            }
        }
    }
}

fn note(generation: &Bytes32, (device, inode): (u64, u64), boot: &[u8]) -> Vec<u8> {
    [&generation[..], &device.to_le_bytes(), &inode.to_le_bytes(), boot].concat()
}

/// A wallet's tokens.
pub struct TokenStore {
    database: Database,
    // Locked while the file and its note change, so that both end with the same change.
    note: Mutex<Note>,
}

impl fmt::Debug for TokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenStore(..)")
    }
}

impl TokenStore {
    /// Opens or creates the store of the wallet in `wallet`, and removes the tokens that have
    /// expired by `now`, in Unix seconds. `outside` is the folder of notes, which must be in no
    /// backup and in memory (see [`TokenStore::outside`]). If it is not known to be in memory,
    /// tokens of an earlier process are dead.
    ///
    /// # Errors
    /// Returns an error if a folder or file is open to others, belongs to another user, is in use
    /// or is damaged.
    pub fn open(wallet: &Path, outside: &Path, now: u64) -> Result<Self, TokenStoreError> {
        let folder = wallet.join(TOKEN_FOLDER);
        file::private_folder(&folder)?;
        file::private_folder(outside)?;
        file::check_owner(outside)?;
        file::replace(&folder.join(TAG), TAG_TEXT)?;
        let path = folder.join(STORE);
        // The store is in no backup, so a restored wallet has none and gets a new one. An empty or
        // cut-off file is an error.
        let database = if path.try_exists().map_err(FileError::io(&path))? {
            let database = database::open(&path).map_err(|error| damaged(error, &folder))?;
            let transaction = database.begin_read()?;
            let expected = "one-time masks";
            let other = || StoreError::Other { path: path.clone(), expected };
            transaction.open_table(META).map_err(|_| other())?;
            database
        } else {
            database::create(&path, fill)?
        };
        let metadata = fs::metadata(&path).map_err(FileError::io(&path))?;
        let note = Note::of(&path, &metadata, outside)?;
        Self::with(database, note, now)
    }

    /// The default folder of notes, which belongs to the owner of `wallet`. It is inside
    /// `$XDG_RUNTIME_DIR` or `/dev/shm`, whichever is in memory first, or else inside the system's
    /// folder for temporary files.
    ///
    /// # Errors
    /// Returns an error if the wallet's folder does not exist.
    pub fn outside(wallet: &Path) -> Result<PathBuf, TokenStoreError> {
        let owner = fs::metadata(wallet).map_err(FileError::io(wallet))?.uid();
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
        let runtime = runtime.map(PathBuf::from);
        let mut folders = runtime.into_iter().chain([PathBuf::from("/dev/shm")]);
        let base = folders.find(|folder| file::in_memory(folder));
        Ok(base.unwrap_or_else(std::env::temp_dir).join(format!("wufu-{owner}")))
    }

    /// A store in memory, which ends with the process.
    ///
    /// # Errors
    /// Returns an error if there is not enough memory.
    pub fn in_memory() -> Result<Self, TokenStoreError> {
        let database = Database::builder().create_with_backend(InMemoryBackend::new());
        Self::with(database.map_err(StoreError::from)?, Note::Process(None), 0)
    }

    pub(super) fn with(database: Database, note: Note, now: u64) -> Result<Self, TokenStoreError> {
        let store = Self { database, note: Mutex::new(note) };
        store.change(now, |_, _| Ok(()))?;
        Ok(store)
    }

    /// Makes a durable change under a new generation, and passes it the time by which tokens
    /// expire. Expired tokens are removed first, and all tokens if file and note do not match.
    fn change<T>(
        &self,
        now: u64,
        act: impl FnOnce(&WriteTransaction, u64) -> Result<T, TokenStoreError>,
    ) -> Result<T, TokenStoreError> {
        let mut note = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = self.database.begin_write()?;
        // Committed means on disk: a token is given out only after it was recorded as used.
        let mut generation = [0; 32];
        OsRng.fill_bytes(&mut generation);
        let value = {
            let mut meta = transaction.open_table(META)?;
            let before = meta.get(GENERATION)?.map(|generation| generation.value());
            let fits = before.is_none_or(|before| note.fits(&before));
            meta.insert(GENERATION, generation)?;
            let mut clock = transaction.open_table(CLOCK)?;
            let latest = clock.get(LATEST)?.map_or(0, |latest| latest.value());
            let judged = judged(latest, now);
            let time = judged.unwrap_or(now);
            clock.insert(LATEST, time)?;
            let alive = fits && judged.is_some();
            transaction.open_table(FRESH)?.retain(|_, bytes| alive && expiry(bytes) > time)?;
            transaction.open_table(SEEN)?;
            act(&transaction, time)?
        };
        transaction.commit()?;
        // After a crash before this line, file and note do not match: the tokens are lost, and none
        // is used twice.
        note.write(&generation)?;
        Ok(value)
    }

    /// Takes in a dealer's tokens: all of them, or none.
    ///
    /// # Errors
    /// Returns an error if a token is not the dealer's, is for another key, has expired or lives
    /// too long, or if its seed came before.
    pub fn keep(
        &self,
        dealer: &DealerKey,
        key_id: KeyId,
        tokens: &[Zeroizing<Vec<u8>>],
        now: u64,
    ) -> Result<(), TokenStoreError> {
        self.change(now, |transaction, time| {
            let open = |bytes: &Zeroizing<Vec<u8>>| Token::open(bytes, dealer, key_id, time);
            let opened = tokens.iter().map(open).collect::<Result<Vec<_>, _>>()?;
            let mut seen = transaction.open_table(SEEN)?;
            let mut fresh = transaction.open_table(FRESH)?;
            for token in &opened {
                let id = token.seed().id().0;
                if seen.insert(id, token.expiry())?.is_some() {
                    return Err(TokenStoreError::Repeated);
                }
                let name = (key_id.0, dealer.to_bytes(), id);
                fresh.insert(name, token.encode().as_slice())?;
            }
            Ok(())
        })
    }

    /// Takes one token of each dealer. They are recorded as used on disk before they are returned.
    /// `None` if a dealer has no token left.
    ///
    /// # Errors
    /// Returns an error if the store fails. Then nothing may be sent.
    pub fn spend(
        &self,
        dealers: &[DealerKey],
        key_id: KeyId,
        now: u64,
    ) -> Result<Option<Vec<Token>>, TokenStoreError> {
        self.change(now, |transaction, time| {
            let mut fresh = transaction.open_table(FRESH)?;
            let mut tokens = Vec::new();
            for dealer in dealers {
                let mut found = None;
                for entry in fresh.range(names(key_id, dealer))? {
                    let (name, bytes) = entry?;
                    // The token is signed by a pinned dealer, and has not expired.
                    if let Ok(token) = Token::open(bytes.value(), dealer, key_id, time) {
                        found = Some((name.value(), token));
                        break;
                    }
                }
                tokens.extend(found);
            }
            if tokens.len() < dealers.len() {
                return Ok(None);
            }
            for (name, _) in &tokens {
                fresh.remove(name)?;
            }
            Ok(Some(tokens.into_iter().map(|(_, token)| token).collect()))
        })
    }

    /// How many tokens of a dealer are left.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn left(
        &self,
        dealer: &DealerKey,
        key_id: KeyId,
        now: u64,
    ) -> Result<usize, TokenStoreError> {
        let transaction = self.database.begin_read()?;
        let latest = transaction.open_table(CLOCK)?.get(LATEST)?.map_or(0, |latest| latest.value());
        // The next change removes all of them.
        let Some(now) = judged(latest, now) else { return Ok(0) };
        let fresh = transaction.open_table(FRESH)?;
        let mut left = 0;
        for entry in fresh.range(names(key_id, dealer))? {
            left += usize::from(expiry(entry?.1.value()) > now);
        }
        Ok(left)
    }
}

/// The time by which tokens expire: the latest that the store was given. `None` if the clock is
/// behind it by more than a token's lifetime: then it was wrong before or is wrong now, and no
/// token is left.
fn judged(latest: u64, now: u64) -> Option<u64> {
    (latest.saturating_sub(now) <= MAX_LIFE).then_some(latest.max(now))
}

/// The range of the names of a dealer's tokens for a key.
fn names(key_id: KeyId, dealer: &DealerKey) -> std::ops::RangeInclusive<Name> {
    let dealer = dealer.to_bytes();
    (key_id.0, dealer, [0; 32])..=(key_id.0, dealer, [0xff; 32])
}

/// The expiry of a token that was opened before; 0 for other bytes.
fn expiry(token: &[u8]) -> u64 {
    let end = token.len().checked_sub(64).and_then(|end| token.get(end.checked_sub(8)?..end));
    end.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}
