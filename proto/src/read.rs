//! How fields are read: strictly, and naming themselves in errors.

use wufu_verifier::{
    CircuitName, Fr, KeyId,
    encoding::{field, text},
};

use crate::{error::ConvertError, limits::MessageLimits};

/// Longest name of an org or a log, in bytes.
pub const MAX_NAME: usize = text::MAX_NAME;

/// Reads a message from its bare protobuf, which must be the bytes that we would write. [`file::decode`](crate::file::decode)
/// reads files.
///
/// (Inside gRPC prost decodes, and passes over fields that it does not know.)
///
/// # Errors
/// Returns an error if the bytes are longer than any such message or hold more items than one may, before anything is decoded;
/// if they are no such message; or if they are one of its other encodings: with unknown or repeated fields, fields out of
/// order, defaults written out, bytes before or after.
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

/// Field elements one after the other.
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

/// The name of an org: what can be the name of its log key. (What was refused first keeps its words: they stand in `vectors/`.)
pub(crate) fn org(name: &'static str, text: &str) -> Result<String, ConvertError> {
    length(name, text.len(), 1, MAX_NAME)?;
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        let expected = "a name without white space, control signs and plus";
        return Err(ConvertError::Text { field: name, expected });
    }
    text::check_word(text).map_err(|error| ConvertError::Name { field: name, error })?;
    Ok(text.into())
}

/// A name that people read: of an institution, a project, a receipt. It is hashed or signed as it stands, so that two names that look the same are
/// never two.
pub(crate) fn name(field: &'static str, text: &str) -> Result<String, ConvertError> {
    length(field, text.len(), 1, MAX_NAME)?;
    text::check_name(text).map_err(|error| ConvertError::Name { field, error })?;
    Ok(text.into())
}

/// What a server says of itself, such as its version. It may say nothing.
pub(crate) fn label(field: &'static str, text: String) -> Result<String, ConvertError> {
    if text.is_empty() { Ok(text) } else { name(field, &text) }
}

/// The name of a receipt, whose bytes are hashed.
#[cfg(feature = "witness")]
pub(crate) fn receipt(field: &'static str, bytes: &[u8]) -> Result<Vec<u8>, ConvertError> {
    length(field, bytes.len(), 1, MAX_NAME)?;
    let expected = "UTF-8, expected the name of a receipt";
    let text = core::str::from_utf8(bytes);
    let text = text.map_err(|_| ConvertError::Text { field, expected })?;
    Ok(name(field, text)?.into())
}

/// The name of a log, `org/log`.
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
