//! Envelopes, requests, grants and receipts as files: see [`wufu_proto::file`].

use std::{fs::File, io::Read, path::Path};

use wufu_proto::{
    ConvertError, Envelope, file as format,
    json::{self, JsonError},
    limits::MessageLimits,
    v1,
};
use wufu_verifier::ProofRequest;
use zeroize::Zeroizing;

use crate::file::{self, FileError};

/// The largest file that is read: what 65,536 donors are sent is less. A file that says it is
/// something smaller is read no further than such a thing can be long.
pub const MAX_BYTES: u64 = 64 << 20;

/// More than the first line of a file.
const HEAD: u64 = 4096;

/// How a message is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnvelopeFormat {
    /// A line that says what it is, then protobuf: every library reads this.
    #[default]
    Protobuf,
    /// Protobuf's canonical JSON with an `"@type"`: for people.
    Json,
}

/// Why a message is no file, or a file no message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file cannot be read.
    #[error("{path}: {error}", path = path.display())]
    Read {
        /// Which file.
        path: std::path::PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// It is longer than any such message.
    #[error("{path} is {got} bytes or more, expected at most {max}", path = path.display())]
    Long {
        /// Which file.
        path: std::path::PathBuf,
        /// How much of it was read.
        got: u64,
        /// The longest that is read.
        max: u64,
    },
    /// A file is not the message that was expected.
    #[error("{path}: {error}", path = path.display())]
    Other {
        /// Which file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        #[source]
        error: format::FileError,
    },
    /// Bytes are not the message that was expected.
    #[error(transparent)]
    Form(#[from] format::FileError),
    /// Its JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// What it says.
    #[error(transparent)]
    Message(#[from] ConvertError),
}

/// The bytes of a file that holds a message.
///
/// # Errors
/// Returns an error if the message is none of this package.
pub fn encode<M: MessageLimits>(
    message: &M,
    format: EnvelopeFormat,
) -> Result<Vec<u8>, MessageError> {
    match format {
        EnvelopeFormat::Protobuf => Ok(format::encode(message)),
        EnvelopeFormat::Json => Ok(json::to_file(message)?.into_bytes()),
    }
}

/// The message of a file's bytes, in whichever format.
///
/// # Errors
/// Returns an error if they are no such message.
pub fn decode<M: MessageLimits>(bytes: &[u8]) -> Result<M, MessageError> {
    Ok(format::decode(bytes)?)
}

/// The bytes of a file that holds a message, wiped when dropped. No more is read than such a
/// message has, whatever the file is.
///
/// # Errors
/// Returns an error if it cannot be read, or is longer than any message of its kind.
pub fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, MessageError> {
    let io = |error| MessageError::Read { path: path.into(), error };
    let file = File::open(path).map_err(io)?;
    let hint = file.metadata().map_err(io)?.len();
    read_hinted(file, path, hint)
}

/// The bytes of an input that holds a message, as [`read_bytes`] reads those of a file; `name` is
/// what it is called.
///
/// # Errors
/// Returns an error if it cannot be read, or is longer than any message of its kind.
pub fn read_bytes_of(input: impl Read, name: &Path) -> Result<Zeroizing<Vec<u8>>, MessageError> {
    read_hinted(input, name, 0)
}

/// `hint` is what the system says of its length: pipes and devices have none, and files grow.
fn read_hinted(
    mut input: impl Read,
    path: &Path,
    hint: u64,
) -> Result<Zeroizing<Vec<u8>>, MessageError> {
    let io = |error| MessageError::Read { path: path.into(), error };
    let mut head = Zeroizing::new(Vec::with_capacity(HEAD as usize));
    (&mut input).take(HEAD).read_to_end(&mut head).map_err(io)?;
    let max = format::longest(&head).map_or(MAX_BYTES, |max| (max as u64).min(MAX_BYTES));
    let hint = hint.min(max) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(hint).unwrap_or_default()));
    bytes.extend_from_slice(&head);
    let rest = (max + 1).saturating_sub(head.len() as u64);
    input.take(rest).read_to_end(&mut bytes).map_err(io)?;
    let got = bytes.len() as u64;
    if got > max {
        return Err(MessageError::Long { path: path.into(), got, max });
    }
    Ok(bytes)
}

/// The message of a file.
fn read_message<M: MessageLimits>(path: &Path) -> Result<M, MessageError> {
    let io = |error| MessageError::Read { path: path.into(), error };
    let file = File::open(path).map_err(io)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(format::worth_reading::<M>()).read_to_end(&mut bytes).map_err(io)?;
    let message = format::decode(&bytes);
    message.map_err(|error| MessageError::Other { path: path.into(), error })
}

/// Writes an envelope in one step, in place of the file that may be there.
///
/// # Errors
/// Returns an error if it cannot be written.
pub fn write(path: &Path, envelope: &Envelope, format: EnvelopeFormat) -> Result<(), MessageError> {
    let bytes = encode(&v1::Envelope::from(envelope), format)?;
    Ok(file::replace(path, &bytes)?)
}

/// Reads an envelope. Nothing of it is verified.
///
/// # Errors
/// Returns an error if it cannot be read, or is none.
pub fn read(path: &Path) -> Result<Envelope, MessageError> {
    let read = read_message::<v1::Envelope>(path)?.try_into();
    read.map_err(|error: ConvertError| MessageError::Other {
        path: path.into(),
        error: error.into(),
    })
}

/// Reads a signed request, and checks its signature.
///
/// # Errors
/// Returns an error if it cannot be read, is none, or is not signed by the verifier that it names.
pub fn read_request(path: &Path) -> Result<ProofRequest, MessageError> {
    let read = read_message::<v1::ProofRequest>(path)?.try_into();
    read.map_err(|error: ConvertError| MessageError::Other {
        path: path.into(),
        error: error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_as_long_as_what_is_read_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("message");
        std::fs::write(&path, b"some bytes").unwrap();
        assert_eq!(read_bytes(&path).unwrap().as_slice(), b"some bytes");
        // The system says that it is empty, and it never ends.
        let refused = read_bytes(Path::new("/dev/zero"));
        assert!(matches!(refused, Err(MessageError::Long { .. })), "{refused:?}");
        // Exactly the longest, and one byte more.
        let file = File::create(&path).unwrap();
        file.set_len(MAX_BYTES).unwrap();
        assert_eq!(read_bytes(&path).unwrap().len() as u64, MAX_BYTES);
        file.set_len(MAX_BYTES + 1).unwrap();
        assert!(matches!(read_bytes(&path), Err(MessageError::Long { .. })));
    }
}
