//! The token store: masks that were not used yet, and the fingerprints of all that ever came.
//!
//! A token is a one-time pad. It leaves the store for good, on disk, before anything is sent that
//! it masks; nothing is ever sent twice, so what a crash leaves unsent is lost, and a retry takes
//! another token.
//!
//! The store is a file of its own in a folder marked as a cache, which backups leave out. A copy
//! that comes back all the same is dead: each change draws a new generation, which stands in the
//! file and, with the file's device and inode and the machine's boot id, in a note outside the
//! wallet's folder, in memory that ends with the machine's uptime. Who opens a file that does not
//! fit its note empties it of tokens. Where that folder is not known to be in memory, a disk could
//! bring back file and note together: there the note is in the process, and no token outlives it.
//! (A snapshot of the whole running machine, memory included, restores all: against that there is
//! only the token's day.)
//!
//! Tokens are judged by the greatest time that the store was ever told, and those whose time is
//! over go with the next change: a clock that goes back revives none.

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

/// The store's folder in a wallet's.
pub const TOKEN_FOLDER: &str = "blind";
const STORE: &str = "tokens.redb";
/// Another text at each start of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// What tells programs that make backups to leave a folder out.
const TAG: &str = "CACHEDIR.TAG";
const TAG_TEXT: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n# One-time masks: they must never be restored.\n";

type Bytes32 = [u8; 32];
/// Key, dealer, fingerprint of the seed.
type Name = (Bytes32, Bytes32, Bytes32);

/// Tokens that were not used.
const FRESH: TableDefinition<'_, Name, &[u8]> = TableDefinition::new("fresh");
/// The fingerprint of every seed that ever came, for ever, with the end of its token.
const SEEN: TableDefinition<'_, Bytes32, u64> = TableDefinition::new("seen");
const META: TableDefinition<'_, &str, Bytes32> = TableDefinition::new("meta");
const GENERATION: &str = "generation";
const CLOCK: TableDefinition<'_, &str, u64> = TableDefinition::new("clock");
/// The greatest time that the store was told, in Unix seconds.
const LATEST: &str = "latest";

/// Why tokens were not taken in or given out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenStoreError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The store is empty, cut off or damaged.
    #[error(
        "{error}. It holds masks that were not used yet: remove {folder}, and new ones are fetched",
        folder = folder.display()
    )]
    Damaged {
        /// The store's folder.
        folder: PathBuf,
        /// What is wrong with it.
        #[source]
        error: DamagedFile,
    },
    /// A seed came before: the dealer deals it twice. None of the tokens that came with it is kept.
    #[error(
        "the dealer dealt a seed that this wallet has seen before: none of its tokens is taken"
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

/// A store's file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path} ({got} bytes) is not a whole database: it was never written, cut off or damaged", path = path.display())]
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

/// Makes the tables of an empty store.
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

/// What says that the file is as its last change left it.
pub(super) enum Note {
    /// A file in memory, outside the wallet's folder.
    File {
        /// Its name.
        path: PathBuf,
        /// Device and inode of the store's file.
        file: (u64, u64),
        /// The machine's boot id: nothing where the system has none.
        boot: Vec<u8>,
    },
    /// In this process, which has made no change yet, or one of this generation.
    Process(Option<Bytes32>),
}

impl Note {
    /// The note of a store's file in a folder outside.
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
    // Held over a change of the file and of its note, so that the last of both are one's.
    note: Mutex<Note>,
}

impl fmt::Debug for TokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenStore(..)")
    }
}

impl TokenStore {
    /// Opens the store of the wallet in `wallet`, or makes it, and rids it of tokens whose time is
    /// over `now`, in Unix seconds. `outside` is where notes are: a folder that is in no backup and
    /// in memory (see [`TokenStore::outside`]). When it is not in memory, or the system does not
    /// say so, tokens of an earlier process are dead.
    ///
    /// # Errors
    /// Returns an error if a folder or file is open to others or somebody else's, in use or
    /// damaged.
    pub fn open(wallet: &Path, outside: &Path, now: u64) -> Result<Self, TokenStoreError> {
        let folder = wallet.join(TOKEN_FOLDER);
        file::private_folder(&folder)?;
        file::private_folder(outside)?;
        file::check_owner(outside)?;
        file::replace(&folder.join(TAG), TAG_TEXT)?;
        let path = folder.join(STORE);
        // It is in no backup, so a wallet that comes back has none. One that is empty or cut off is
        // another thing.
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

    /// Where notes are by default: `$XDG_RUNTIME_DIR` or `/dev/shm`, the first that is in memory,
    /// else the system's folder for temporary files; in a folder that is the owner's of `wallet`
    /// alone.
    ///
    /// # Errors
    /// Returns an error if the wallet's folder is not there.
    pub fn outside(wallet: &Path) -> Result<PathBuf, TokenStoreError> {
        let owner = fs::metadata(wallet).map_err(FileError::io(wallet))?.uid();
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let mut folders = runtime.into_iter().chain([PathBuf::from("/dev/shm")]);
        let base = folders.find(|folder| file::in_memory(folder));
        Ok(base.unwrap_or_else(std::env::temp_dir).join(format!("wufu-{owner}")))
    }

    /// A store that lives as long as the process.
    ///
    /// # Errors
    /// Returns an error if there is no memory.
    pub fn in_memory() -> Result<Self, TokenStoreError> {
        let database = Database::builder().create_with_backend(InMemoryBackend::new());
        Self::with(database.map_err(StoreError::from)?, Note::Process(None), 0)
    }

    pub(super) fn with(database: Database, note: Note, now: u64) -> Result<Self, TokenStoreError> {
        let store = Self { database, note: Mutex::new(note) };
        store.change(now, |_, _| Ok(()))?;
        Ok(store)
    }

    /// Makes a durable change under a new generation, and tells it by which time tokens are judged.
    /// Where file and note do not fit, all tokens die first; those whose time is over die in any
    /// case.
    fn change<T>(
        &self,
        now: u64,
        act: impl FnOnce(&WriteTransaction, u64) -> Result<T, TokenStoreError>,
    ) -> Result<T, TokenStoreError> {
        let mut note = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = self.database.begin_write()?;
        // Committed means on disk: nothing is given out that was not there as used.
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
        // A crash before this leaves a file that does not fit: its tokens are lost, and none is
        // used twice.
        note.write(&generation)?;
        Ok(value)
    }

    /// Takes in a dealer's tokens: all, or none.
    ///
    /// # Errors
    /// Returns an error if one is not the dealer's, is for another key, its time is over or too
    /// long, or its seed came before.
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

    /// One token of each dealer, used from here on: that is on disk before they are given. `None`
    /// when one has none.
    ///
    /// # Errors
    /// Returns an error if the store fails: then nothing may be sent.
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
                    // Signed by a dealer that is pinned, and still in time.
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
        // All die with the next change.
        let Some(now) = judged(latest, now) else { return Ok(0) };
        let fresh = transaction.open_table(FRESH)?;
        let mut left = 0;
        for entry in fresh.range(names(key_id, dealer))? {
            left += usize::from(expiry(entry?.1.value()) > now);
        }
        Ok(left)
    }
}

/// The time by which tokens are judged: the greatest that was told. A clock that is behind it by
/// more than a token's life was wrong then or is wrong now: `None`, and no token is left.
fn judged(latest: u64, now: u64) -> Option<u64> {
    (latest.saturating_sub(now) <= MAX_LIFE).then_some(latest.max(now))
}

/// All names of a dealer's tokens for a key.
fn names(key_id: KeyId, dealer: &DealerKey) -> std::ops::RangeInclusive<Name> {
    let dealer = dealer.to_bytes();
    (key_id.0, dealer, [0; 32])..=(key_id.0, dealer, [0xff; 32])
}

/// When a token that was opened once ends: 0 for what is none.
fn expiry(token: &[u8]) -> u64 {
    let end = token.len().checked_sub(64).and_then(|end| token.get(end.checked_sub(8)?..end));
    end.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}
