//! The two secrets in a ledger's folder: the signing key and the operator's token. Each is a line
//! of hexadecimal digits.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use wufu_verifier::encoding::hex;
use zeroize::Zeroizing;

use crate::folder::{
    access::{OTHERS, check_file},
    error::FolderError,
};

/// The token that an operator shows to append: 32 random bytes, as hexadecimal digits.
#[derive(Clone)]
pub struct OperatorToken(pub(crate) Zeroizing<[u8; 32]>);

impl OperatorToken {
    /// Reads a token from its file.
    ///
    /// # Errors
    /// Returns an error if others than the owner may read the file, or if it is not 64 hexadecimal
    /// digits.
    pub fn read(file: &Path) -> Result<Self, FolderError> {
        Ok(Self(read_secret(file)?))
    }

    /// Whether `shown` is this token. The time that this takes does not depend on where they
    /// differ.
    pub fn is(&self, shown: &[u8]) -> bool {
        // BLAKE3 hashes are compared in constant time.
        blake3::hash(self.to_hex().as_bytes()) == blake3::hash(shown)
    }

    /// The digits, to send as `Bearer …` in the `authorization` header.
    pub fn to_hex(&self) -> Zeroizing<String> {
        let mut line = hex::secret_line(self.0.as_slice());
        line.pop();
        Zeroizing::new(line)
    }
}

impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorToken(..)")
    }
}

/// Reads 32 bytes from a file that only its owner may read.
pub(crate) fn read_secret(file: &Path) -> Result<Zeroizing<[u8; 32]>, FolderError> {
    decode(file, &read_text(file)?)
}

/// The second line in the file of a signing key that has signed a ledger's state.
const SIGNED_STATE: &[u8] = b"has signed a state\n";

/// Reads a signing key, and whether its file says that it has signed a ledger's state.
///
/// This fact is stored here because whoever can change this file can read the key, and so sign
/// anything.
pub(crate) fn read_key(file: &Path) -> Result<(Zeroizing<[u8; 32]>, bool), FolderError> {
    let text = read_text(file)?;
    let key = text.strip_suffix(SIGNED_STATE).filter(|key| key.ends_with(b"\n"));
    Ok((decode(file, key.unwrap_or(&text))?, key.is_some()))
}

fn read_text(file: &Path) -> Result<Zeroizing<Vec<u8>>, FolderError> {
    check_file(file, OTHERS)?;
    let text = fs::read(file).map_err(|error| FolderError::File { file: file.into(), error })?;
    Ok(Zeroizing::new(text))
}

fn decode(file: &Path, text: &[u8]) -> Result<Zeroizing<[u8; 32]>, FolderError> {
    let wrong = || FolderError::Secret { file: file.into() };
    let digits = text.strip_suffix(b"\n").unwrap_or(text);
    let mut bytes = Zeroizing::new([0u8; 32]);
    hex::decode(digits, bytes.as_mut_slice()).map_err(|_| wrong())?;
    Ok(bytes)
}

/// Writes 32 bytes to a new file that only its owner may read.
pub(crate) fn write_secret(file: &Path, bytes: &[u8; 32]) -> io::Result<()> {
    let mut open = private().write(true).create_new(true).open(file)?;
    open.write_all(Zeroizing::new(hex::secret_line(bytes)).as_bytes())?;
    open.sync_all()
}

/// Writes a signing key that has signed a ledger's state.
pub(crate) fn write_used_key(file: &mut File, bytes: &[u8; 32]) -> io::Result<()> {
    file.write_all(Zeroizing::new(hex::secret_line(bytes)).as_bytes())?;
    file.write_all(SIGNED_STATE)
}

/// Options for a file that only its owner may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}
