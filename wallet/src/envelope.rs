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

/// The largest file that is read. The grants of 65,536 donors take less. A file that says what it
/// contains is read only as far as such a message can be long.
pub const MAX_BYTES: u64 = 64 << 20;

/// Enough for the first line of a file.
const HEAD: u64 = 4096;

/// The format of a message in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnvelopeFormat {
    /// A line that names the message, followed by protobuf, which every library can read.
    #[default]
    Protobuf,
    /// Protobuf's canonical JSON with an `"@type"`, for people.
    Json,
}

/// Why a message could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file cannot be read.
    #[error("{path}: {error}", path = path.display())]
    Read {
        /// The file's path.
        path: std::path::PathBuf,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
    /// The file is longer than any such message.
    #[error("{path} is {got} bytes or more, expected at most {max}", path = path.display())]
    Long {
        /// The file's path.
        path: std::path::PathBuf,
        /// How many bytes were read.
        got: u64,
        /// The longest that is allowed, in bytes.
        max: u64,
    },
    /// The file is not the expected message.
    #[error("{path}: {error}", path = path.display())]
    Other {
        /// The file's path.
        path: std::path::PathBuf,
        /// What is wrong with it.
        #[source]
        error: format::FileError,
    },
    /// The bytes are not the expected message.
    #[error(transparent)]
    Form(#[from] format::FileError),
    /// The JSON is malformed.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A field of the message is wrong.
    #[error(transparent)]
    Message(#[from] ConvertError),
}

/// Encodes a message as the bytes of a file.
///
/// # Errors
/// Returns an error if the message does not belong to this package.
pub fn encode<M: MessageLimits>(
    message: &M,
    format: EnvelopeFormat,
) -> Result<Vec<u8>, MessageError> {
    match format {
        EnvelopeFormat::Protobuf => Ok(format::encode(message)),
        EnvelopeFormat::Json => Ok(json::to_file(message)?.into_bytes()),
    }
}

/// Decodes the bytes of a file, in either format.
///
/// # Errors
/// Returns an error if they are not such a message.
pub fn decode<M: MessageLimits>(bytes: &[u8]) -> Result<M, MessageError> {
    Ok(format::decode(bytes)?)
}

/// Reads the bytes of a file that contains a message. They are wiped when dropped. It stops reading
/// where no such message can be longer, whatever the file is.
///
/// # Errors
/// Returns an error if the file cannot be read, or is longer than any message of its kind.
pub fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, MessageError> {
    let io = |error| MessageError::Read { path: path.into(), error };
    let file = File::open(path).map_err(io)?;
    let hint = file.metadata().map_err(io)?.len();
    read_hinted(file, path, hint)
}

/// Reads the bytes of an input that contains a message, as [`read_bytes`] does for a file; `name`
/// is for error messages.
///
/// # Errors
/// Returns an error if the file cannot be read, or is longer than any message of its kind.
pub fn read_bytes_of(input: impl Read, name: &Path) -> Result<Zeroizing<Vec<u8>>, MessageError> {
    read_hinted(input, name, 0)
}

/// `hint` is the length that the system gives. Pipes and devices have none, and files can grow.
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

/// Reads the message in a file.
fn read_message<M: MessageLimits>(path: &Path) -> Result<M, MessageError> {
    let io = |error| MessageError::Read { path: path.into(), error };
    let file = File::open(path).map_err(io)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(format::worth_reading::<M>()).read_to_end(&mut bytes).map_err(io)?;
    let message = format::decode(&bytes);
    message.map_err(|error| MessageError::Other { path: path.into(), error })
}

/// Writes an envelope in one step. It replaces a file that exists.
///
/// # Errors
/// Returns an error if it cannot be written.
pub fn write(path: &Path, envelope: &Envelope, format: EnvelopeFormat) -> Result<(), MessageError> {
    let bytes = encode(&v1::Envelope::from(envelope), format)?;
    Ok(file::replace(path, &bytes)?)
}

/// Reads an envelope, without verifying it.
///
/// # Errors
/// Returns an error if the file cannot be read, or is not an envelope.
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
/// Returns an error if the file cannot be read, is not a request, or is not signed by the verifier
/// that it names.
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
        // The system gives its length as 0, and it never ends.
        let refused = read_bytes(Path::new("/dev/zero"));
        assert!(matches!(refused, Err(MessageError::Long { .. })), "{refused:?}");
        // Exactly the longest length, and one byte more.
        let file = File::create(&path).unwrap();
        file.set_len(MAX_BYTES).unwrap();
        assert_eq!(read_bytes(&path).unwrap().len() as u64, MAX_BYTES);
        file.set_len(MAX_BYTES + 1).unwrap();
        assert!(matches!(read_bytes(&path), Err(MessageError::Long { .. })));
    }
}
