//! The JSON form of messages: protobuf's canonical JSON, in which 64-bit integers are strings and
//! bytes are base64.

use core::fmt;
use std::sync::OnceLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};

mod look;
mod untagged;

use look::Look;
pub use untagged::TAG;
use untagged::Untagged;

use crate::{DESCRIPTORS, limits::MessageLimits};

/// Errors from reading JSON. They show nothing of the text, which could be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is not JSON, is not this message, or has a field that the message does not have.
    Form {
        /// The message.
        message: &'static str,
        /// The line of the text, from 1; 0 if the error is about the whole text.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The text claims to be another message.
    Kind {
        /// The full name that it claims.
        found: String,
    },
    /// The text is longer than such a message can be.
    Long {
        /// The message.
        message: &'static str,
        /// Its length, in bytes.
        got: usize,
        /// The largest accepted length, in bytes.
        max: usize,
    },
    /// Its arrays have more items than such a message may have.
    Items {
        /// The message.
        message: &'static str,
        /// The largest accepted number, of all kinds of items together.
        max: usize,
    },
    /// The message does not belong to the package `wufu.v1`. This is the caller's mistake.
    Unknown {
        /// The message.
        message: &'static str,
    },
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { message, line, column } => {
                write!(f, "not the JSON of a {message}, at line {line}, column {column}")
            }
            Self::Kind { .. } => write!(f, "this JSON claims to be another message"),
            Self::Long { message, got, max } => {
                write!(f, "{got} bytes are longer than any {message}, expected at most {max}")
            }
            Self::Items { message, max } => {
                write!(f, "the arrays have more items than any {message}, expected at most {max}")
            }
            Self::Unknown { message } => write!(f, "{message} is not a message of wufu.v1"),
        }
    }
}

impl std::error::Error for JsonError {}

fn form<M: Name>(error: &serde_json::Error) -> JsonError {
    JsonError::Form { message: M::NAME, line: error.line(), column: error.column() }
}

fn descriptor<M: Name>() -> Result<MessageDescriptor, JsonError> {
    static POOL: OnceLock<Option<DescriptorPool>> = OnceLock::new();
    let pool = POOL.get_or_init(|| DescriptorPool::decode(DESCRIPTORS).ok());
    let found = pool.as_ref().and_then(|pool| pool.get_message_by_name(&M::full_name()));
    found.ok_or(JsonError::Unknown { message: M::NAME })
}

/// Writes the message as JSON, on one line.
///
/// # Errors
/// Returns an error if `M` does not belong to this package.
pub fn to_json<M: Message + Name>(message: &M) -> Result<String, JsonError> {
    let mut dynamic = DynamicMessage::new(descriptor::<M>()?);
    let unknown = JsonError::Unknown { message: M::NAME };
    dynamic.transcode_from(message).map_err(|_| unknown)?;
    serde_json::to_string(&dynamic).map_err(|error| form::<M>(&error))
}

/// Writes the message as a JSON file: one line, whose first member names the message.
///
/// # Errors
/// Returns an error if `M` does not belong to this package.
pub fn to_file<M: MessageLimits>(message: &M) -> Result<String, JsonError> {
    let text = zeroize::Zeroizing::new(to_json(message)?);
    let fields = text.strip_prefix('{').unwrap_or_default();
    let comma = if fields == "}" { "" } else { "," };
    Ok(format!("{{\"{TAG}\":\"{}\"{comma}{fields}\n", M::full_name()))
}

/// Returns the full name of the message that an object claims to be, if it names one.
///
/// # Errors
/// Returns an error if the text is not a single JSON object.
pub fn tag(text: &[u8]) -> Result<Option<String>, JsonError> {
    look::tag(text).map_err(|error| JsonError::Form {
        message: "message",
        line: error.line(),
        column: error.column(),
    })
}

/// Reads a message from JSON. The text may name the message.
///
/// # Errors
/// Returns an error if the text is longer than such a message can be, or has more items than it
/// may. Both are checked before anything is decoded. It also returns an error if the text is not
/// JSON or not this message, has an unknown field, has a field twice, or goes on after its end.
pub fn from_json<M: MessageLimits>(text: &str) -> Result<M, JsonError> {
    let (message, got, max) = (M::NAME, text.len(), M::LIMITS.bytes);
    if got > max {
        return Err(JsonError::Long { message, got, max });
    }
    let mut look = Look::new(M::LIMITS.items());
    let looked = look.at(text);
    if look.has_more() {
        return Err(JsonError::Items { message, max: M::LIMITS.items() });
    }
    looked.map_err(|error| form::<M>(&error))?;
    if let Some(found) = look.tag().filter(|tag| *tag != M::full_name()) {
        return Err(JsonError::Kind { found });
    }
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let descriptor = descriptor::<M>()?;
    let untagged = Untagged(&mut deserializer);
    let dynamic = DynamicMessage::deserialize_with_options(descriptor, untagged, &options)
        .map_err(|error| form::<M>(&error))?;
    deserializer.end().map_err(|error| form::<M>(&error))?;
    dynamic.transcode_to().map_err(|_| JsonError::Unknown { message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1;

    fn policy() -> v1::Policy {
        v1::Policy {
            project_keys: vec![(1 << 32) + 1, (1 << 32) + 2],
            amount_min: 0,
            amount_max: (1 << 48) - 1,
            time_min: 5,
            time_max: 6,
        }
    }

    #[test]
    fn round_trip() {
        let text = to_json(&policy()).unwrap();
        assert_eq!(
            text,
            "{\"projectKeys\":[\"4294967297\",\"4294967298\"],\"amountMax\":\"281474976710655\",\
             \"timeMin\":\"5\",\"timeMax\":\"6\"}"
        );
        assert_eq!(from_json(&text), Ok(policy()));
    }

    #[test]
    fn unknown_fields_and_what_follows_are_refused() {
        for text in [
            "{\"timeMin\":\"5\",\"colour\":1}",
            "{\"timeMin\":\"5\"} {}",
            "{\"timeMin\":\"five\"}",
            "{\"timeMin\":\"5\",\"timeMin\":\"6\"}",
            "{\"timeMin\":\"5\",\"time_min\":\"5\"}",
            "{\"timeMin\":-1}",
            "[]",
            "",
        ] {
            let got = from_json::<v1::Policy>(text);
            assert!(
                matches!(got, Err(JsonError::Form { message: "Policy", .. })),
                "{text}: {got:?}"
            );
        }
    }

    /// Rows of docs/failures.md: 16.
    #[test]
    fn an_error_shows_nothing_of_the_text() {
        let text = "{\"org\":\"a\",\"code\":\"c2VjcmV0 is no base64\"}";
        let error = from_json::<v1::Voucher>(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("c2VjcmV0"));
    }
}
