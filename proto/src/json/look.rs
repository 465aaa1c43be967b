//! A first pass over a JSON text, before anything is decoded: which message it claims to be, how
//! many items it has, and whether two readers could understand it differently.

use core::fmt;
use std::collections::BTreeSet;

use serde::{
    Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::untagged::TAG;

/// No message has this many fields.
const MAX_MEMBERS: usize = 64;

/// What the first pass over a JSON text found.
pub struct Look {
    tag: Option<String>,
    items: usize,
    max: usize,
}

impl Look {
    /// Creates an empty result. All arrays together may have `max` items.
    pub fn new(max: usize) -> Self {
        Self { tag: None, items: 0, max }
    }

    /// Scans the whole text.
    ///
    /// It refuses an object that holds a key twice, since readers differ in which of the two they
    /// take. A key in camel case and the same key in snake case count as one, because both stand
    /// for one field.
    pub fn at(&mut self, text: &str) -> serde_json::Result<()> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        Value { look: self, is_top: true }.deserialize(&mut deserializer)?;
        deserializer.end()
    }

    /// Returns whether the scan stopped because there were too many items.
    pub fn has_more(&self) -> bool {
        self.items > self.max
    }

    /// Returns the message that the outermost object claims to be.
    pub fn tag(self) -> Option<String> {
        self.tag
    }
}

struct Value<'a> {
    look: &'a mut Look,
    is_top: bool,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let look = self.look;
        while items.next_element_seed(Value { look, is_top: false })?.is_some() {
            look.items += 1;
            if look.has_more() {
                return Err(de::Error::custom("more items than such a message has"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = members.next_key::<String>()? {
            if self.is_top && key == TAG {
                if self.look.tag.is_some() {
                    return Err(de::Error::custom("a duplicate key"));
                }
                self.look.tag = Some(members.next_value()?);
                continue;
            }
            if !seen.insert(key.replace('_', "").to_lowercase()) {
                return Err(de::Error::custom("a duplicate key"));
            }
            if seen.len() > MAX_MEMBERS {
                return Err(de::Error::custom("more members than any message has"));
            }
            members.next_value_seed(Value { look: self.look, is_top: false })?;
        }
        Ok(())
    }
}

/// Returns the message that the outermost object claims to be. It reads no further than that.
pub fn tag(text: &[u8]) -> serde_json::Result<Option<String>> {
    struct Tag<'a>(&'a mut Option<String>);

    impl<'de> Visitor<'de> for Tag<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a message in JSON")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
            while let Some(key) = members.next_key::<String>()? {
                if key == TAG {
                    *self.0 = Some(members.next_value()?);
                    return Err(de::Error::custom("that is all"));
                }
                members.next_value::<IgnoredAny>()?;
            }
            Ok(())
        }
    }

    let mut found = None;
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let looked = deserializer.deserialize_map(Tag(&mut found));
    if found.is_some() { Ok(found) } else { looked.map(|()| None) }
}
