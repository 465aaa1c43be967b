//! Integers in signed texts: each number has one text.

use core::str::FromStr;

/// Parses a decimal without signs or leading zeros. Returns `None` if the text has another form or
/// the number does not fit.
pub fn parse<T: FromStr>(digits: &str) -> Option<T> {
    let is_plain = matches!(digits.as_bytes(), [b'0'] | [b'1'..=b'9', ..]);
    if is_plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_text() {
        for number in [0, 1, 10, 907, u64::MAX] {
            assert_eq!(parse(&alloc::format!("{number}")), Some(number));
        }
        for other in ["", "00", "01", "+1", "-1", " 1", "1 ", "1a", "0x1", "18446744073709551616"] {
            assert_eq!(parse::<u64>(other), None, "{other:?}");
        }
        assert_eq!(
            (parse::<u32>("4294967295"), parse::<u32>("4294967296")),
            (Some(u32::MAX), None)
        );
    }
}
