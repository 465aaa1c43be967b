//! Files that commands read and write.

pub mod write;

use std::{
    fmt, fs,
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context as _, bail};
pub use write::{FileMessage, is_stdout, replace, write, write_secret};
use wufu_proto::{file as message, json, limits::MessageLimits};
use zeroize::Zeroizing;

/// No message of ours is larger.
const MAX_BYTES: u64 = 16 << 20;

/// A file that cannot be read.
#[derive(Debug)]
pub struct ReadFailure {
    path: PathBuf,
    error: io::Error,
}

impl ReadFailure {
    /// What the system says of a file.
    pub fn new(path: &Path, error: io::Error) -> Self {
        Self { path: path.into(), error }
    }
}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.error.kind() {
            io::ErrorKind::NotFound => write!(f, "{path}: there is no such file"),
            io::ErrorKind::IsADirectory => write!(f, "{path}: this is a folder, expected a file"),
            io::ErrorKind::PermissionDenied => {
                write!(f, "{path}: permission denied, expected a file that this user may read")
            }
            _ => write!(f, "{path}: cannot be read: {}", self.error),
        }
    }
}

impl std::error::Error for ReadFailure {}

/// Reads a whole file of sane size.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let unreadable = |error| ReadFailure::new(path, error);
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("{}: more than {MAX_BYTES} bytes, expected a message", path.display());
    }
    Ok(bytes)
}

/// Reads a text file of sane size.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    let text = String::from_utf8(read(path)?).ok();
    text.with_context(|| format!("{}: not UTF-8, expected a text", path.display()))
}

/// Reads a secret file, and refuses one that others can read.
pub fn read_secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    let meta = fs::metadata(path).map_err(|error| ReadFailure::new(path, error))?;
    if meta.is_file() && meta.mode() & 0o077 != 0 {
        let (name, mode) = (path.display(), meta.mode() & 0o777);
        bail!(
            "{name}: mode is {mode:03o}, expected 600, since others can read it: chmod 600 {name}"
        );
    }
    read(path)
}

/// Reads a message from its file: binary or JSON. No more of it is read than such a message can be long.
pub fn read_message<M: MessageLimits>(path: &Path) -> anyhow::Result<M> {
    let name = || path.display().to_string();
    let unreadable = |error| ReadFailure::new(path, error);
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(message::worth_reading::<M>()).read_to_end(&mut bytes).map_err(unreadable)?;
    message::decode(&bytes).with_context(name)
}

/// Writes a message as a file, binary or JSON.
pub fn write_message<M: FileMessage>(path: &Path, message: &M, json: bool) -> anyhow::Result<()> {
    let bytes = if json { json::to_file(message)?.into_bytes() } else { message::encode(message) };
    write(path, M::KIND, &bytes)
}

/// Unix seconds.
pub fn now() -> anyhow::Result<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Ok(since.context("the clock is before 1970")?.as_secs())
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// Bytes from hexadecimal digits.
pub fn unhex<const N: usize>(field: &str, text: &str) -> anyhow::Result<[u8; N]> {
    let wrong = || {
        let got = text.chars().count();
        if text.len() == 2 * N {
            format!("{field} holds a character that is no hexadecimal digit, expected {}", 2 * N)
        } else {
            format!("{field} is {got} characters, expected {} hexadecimal digits", 2 * N)
        }
    };
    let mut out = [0; N];
    match hex::decode_to_slice(text, &mut out) {
        Ok(()) => Ok(out),
        Err(_) => bail!(wrong()),
    }
}
