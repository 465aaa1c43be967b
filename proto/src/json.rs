//! The JSON form of messages: protobuf's canonical one (64-bit integers are texts, bytes are base64).

use core::fmt;
use std::{collections::BTreeSet, sync::OnceLock};

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};

use crate::DESCRIPTORS;

/// Why a text is not the JSON form of a message. It shows nothing of the text: that could be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON, not a message of this type, or with a field that it does not have.
    Form {
        /// The message.
        message: &'static str,
        /// The line of the text, from 1; 0 when it is about the whole.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The message is none of package `wufu.v1`. This is the caller's mistake.
    Unknown {
        /// The message.
        message: &'static str,
    },
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { message, line, column } => {
                write!(f, "this is no {message} in JSON: line {line}, column {column}")
            }
            Self::Unknown { message } => write!(f, "{message} is no message of wufu.v1"),
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

/// The message as JSON, on one line.
///
/// # Errors
/// When `M` is no message of this package.
pub fn to_json<M: Message + Name>(message: &M) -> Result<String, JsonError> {
    let mut dynamic = DynamicMessage::new(descriptor::<M>()?);
    let unknown = JsonError::Unknown { message: M::NAME };
    dynamic.transcode_from(message).map_err(|_| unknown)?;
    serde_json::to_string(&dynamic).map_err(|error| form::<M>(&error))
}

/// The message that a JSON text stands for.
///
/// # Errors
/// When the text is not JSON, not of this message, has a field that the message does not, or one twice, or goes on after
/// its end.
pub fn from_json<M: Message + Name + Default>(text: &str) -> Result<M, JsonError> {
    serde_json::from_str::<Unambiguous>(text).map_err(|error| form::<M>(&error))?;
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let descriptor = descriptor::<M>()?;
    let dynamic = DynamicMessage::deserialize_with_options(descriptor, &mut deserializer, &options)
        .map_err(|error| form::<M>(&error))?;
    deserializer.end().map_err(|error| form::<M>(&error))?;
    dynamic.transcode_to().map_err(|_| JsonError::Unknown { message: M::NAME })
}

/// Any JSON without a key that stands twice in an object: readers differ in which of the two they take. A key is the same
/// in camel and in snake case, both of which stand for one field.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            if !seen.insert(key.replace('_', "").to_lowercase()) {
                return Err(de::Error::custom("a key stands twice"));
            }
            fields.next_value::<Self>()?;
        }
        Ok(self)
    }
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

    #[test]
    fn f16_an_error_shows_nothing_of_the_text() {
        let text = "{\"org\":\"a\",\"code\":\"c2VjcmV0 is no base64\"}";
        let error = from_json::<v1::Voucher>(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("c2VjcmV0"));
    }
}
