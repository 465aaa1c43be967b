//! Hexadecimal digits.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// Bytes, shown as lower-case digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hex<'a>(pub &'a [u8]);

/// Errors from reading hexadecimal digits. The text may be a secret, so the error does not repeat
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HexError {
    /// The text is too long or too short.
    Length {
        /// The length of the text, in bytes.
        got: usize,
        /// The expected length.
        expected: usize,
    },
    /// A character is not a hexadecimal digit.
    Digit,
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got, expected } => {
                write!(f, "{got} hexadecimal digits, expected {expected}")
            }
            Self::Digit => f.write_str("a character is not a hexadecimal digit"),
        }
    }
}

impl core::error::Error for HexError {}

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Returns the digits of a secret and a line feed, in one allocation: a growing string would leave
/// copies behind. The caller wipes it.
pub fn secret_line(bytes: &[u8]) -> String {
    use fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len() + 1);
    // Writing to a string does not fail.
    let _ = writeln!(text, "{}", Hex(bytes));
    text
}

/// Decodes digits of either case into bytes, two digits for each byte.
///
/// # Errors
/// Returns an error if there are not twice as many digits as bytes, or a character is not a digit.
/// Some bytes may be written by then.
pub fn decode(digits: &[u8], bytes: &mut [u8]) -> Result<(), HexError> {
    let (got, expected) = (digits.len(), 2 * bytes.len());
    if got != expected {
        return Err(HexError::Length { got, expected });
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let mut value = 0;
        for digit in pair {
            value = value << 4 | char::from(*digit).to_digit(16).ok_or(HexError::Digit)?;
        }
        // Two digits are below 256.
        *byte = value as u8;
    }
    Ok(())
}

/// Decodes lower-case digits, as [`Hex`] shows them, so that bytes have one text. Returns `None` if
/// a character is anything else, or if the number of digits is odd.
pub fn parse(digits: &str) -> Option<Vec<u8>> {
    let is_lower = !digits.bytes().any(|digit| digit.is_ascii_uppercase());
    let mut bytes = alloc::vec![0; digits.len() / 2];
    decode(digits.as_bytes(), &mut bytes).ok().filter(|()| is_lower).map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn what_is_shown_is_read() {
        let all: Vec<u8> = (0..=255).collect();
        let text = Hex(&all).to_string();
        assert!(text.starts_with("000102") && text.ends_with("fdfeff"), "{text}");
        for text in [text.to_uppercase(), text] {
            let mut read = [0; 256];
            decode(text.as_bytes(), &mut read).unwrap();
            assert_eq!(read.as_slice(), all);
        }
    }

    #[test]
    fn a_secrets_text_is_made_in_one_piece() {
        let line = secret_line(&[0xab; 32]);
        assert_eq!((line.len(), line.capacity()), (65, 65));
        assert!(line.starts_with("abab") && line.ends_with("ab\n"), "{line:?}");
    }

    #[test]
    fn other_lengths_and_characters_are_refused() {
        let read = |text: &str| decode(text.as_bytes(), &mut [0; 2]);
        assert_eq!(read("0a0B"), Ok(()));
        for (text, got) in [("", 0), ("0a0", 3), ("0a0b0", 5), ("0a0b0c", 6)] {
            assert_eq!(read(text), Err(HexError::Length { got, expected: 4 }), "{text}");
        }
        for text in ["0a0g", "+a0b", "0a 0", "0x0a", "\u{e9}00"] {
            assert_eq!(read(text), Err(HexError::Digit), "{text}");
        }
    }

    #[test]
    fn bytes_have_one_text() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(parse(&Hex(&bytes).to_string()), Some(bytes));
        assert_eq!(parse(""), Some(Vec::new()));
        for other in ["0", "00f", "0F", "0g", " 0", "+1", "\u{e9}"] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }
}
