//! Envelopes and requests as files: protobuf, or its canonical JSON.

use std::{fs::File, io::Read as _, path::Path};

use prost::Name;
use wufu_proto::{
    ConvertError, Envelope,
    json::{self, JsonError},
    v1,
};
use wufu_verifier::ProofRequest;
use zeroize::Zeroizing;

use crate::file::{self, FileError};

/// The largest file that is read: what 65,536 donors are sent is less.
pub const MAX_BYTES: u64 = 64 << 20;

/// How a message is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Protobuf.
    #[default]
    Protobuf,
    /// Protobuf's canonical JSON.
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
    #[error("{path} is {got} bytes or more, expected at most {MAX_BYTES}", path = path.display())]
    Long {
        /// Which file.
        path: std::path::PathBuf,
        /// How much of it was read.
        got: u64,
    },
    /// Its JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// What it says.
    #[error(transparent)]
    Message(#[from] ConvertError),
}

/// The bytes of a message.
///
/// # Errors
/// When the message is none of this package.
pub fn encode(message: &impl Name, format: Format) -> Result<Vec<u8>, MessageError> {
    match format {
        Format::Protobuf => Ok(message.encode_to_vec()),
        Format::Json => Ok((json::to_json(message)? + "\n").into_bytes()),
    }
}

/// The message of these bytes, in whichever format: no message's protobuf begins like JSON.
///
/// # Errors
/// When they are no such message.
pub fn decode<M: Name + Default>(bytes: &[u8]) -> Result<M, MessageError> {
    // 0x7b would be a group's end of field 15, which nothing here has.
    match bytes.first() {
        Some(b'{') => {
            let text = std::str::from_utf8(bytes);
            let text = text.map_err(|_| ConvertError::Malformed { message: M::NAME })?;
            Ok(json::from_json(text)?)
        }
        _ => Ok(wufu_proto::decode(bytes)?),
    }
}

/// The bytes of a file that holds a message, wiped when dropped.
///
/// # Errors
/// When it cannot be read, or is longer than any message.
pub fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, MessageError> {
    let io = |error| MessageError::Read { path: path.into(), error };
    let file = File::open(path).map_err(io)?;
    // What the system says of its length is a hint: pipes and devices have none, and files grow.
    let hint = file.metadata().map_err(io)?.len().min(MAX_BYTES) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(hint).unwrap_or_default()));
    let got = file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)? as u64;
    if got > MAX_BYTES {
        return Err(MessageError::Long { path: path.into(), got });
    }
    Ok(bytes)
}

/// Writes an envelope in one step, in place of the file that may be there.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, envelope: &Envelope, format: Format) -> Result<(), MessageError> {
    let bytes = encode(&v1::Envelope::from(envelope), format)?;
    Ok(file::replace(path, &bytes)?)
}

/// Reads an envelope. Nothing of it is verified.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn read(path: &Path) -> Result<Envelope, MessageError> {
    Ok(decode::<v1::Envelope>(&read_bytes(path)?)?.try_into()?)
}

/// Reads a signed request, and checks its signature.
///
/// # Errors
/// When it cannot be read, is none, or is not signed by the verifier that it names.
pub fn read_request(path: &Path) -> Result<ProofRequest, MessageError> {
    Ok(decode::<v1::ProofRequest>(&read_bytes(path)?)?.try_into()?)
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
