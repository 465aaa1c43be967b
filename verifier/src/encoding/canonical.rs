//! Canonical bytes: the one unambiguous form in which anything is hashed or signed.
//!
//! First comes the number of fields (u32), then each field as its length (u32) and its bytes.
//! Integers are u64. Everything is little-endian, and text is UTF-8. So `("a1", "2")` and `("a",
//! "12")` differ, and bytes have one reading.

use alloc::{string::String, vec::Vec};
use core::fmt;

use ark_bn254::Fr;

use zeroize::Zeroizing;

use crate::encoding::field::{self, FieldError};

/// Writes canonical bytes. They are wiped when the writer is dropped, since they may hold a seed.
#[derive(Clone)]
pub struct Writer {
    fields: u32,
    body: Zeroizing<Vec<u8>>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// Creates a writer without fields.
    // Not inlined: where one function makes two and passes them on, rustc 1.77 to 1.96 takes them
    // for one value, and uses its memory again after the first was freed (rust-lang/rust#155241,
    // #158830).
    #[inline(never)]
    pub fn new() -> Self {
        Self { fields: 0, body: Zeroizing::default() }
    }

    /// Appends a field of raw bytes.
    ///
    /// A field of 2^32 bytes or more cannot be written. No value of the project comes near; the
    /// length saturates, so that such bytes match no honest ones.
    pub fn bytes(mut self, value: &[u8]) -> Self {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.fields = self.fields.saturating_add(1);
        self.push(&length.to_le_bytes());
        self.push(value);
        self
    }

    /// Appends without leaving a copy in the memory that a growing vector frees.
    fn push(&mut self, bytes: &[u8]) {
        let needed = self.body.len() + bytes.len();
        if needed > self.body.capacity() {
            let mut larger = Vec::with_capacity(needed.next_power_of_two().max(256));
            larger.extend_from_slice(&self.body);
            self.body = Zeroizing::new(larger);
        }
        self.body.extend_from_slice(bytes);
    }

    /// Appends a text.
    pub fn text(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }

    /// Appends an integer, eight bytes.
    pub fn u64(self, value: u64) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Appends a field element, 32 bytes.
    pub fn field(self, value: &Fr) -> Self {
        self.bytes(&field::encode(value))
    }

    /// Returns the bytes.
    pub fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + self.body.len());
        out.extend_from_slice(&self.fields.to_le_bytes());
        out.extend_from_slice(&self.body);
        out
    }
}

/// Errors from reading canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CanonicalError {
    /// The bytes end inside a value.
    Truncated {
        /// The value that was being read.
        field: &'static str,
    },
    /// Bytes follow the last field.
    Trailing {
        /// The number of bytes that follow.
        bytes: usize,
    },
    /// The number of fields is not that of this message.
    Count {
        /// The number of fields.
        got: u32,
        /// The expected number.
        expected: u32,
    },
    /// A field has the wrong length.
    Length {
        /// The value that was being read.
        field: &'static str,
        /// Its length, in bytes.
        got: usize,
        /// The expected length.
        expected: usize,
    },
    /// A text that is not UTF-8.
    Text {
        /// The value that was being read.
        field: &'static str,
    },
    /// A field element that is not canonical.
    Field(FieldError),
}

impl fmt::Display for CanonicalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { field } => write!(f, "the bytes end inside {field}"),
            Self::Trailing { bytes } => {
                write!(f, "{bytes} bytes follow the last field, expected 0")
            }
            Self::Count { got, expected } => write!(f, "{got} fields, expected {expected}"),
            Self::Length { field, got, expected } => {
                write!(f, "{field} is {got} bytes, expected {expected}")
            }
            Self::Text { field } => write!(f, "{field} is not UTF-8"),
            Self::Field(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CanonicalError {}

impl From<FieldError> for CanonicalError {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

/// Reads canonical bytes strictly: every field, in order, and nothing after.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts reading a message of `expected` fields.
    ///
    /// # Errors
    /// Returns an error if the count is cut off, or is not `expected`.
    pub fn new(bytes: &'a [u8], expected: u32) -> Result<Self, CanonicalError> {
        let mut reader = Self { rest: bytes };
        let got = reader.length("field count")?;
        if got != expected {
            return Err(CanonicalError::Count { got, expected });
        }
        Ok(reader)
    }

    fn length(&mut self, field: &'static str) -> Result<u32, CanonicalError> {
        let (head, rest) =
            self.rest.split_first_chunk::<4>().ok_or(CanonicalError::Truncated { field })?;
        self.rest = rest;
        Ok(u32::from_le_bytes(*head))
    }

    /// Reads raw bytes of any length.
    ///
    /// # Errors
    /// Returns an error if the bytes end before the field does.
    pub fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], CanonicalError> {
        let length = self.length(field)?;
        let length = usize::try_from(length).map_err(|_| CanonicalError::Truncated { field })?;
        let (value, rest) =
            self.rest.split_at_checked(length).ok_or(CanonicalError::Truncated { field })?;
        self.rest = rest;
        Ok(value)
    }

    /// Reads bytes of a fixed length.
    ///
    /// # Errors
    /// Returns an error if the field has another length.
    pub fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], CanonicalError> {
        let bytes = self.bytes(field)?;
        bytes.try_into().map_err(|_| CanonicalError::Length {
            field,
            got: bytes.len(),
            expected: N,
        })
    }

    /// Reads an integer.
    ///
    /// # Errors
    /// Returns an error if the field is not eight bytes.
    pub fn u64(&mut self, field: &'static str) -> Result<u64, CanonicalError> {
        Ok(u64::from_le_bytes(self.array(field)?))
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Returns an error if the field is not UTF-8.
    pub fn text(&mut self, field: &'static str) -> Result<String, CanonicalError> {
        let bytes = self.bytes(field)?;
        let text = core::str::from_utf8(bytes).map_err(|_| CanonicalError::Text { field })?;
        Ok(String::from(text))
    }

    /// Reads a field element.
    ///
    /// # Errors
    /// Returns an error if the field is not 32 canonical bytes.
    pub fn field(&mut self, field: &'static str) -> Result<Fr, CanonicalError> {
        Ok(field::decode(field, self.bytes(field)?)?)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Returns an error if bytes are left.
    pub fn finish(self) -> Result<(), CanonicalError> {
        match self.rest.len() {
            0 => Ok(()),
            bytes => Err(CanonicalError::Trailing { bytes }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of docs/failures.md: 38.
    #[test]
    fn concatenation_is_unambiguous() {
        let one = Writer::new().text("a1").text("2").finish();
        let two = Writer::new().text("a").text("12").finish();
        assert_ne!(one, two);
        assert_ne!(one, Writer::new().text("a12").finish());
        assert_ne!(Writer::new().text("").finish(), Writer::new().finish());
    }

    /// Rows of docs/failures.md: 5.
    #[test]
    fn truncations_and_appended_bytes_are_refused() {
        let bytes = Writer::new().u64(7).text("fu").field(&Fr::from(5u64)).finish();
        let read = |bytes: &[u8]| -> Result<(u64, String, Fr), CanonicalError> {
            let mut reader = Reader::new(bytes, 3)?;
            let out = (reader.u64("n")?, reader.text("t")?, reader.field("f")?);
            reader.finish()?;
            Ok(out)
        };
        assert_eq!(read(&bytes), Ok((7, "fu".into(), Fr::from(5u64))));
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "{end} bytes were read");
        }
        let mut long = bytes.clone();
        long.push(0);
        assert_eq!(read(&long), Err(CanonicalError::Trailing { bytes: 1 }));
        let mut count = bytes;
        count[0] = 2;
        assert_eq!(read(&count), Err(CanonicalError::Count { got: 2, expected: 3 }));
    }
}
