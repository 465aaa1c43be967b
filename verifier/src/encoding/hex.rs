//! Bytes as hexadecimal digits, small letters.

use alloc::vec::Vec;
use core::fmt;

/// Bytes, shown as hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Reads what [`Hex`] shows. `None` when a character is another one, or the last byte has one
/// digit.
pub fn parse(digits: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes.collect::<Option<_>>().filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn digits_are_read_as_they_are_shown() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(parse(&Hex(&bytes).to_string()), Some(bytes));
        assert_eq!(Hex(&[0, 0x0f, 0xa0]).to_string(), "000fa0");
        assert_eq!(parse(""), Some(Vec::new()));
        for other in ["0", "00f", "0F", "0g", " 0", "+1", "é"] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }
}
