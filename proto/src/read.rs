//! Reads single fields, strictly. Every error names its field.

use wufu_verifier::{
    CircuitName, Fr, KeyId,
    encoding::{field, text},
};

use crate::{error::ConvertError, limits::MessageLimits};

/// The longest name of an organisation or a log, in bytes.
pub const MAX_NAME: usize = text::MAX_NAME;

/// Reads a message from bare protobuf, which must be in the encoding that we write ourselves. Use
/// [`file::decode`](crate::file::decode) for files.
///
/// (In gRPC calls prost decodes the messages. It ignores fields that it does not know.)
///
/// # Errors
/// Returns an error if the bytes are longer than such a message can be, or hold more items than it
/// may. Both are checked before anything is decoded. It also returns an error if the bytes are not
/// such a message, or are not in the one accepted encoding: unknown or repeated fields, fields out
/// of order, defaults written out, bytes before or after.
pub fn decode<M: MessageLimits>(bytes: &[u8]) -> Result<M, ConvertError> {
    M::LIMITS.check(M::NAME, bytes)?;
    let message = M::decode(bytes).map_err(|_| ConvertError::Malformed { message: M::NAME })?;
    let again = zeroize::Zeroizing::new(message.encode_to_vec());
    if again.as_slice() != bytes {
        return Err(ConvertError::NotCanonical { message: M::NAME });
    }
    Ok(message)
}

pub(crate) fn some<T>(name: &'static str, value: Option<T>) -> Result<T, ConvertError> {
    value.ok_or(ConvertError::Missing { field: name })
}

pub(crate) fn element(name: &'static str, bytes: &[u8]) -> Result<Fr, ConvertError> {
    Ok(field::decode(name, bytes)?)
}

/// Reads field elements that follow one another.
pub(crate) fn elements(name: &'static str, bytes: &[u8]) -> Result<Vec<Fr>, ConvertError> {
    stride(name, bytes, 32)?;
    bytes.chunks_exact(32).map(|chunk| element(name, chunk)).collect()
}

pub(crate) fn array<const N: usize>(
    name: &'static str,
    bytes: &[u8],
) -> Result<[u8; N], ConvertError> {
    let got = bytes.len();
    bytes.try_into().map_err(|_| ConvertError::Length { field: name, got, min: N, max: N })
}

pub(crate) fn key_id(name: &'static str, bytes: &[u8]) -> Result<KeyId, ConvertError> {
    Ok(KeyId(array(name, bytes)?))
}

pub(crate) fn length(
    name: &'static str,
    got: usize,
    min: usize,
    max: usize,
) -> Result<(), ConvertError> {
    if got < min || got > max {
        return Err(ConvertError::Length { field: name, got, min, max });
    }
    Ok(())
}

pub(crate) fn count(
    name: &'static str,
    got: usize,
    min: usize,
    max: usize,
) -> Result<(), ConvertError> {
    if got < min || got > max {
        return Err(ConvertError::Count { field: name, got, min, max });
    }
    Ok(())
}

pub(crate) fn stride(name: &'static str, bytes: &[u8], size: usize) -> Result<(), ConvertError> {
    if !bytes.len().is_multiple_of(size) {
        return Err(ConvertError::Stride { field: name, got: bytes.len(), stride: size });
    }
    Ok(())
}

/// Reads the name of an organisation, which must be able to name a log key. (The first check keeps
/// its wording, because it stands in `vectors/`.)
pub(crate) fn org(name: &'static str, text: &str) -> Result<String, ConvertError> {
    length(name, text.len(), 1, MAX_NAME)?;
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        let expected = "a name without white space, control signs and plus";
        return Err(ConvertError::Text { field: name, expected });
    }
    text::check_word(text).map_err(|error| ConvertError::Name { field: name, error })?;
    Ok(text.into())
}

/// Reads a name that people see: of an institution, a project or a receipt. It is hashed or signed
/// as it stands, so two names that look the same must be the same.
pub(crate) fn name(field: &'static str, text: &str) -> Result<String, ConvertError> {
    length(field, text.len(), 1, MAX_NAME)?;
    text::check_name(text).map_err(|error| ConvertError::Name { field, error })?;
    Ok(text.into())
}

/// Reads what a server says about itself, such as its version. It may be empty.
pub(crate) fn label(field: &'static str, text: String) -> Result<String, ConvertError> {
    if text.is_empty() { Ok(text) } else { name(field, &text) }
}

/// Reads the name of a receipt, whose bytes are hashed.
#[cfg(feature = "witness")]
pub(crate) fn receipt(field: &'static str, bytes: &[u8]) -> Result<Vec<u8>, ConvertError> {
    length(field, bytes.len(), 1, MAX_NAME)?;
    let expected = "UTF-8, expected the name of a receipt";
    let text = core::str::from_utf8(bytes);
    let text = text.map_err(|_| ConvertError::Text { field, expected })?;
    Ok(name(field, text)?.into())
}

/// Reads the name of a log, `org/log`.
pub(crate) fn origin(name: &'static str, text: &str) -> Result<String, ConvertError> {
    let text = org(name, text)?;
    match text.split_once('/') {
        Some((org, log)) if !org.is_empty() && !log.is_empty() => Ok(text),
        _ => Err(ConvertError::Text { field: name, expected: "a log's name, org/log" }),
    }
}

pub(crate) fn circuit(name: &'static str, text: &str) -> Result<CircuitName, ConvertError> {
    let expected = "five-fu, donation or gift";
    CircuitName::from_name(text).ok_or(ConvertError::Text { field: name, expected })
}
