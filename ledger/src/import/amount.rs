//! Converts decimal amounts to minor units, without floating point.

use wufu_verifier::{
    Amount,
    encoding::text::{CodePoint, QuotedText},
};

/// The character before the decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalMark {
    /// A point, as in 1234.50.
    #[default]
    Point,
    /// A comma, as in 1234,50.
    Comma,
}

impl DecimalMark {
    const fn sign(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Comma => "comma",
        }
    }
}

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// The text is empty.
    #[error("is empty, expected an amount")]
    Empty,
    /// It has a plus or minus sign, or brackets that mean minus.
    #[error("has a sign, expected digits: a donation cannot be negative")]
    Sign,
    /// There is a separator between the digits.
    #[error(
        "has a thousands separator, expected digits and a {} before the decimals",
        .mark.name()
    )]
    Separator {
        /// The expected decimal mark.
        mark: DecimalMark,
    },
    /// There is a comma where the decimal mark would be.
    #[error(
        "has a comma, expected a point before the decimals (--decimal-comma, if the comma is meant)"
    )]
    Comma,
    /// There is a point where the decimal mark would be, but the mark is a comma.
    #[error(
        "has a point, expected a comma before the decimals (leave out --decimal-comma, if the \
         point is meant)"
    )]
    NoComma,
    /// There is a word next to the number: its currency, or a note that it is a credit.
    #[error(
        "has {} next to the number, expected only the number (the currency has its own column)",
        QuotedText(.found)
    )]
    Word {
        /// The word.
        found: String,
    },
    /// It has an exponent, as in `1e3`.
    #[error("has an exponent, expected digits")]
    Exponent,
    /// It contains some other character.
    #[error("has {}, expected the digits 0 to 9", shown(.found))]
    Character {
        /// The character.
        found: char,
    },
    /// A decimal mark lacks digits on one side, or there are two marks.
    #[error("has a {} without digits on both sides", .mark.name())]
    Point {
        /// The expected decimal mark.
        mark: DecimalMark,
    },
    /// It has more decimals than the currency.
    #[error("has {got} decimals, expected at most {expected}")]
    Decimals {
        /// How many decimals it has.
        got: usize,
        /// How many decimals the currency has.
        expected: usize,
    },
    /// It is 2^48 minor units or more.
    #[error(
        "is too much for one record, expected at most {}",
        format_amount(Amount::MAX.minor().into(), *.decimals)
    )]
    Overflow {
        /// How many decimals the currency has.
        decimals: usize,
    },
}

/// Parses an amount of a currency with `decimals` decimals.
///
/// # Shapes
/// Digits, then optionally a point and one to `decimals` digits. Nothing else is accepted: `25440`,
/// `2438.35`, `0.5`.
///
/// # Errors
/// Returns an error if the text has any other form, or if the amount is 2^48 minor units or more.
pub fn parse_amount(text: &str, decimals: usize) -> Result<Amount, AmountError> {
    parse_amount_with(text, decimals, DecimalMark::Point)
}

/// Does the same as [`parse_amount`], with another decimal mark.
///
/// # Errors
/// Returns an error if the text has any other form, or if the amount is 2^48 minor units or more.
pub fn parse_amount_with(
    text: &str,
    decimals: usize,
    mark: DecimalMark,
) -> Result<Amount, AmountError> {
    let sign = mark.sign();
    if text.is_empty() {
        return Err(AmountError::Empty);
    }
    if let Some(found) = text.chars().find(|c| !c.is_ascii_digit() && *c != sign) {
        if let Some(found) = word(text) {
            return Err(AmountError::Word { found: found.into() });
        }
        return Err(match found {
            '+' | '-' | '\u{2212}' | '(' | ')' => AmountError::Sign,
            ',' if is_with(text, ',', decimals) => AmountError::Comma,
            '.' if is_with(text, '.', decimals) => AmountError::NoComma,
            '.' | ',' | '\'' | '_' | '\u{2019}' | '\u{00a0}' | '\u{202f}' | ' ' => {
                AmountError::Separator { mark }
            }
            'e' | 'E' => AmountError::Exponent,
            found => AmountError::Character { found },
        });
    }
    let (whole, fraction) = match text.split_once(sign) {
        Some((whole, fraction)) if !whole.is_empty() && !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(AmountError::Point { mark }),
        None => (text, ""),
    };
    if fraction.contains(sign) {
        return Err(AmountError::Point { mark });
    }
    if fraction.len() > decimals {
        return Err(AmountError::Decimals { got: fraction.len(), expected: decimals });
    }
    let padding = std::iter::repeat_n(b'0', decimals - fraction.len());
    let mut minor = 0u64;
    for digit in whole.bytes().chain(fraction.bytes()).chain(padding) {
        let grown = minor.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit - b'0')));
        minor = grown.ok_or(AmountError::Overflow { decimals })?;
    }
    Amount::new(minor).map_err(|_| AmountError::Overflow { decimals })
}

fn shown(found: &char) -> String {
    format!("{} ({})", QuotedText(found.encode_utf8(&mut [0; 4])), CodePoint(*found))
}

/// A word before or after the number, separated by a space.
fn word(text: &str) -> Option<&str> {
    let is_number = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(char::is_alphabetic)
    };
    let is_word = |text: &str| !text.is_empty() && text.chars().all(char::is_alphabetic);
    let (first, last) =
        (text.split_once(char::is_whitespace)?, text.rsplit_once(char::is_whitespace)?);
    if is_number(last.0) && is_word(last.1) {
        Some(last.1)
    } else {
        (is_word(first.0) && is_number(first.1)).then_some(first.0)
    }
}

/// Whether the text contains the mark once, with as many digits after it as decimals have and
/// thousands do not.
fn is_with(text: &str, mark: char, decimals: usize) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once(mark).is_some_and(|(whole, fraction)| {
        digits(whole) && digits(fraction) && fraction.len() <= decimals && fraction.len() != 3
    })
}

/// Formats an amount in the form that [`parse_amount`] accepts, with all decimals.
pub fn format_amount(minor: u128, decimals: usize) -> String {
    let digits = format!("{minor:0>width$}", width = decimals + 1);
    match digits.split_at(digits.len() - decimals) {
        (whole, "") => whole.into(),
        (whole, fraction) => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepted_and_refused() {
        let minor = |text: &str, decimals| parse_amount(text, decimals).map(Amount::minor);
        for (text, decimals, expected) in [
            ("0", 2, 0),
            ("25440", 2, 2_544_000),
            ("2438.35", 2, 243_835),
            ("19631.9", 2, 1_963_190),
            ("007.10", 2, 710),
            ("12", 0, 12),
            ("1.234", 3, 1234),
            // The sum of 0.1 and 0.2, and other amounts that doubles cannot represent.
            ("0.30", 2, 30),
            ("90071992547.40", 2, 9_007_199_254_740),
            ("2814749767106.55", 2, (1 << 48) - 1),
        ] {
            assert_eq!(minor(text, decimals), Ok(expected), "{text}");
        }
        use AmountError as E;
        for (text, decimals, expected) in [
            ("", 2, E::Empty),
            ("-5", 2, E::Sign),
            ("+5", 2, E::Sign),
            ("(5)", 2, E::Sign),
            ("\u{2212}5", 2, E::Sign),
            ("1,000", 2, E::Separator { mark: DecimalMark::Point }),
            ("1,234.50", 2, E::Separator { mark: DecimalMark::Point }),
            ("1.234,50", 2, E::Separator { mark: DecimalMark::Point }),
            ("1 000", 2, E::Separator { mark: DecimalMark::Point }),
            ("1_000", 2, E::Separator { mark: DecimalMark::Point }),
            ("1'000", 2, E::Separator { mark: DecimalMark::Point }),
            ("1,50", 2, E::Comma),
            ("1,5", 2, E::Comma),
            ("1e3", 2, E::Exponent),
            ("1E3", 2, E::Exponent),
            ("$5", 2, E::Character { found: '$' }),
            ("0x10", 2, E::Character { found: 'x' }),
            ("NaN", 2, E::Character { found: 'N' }),
            ("\u{0663}", 2, E::Character { found: '\u{0663}' }),
            (".5", 2, E::Point { mark: DecimalMark::Point }),
            ("5.", 2, E::Point { mark: DecimalMark::Point }),
            (".", 2, E::Point { mark: DecimalMark::Point }),
            ("1.2.3", 2, E::Point { mark: DecimalMark::Point }),
            ("1..2", 2, E::Point { mark: DecimalMark::Point }),
            ("1.234", 2, E::Decimals { got: 3, expected: 2 }),
            ("1.000", 2, E::Decimals { got: 3, expected: 2 }),
            ("5.0", 0, E::Decimals { got: 1, expected: 0 }),
            ("2814749767106.56", 2, E::Overflow { decimals: 2 }),
            ("99999999999999999999999999", 0, E::Overflow { decimals: 0 }),
            // All three were once reported as "a thousands separator".
            ("5 CNY", 2, E::Word { found: "CNY".into() }),
            ("5.00\u{a0}CR", 2, E::Word { found: "CR".into() }),
            ("1,234.50 USD", 2, E::Word { found: "USD".into() }),
            ("USD 5", 2, E::Word { found: "USD".into() }),
        ] {
            assert_eq!(minor(text, decimals), Err(expected), "{text}");
        }
        let told = minor("\u{ff15}", 2).unwrap_err().to_string();
        assert_eq!(told, "has \"\u{ff15}\" (U+FF15), expected the digits 0 to 9");
        let told = |decimals| minor("281474976710656", decimals).unwrap_err().to_string();
        assert_eq!(told(0), "is too much for one record, expected at most 281474976710655");
        assert_eq!(told(2), "is too much for one record, expected at most 2814749767106.55");
    }

    #[test]
    fn with_a_comma_before_the_decimals_a_point_is_none() {
        let minor = |text| parse_amount_with(text, 2, DecimalMark::Comma).map(Amount::minor);
        let mark = DecimalMark::Comma;
        assert_eq!(minor("1,50"), Ok(150));
        assert_eq!(minor("1000"), Ok(100_000));
        for (text, expected) in [
            ("1.50", AmountError::NoComma),
            ("1.500", AmountError::Separator { mark }),
            ("1,50 EUR", AmountError::Word { found: "EUR".into() }),
            ("1.234,50", AmountError::Separator { mark }),
            ("1,2,3", AmountError::Point { mark }),
            (",5", AmountError::Point { mark }),
            ("1,505", AmountError::Decimals { got: 3, expected: 2 }),
        ] {
            assert_eq!(minor(text), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(minor in 0u64..1 << 48, decimals in 0usize..5) {
            let text = format_amount(minor.into(), decimals);
            prop_assert_eq!(parse_amount(&text, decimals).map(Amount::minor), Ok(minor));
            let short = text.trim_end_matches('0');
            if decimals > 0 && !short.ends_with('.') {
                prop_assert_eq!(parse_amount(short, decimals).map(Amount::minor), Ok(minor));
            }
        }

        #[test]
        fn only_the_one_form_is_read(text in "[0-9.,eE+ -]{0,12}", decimals in 0usize..4) {
            let form = match text.split_once('.') {
                None => !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()),
                Some((a, b)) => {
                    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
                    digits(a) && digits(b) && b.len() <= decimals
                }
            };
            let read = parse_amount(&text, decimals);
            prop_assert_eq!(read.is_ok(), form, "{:?}: {:?}", text, read);
        }
    }
}
