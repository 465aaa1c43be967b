//! Reading files, and standard input once.

use std::{
    fmt, fs,
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context as _, anyhow, bail};
use wufu_proto::{
    ConvertError, Envelope,
    file::{self as message, FileError},
    json::JsonError,
    limits::MessageLimits,
    v1,
};
use wufu_verifier::ProofRequest;
use wufu_wallet::envelope;
use zeroize::Zeroizing;

use crate::human;

/// No message of this project is larger.
const MAX_BYTES: u64 = 16 << 20;

/// A file that cannot be read.
#[derive(Debug)]
pub struct ReadFailure {
    path: PathBuf,
    error: io::Error,
}

impl ReadFailure {
    /// The system's error, with the file that it is about.
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

/// Whether a path stands for standard input.
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The name of a file in messages.
pub fn name(path: &Path) -> String {
    if is_stdin(path) { "standard input".into() } else { path.display().to_string() }
}

/// Opens a file for reading; `-` is standard input, which can be read only once.
fn open(path: &Path) -> anyhow::Result<Box<dyn io::Read>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if !is_stdin(path) {
        let file = fs::File::open(path).map_err(|error| ReadFailure::new(path, error))?;
        return Ok(Box::new(file));
    }
    if TAKEN.swap(true, Ordering::Relaxed) {
        bail!(
            "standard input (-) is named twice, but only one file can come from there: \
             name a file for the other"
        );
    }
    Ok(Box::new(io::stdin().lock()))
}

/// Reads a whole file of at most 16 MiB; `-` is standard input.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    read_at_most(path, MAX_BYTES, "a key, a kit or signed notes")
}

/// Reads a whole file of at most `max` bytes; `-` is standard input.
pub fn read_at_most(path: &Path, max: u64, expected: &str) -> anyhow::Result<Vec<u8>> {
    whole(open(path)?, path, max, expected)
}

fn whole(input: impl io::Read, path: &Path, max: u64, expected: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = input.take(max + 1).read_to_end(&mut bytes);
    read.map_err(|error| ReadFailure::new(path, error))?;
    if bytes.len() as u64 > max {
        let (name, max) = (name(path), human::number(max));
        bail!("{name}: longer than {max} bytes, expected {expected}, which is never that long");
    }
    Ok(bytes)
}

/// Reads a text file of at most 16 MiB.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    let text = String::from_utf8(read(path)?).ok();
    text.with_context(|| format!("{}: not UTF-8, expected text", path.display()))
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
    // A secret never comes from standard input: `-` is the name of a file here.
    let file = fs::File::open(path).map_err(|error| ReadFailure::new(path, error))?;
    whole(file, path, MAX_BYTES, "a key")
}

/// Reads a message from its file, binary or JSON; `-` is standard input. It stops reading where no
/// such message can be longer.
pub fn read_message<M: MessageLimits>(path: &Path) -> anyhow::Result<M> {
    let unreadable = |error| ReadFailure::new(path, error);
    let mut bytes = Zeroizing::new(Vec::new());
    let read = open(path)?.take(message::worth_reading::<M>()).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    message::decode(&bytes).map_err(|error| {
        let name = name(path);
        match error {
            FileError::Message(ConvertError::Long { max, .. })
            | FileError::Json(JsonError::Long { max, .. }) => anyhow!(
                "{name}: longer than {} bytes, expected {}, which is never that long",
                human::number(max as u64),
                described::<M>()
            ),
            FileError::Json(JsonError::Form { .. }) if is_told(&bytes) => anyhow!(
                "{name}: the field \"step\" is not one of {}: this is what wufu prints with \
                 --json, expected the file that it writes (--out FILE)",
                M::NOUN
            ),
            error => anyhow::Error::from(error).context(name),
        }
    })
}

/// What kind of file was expected, for somebody who gave another one.
fn described<M: MessageLimits>() -> String {
    let what = match M::NAME {
        "Envelope" => " (a proof and what it is about, as wufu wallet answer or claim writes it)",
        "ProofRequest" => " (a verifier's signed question, as wufu request new writes it)",
        _ => "",
    };
    format!("{}{what}", M::NOUN)
}

/// Whether a text is a line that a command printed with `--json`.
fn is_told(text: &[u8]) -> bool {
    let value = serde_json::from_slice::<serde_json::Value>(text);
    value.is_ok_and(|value| value.get("step").is_some())
}

/// Reads an envelope, without verifying it; `-` is standard input.
pub fn read_envelope(path: &Path) -> anyhow::Result<Envelope> {
    Envelope::try_from(read_message::<v1::Envelope>(path)?).with_context(|| name(path))
}

/// Reads a signed request, and checks its signature; `-` is standard input.
pub fn read_request(path: &Path) -> anyhow::Result<ProofRequest> {
    ProofRequest::try_from(read_message::<v1::ProofRequest>(path)?).with_context(|| name(path))
}

/// Reads grants or receipts that somebody was sent, in any of their messages; `-` is standard
/// input.
pub fn read_grants(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    Ok(envelope::read_bytes_of(open(path)?, Path::new(&name(path)))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second file from standard input would be empty, and the error would say that.
    #[test]
    fn standard_input_is_one_file() {
        drop(open(Path::new("-")).unwrap());
        let twice = open(Path::new("-")).err().unwrap().to_string();
        assert!(twice.contains("named twice") && twice.contains("name a file"), "{twice}");
    }
}
