//! The folder of a ledger: who may open it, and the files that are secret.
//!
//! `policy.json` the rules; `ledger.db` the database; `signing.key` the Ed25519 key that signs for the org; `operator.token`
//! what an operator shows to append; `lock` held while the ledger is open, so that a log has one writer.

use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use ed25519_dalek::SigningKey;
use rand::{RngCore, rngs::OsRng};
use wufu_verifier::note::{LogKey, NoteError};
use zeroize::Zeroizing;

const LOCK: &str = "lock";
const POLICY: &str = "policy.json";
const DATABASE: &str = "ledger.db";
const SIGNING_KEY: &str = "signing.key";
const OPERATOR_TOKEN: &str = "operator.token";

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Another process has it open.
    #[error("{path} is open in another process: a log has one writer", path = .folder.display())]
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
    #[error("{path} holds no ledger", path = .folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// Others than the owner may read a secret.
    #[error("{path} has mode {mode:o}, expected 600: others may read it", path = .file.display())]
    Readable {
        /// The file.
        file: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A secret file is not 64 hexadecimal digits.
    #[error("{path} is not a line of 64 hexadecimal digits", path = .file.display())]
    Secret {
        /// The file.
        file: PathBuf,
    },
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

/// A ledger's folder, locked for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    // The lock goes with the file handle, however the process ends.
    _lock: File,
}

impl Folder {
    /// Makes the folder, which may be there but must not hold a ledger, and locks it.
    pub(crate) fn create(path: &Path) -> Result<Self, FolderError> {
        make_private_dir(path).map_err(|error| FolderError::File { file: path.into(), error })?;
        let folder = Self::lock(path)?;
        if folder.policy().exists() {
            return Err(FolderError::Taken { folder: path.into() });
        }
        Ok(folder)
    }

    /// Locks the folder of a ledger.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        if !path.join(POLICY).is_file() {
            return Err(FolderError::Missing { folder: path.into() });
        }
        Self::lock(path)
    }

    fn lock(path: &Path) -> Result<Self, FolderError> {
        let file = path.join(LOCK);
        let failed = |error| FolderError::File { file: file.clone(), error };
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&file);
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.into(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Locked { folder: path.into() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The rules.
    pub(crate) fn policy(&self) -> PathBuf {
        self.path.join(POLICY)
    }

    /// The database: it holds what was issued to whom, so nobody else may read it. Files that SQLite puts beside it get the same
    /// mode.
    pub(crate) fn database(&self) -> Result<PathBuf, FolderError> {
        let file = self.path.join(DATABASE);
        let made = private().append(true).create(true).open(&file);
        made.map_err(|error| FolderError::File { file: file.clone(), error })?;
        refuse_readable(&file)?;
        Ok(file)
    }

    /// The operator's token.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.path.join(OPERATOR_TOKEN)
    }

    /// Writes the rules: last of all files, since a folder with rules is a ledger.
    pub(crate) fn write_policy(&self, text: &str) -> Result<(), FolderError> {
        let file = self.policy();
        let write = || -> io::Result<()> {
            let mut open = OpenOptions::new().write(true).create_new(true).open(&file)?;
            open.write_all(text.as_bytes())?;
            open.sync_all()?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|error| FolderError::File { file: file.clone(), error })
    }

    /// A new signing key and a new token, or those of an attempt to create the ledger that was cut off.
    pub(crate) fn make_secrets(&self) -> Result<(), FolderError> {
        for name in [SIGNING_KEY, OPERATOR_TOKEN] {
            let file = self.path.join(name);
            if !file.exists() {
                let mut bytes = Zeroizing::new([0u8; 32]);
                OsRng.fill_bytes(bytes.as_mut());
                write_secret(&file, &bytes)
                    .map_err(|error| FolderError::File { file: file.clone(), error })?;
            }
        }
        Ok(())
    }

    /// The signing key, and its public side under the org's name.
    pub(crate) fn signing_key(&self, org: &str) -> Result<(SigningKey, LogKey), FolderError> {
        let key = SigningKey::from_bytes(&*read_secret(&self.path.join(SIGNING_KEY))?);
        let public = LogKey::new(org, key.verifying_key())?;
        Ok((key, public))
    }

    /// What an operator must show.
    pub(crate) fn operator_token(&self) -> Result<OperatorToken, FolderError> {
        Ok(OperatorToken(read_secret(&self.token_file())?))
    }
}

/// What an operator shows to append: 32 random bytes, in hexadecimal digits.
#[derive(Clone)]
pub struct OperatorToken(Zeroizing<[u8; 32]>);

impl OperatorToken {
    /// Reads a token from its file.
    ///
    /// # Errors
    /// When others than the owner may read it, or it is not 64 hexadecimal digits.
    pub fn read(file: &Path) -> Result<Self, FolderError> {
        Ok(Self(read_secret(file)?))
    }

    /// Whether `shown` is this token. Takes the same time wherever they differ.
    pub fn is(&self, shown: &[u8]) -> bool {
        // Hashes of blake3 are compared in constant time.
        blake3::hash(self.to_hex().as_bytes()) == blake3::hash(shown)
    }

    /// The digits, for the `authorization` header after `Bearer `.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex(self.0.as_slice()))
    }
}

impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorToken(..)")
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read_secret(file: &Path) -> Result<Zeroizing<[u8; 32]>, FolderError> {
    let failed = |error| FolderError::File { file: file.into(), error };
    refuse_readable(file)?;
    let text = Zeroizing::new(fs::read(file).map_err(failed)?);
    let wrong = || FolderError::Secret { file: file.into() };
    let digits = text.strip_suffix(b"\n").unwrap_or(&text);
    let mut bytes = Zeroizing::new([0u8; 32]);
    if digits.len() != 64 {
        return Err(wrong());
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |c: u8| char::from(c).to_digit(16).ok_or_else(wrong);
        let value = 16 * digit(pair[0])? + digit(pair[1])?;
        *byte = u8::try_from(value).map_err(|_| wrong())?;
    }
    Ok(bytes)
}

/// Refuses a file that others than the owner may read.
fn refuse_readable(file: &Path) -> Result<(), FolderError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let failed = |error| FolderError::File { file: file.into(), error };
        let mode = fs::metadata(file).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(FolderError::Readable { file: file.into(), mode });
        }
    }
    Ok(())
}

fn write_secret(file: &Path, bytes: &[u8; 32]) -> io::Result<()> {
    let mut open = private().write(true).create_new(true).open(file)?;
    open.write_all(Zeroizing::new(hex(bytes) + "\n").as_bytes())?;
    open.sync_all()
}

/// A file that is made for the owner alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

fn make_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}
