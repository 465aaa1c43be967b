//! The format of a file: the operator states it, so that the reader does not guess.

use std::{fmt, str::FromStr};

use wufu_verifier::Time;

use super::{amount::DecimalMark, columns::Columns, date::Zone};

/// The format of a file of donations.
#[derive(Clone, Debug, Default)]
pub struct CsvFormat {
    /// Which column contains what.
    pub columns: Columns,
    /// The character between cells.
    pub delimiter: Delimiter,
    /// The character before the decimals of an amount.
    pub decimal_mark: DecimalMark,
    /// The zone of dates, and of times without an offset. Without it, such a time is refused, and a
    /// date begins in UTC.
    pub zone: Option<Zone>,
    /// The time of the import. Later dates are refused, unless this is `None`.
    pub now: Option<Time>,
    /// What is part of a receipt's name in addition to its cell.
    pub receipt_key: ReceiptKey,
    /// Whether a quoted cell may span lines.
    pub is_multiline: bool,
}

impl From<Columns> for CsvFormat {
    fn from(columns: Columns) -> Self {
        Self { columns, ..Self::default() }
    }
}

/// The character between cells, which is ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter(u8);

/// The text is not a delimiter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is not a delimiter, expected ',', ';', '|', ':' or tab")]
pub struct DelimiterError {
    /// The given text.
    pub got: String,
}

impl Delimiter {
    pub(crate) const fn byte(self) -> u8 {
        self.0
    }
}

impl Default for Delimiter {
    fn default() -> Self {
        Self(b',')
    }
}

impl FromStr for Delimiter {
    type Err = DelimiterError;

    fn from_str(text: &str) -> Result<Self, DelimiterError> {
        match text {
            "," | ";" | "|" | ":" | "\t" => {
                Ok(Self(text.as_bytes().first().copied().unwrap_or(b',')))
            }
            "tab" | "\\t" => Ok(Self(b'\t')),
            _ => Err(DelimiterError { got: text.into() }),
        }
    }
}

/// What is part of a receipt's name in addition to its cell. It is for charities whose numbers
/// restart each year or in each institution.
///
/// # Shapes
/// `YEAR/RECEIPT`, `INSTITUTION/RECEIPT` or `INSTITUTION/YEAR/RECEIPT`. The year is the one in the
/// date's cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiptKey {
    /// Whether the year is part of the name.
    pub year: bool,
    /// Whether the institution's name is part of the name.
    pub institution: bool,
}

/// The text is not a part of a receipt's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is not a part of a receipt's name, expected year or institution")]
pub struct ReceiptKeyError {
    /// The given text.
    pub got: String,
}

impl ReceiptKey {
    /// Every form of a receipt's name.
    pub(crate) const FORMS: [Self; 4] = [
        Self { year: false, institution: false },
        Self { year: true, institution: false },
        Self { year: false, institution: true },
        Self { year: true, institution: true },
    ];

    /// A receipt's name. `date` is the date's cell, which begins with four digits.
    pub(crate) fn name(self, receipt: &str, institution: &str, date: &str) -> String {
        let institution = if self.institution { &[institution, "/"][..] } else { &[] };
        let year = if self.year { &[date.get(..4).unwrap_or_default(), "/"][..] } else { &[] };
        [institution, year, &[receipt]].concat().concat()
    }

    /// Includes whatever either of the two includes.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { year: self.year || other.year, institution: self.institution || other.institution }
    }
}

/// Shows the option that asks for this form, such as `--receipt-key year`.
impl fmt::Display for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.year, self.institution) {
            (false, false) => "no --receipt-key",
            (true, false) => "--receipt-key year",
            (false, true) => "--receipt-key institution",
            (true, true) => "--receipt-key year,institution",
        })
    }
}

impl FromStr for ReceiptKey {
    type Err = ReceiptKeyError;

    fn from_str(text: &str) -> Result<Self, ReceiptKeyError> {
        match text {
            "year" => Ok(Self { year: true, institution: false }),
            "institution" => Ok(Self { year: false, institution: true }),
            _ => Err(ReceiptKeyError { got: text.into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_and_keys_are_read_strictly() {
        for (text, byte) in [(",", b','), (";", b';'), ("|", b'|'), ("tab", b'\t'), ("\\t", b'\t')]
        {
            assert_eq!(text.parse::<Delimiter>().map(Delimiter::byte), Ok(byte));
        }
        for bad in ["", "\"", ".", "-", "0", "a", ";;", " ", "\n", "；"] {
            assert_eq!(bad.parse::<Delimiter>(), Err(DelimiterError { got: bad.into() }));
        }
        let key = |text: &str| text.parse::<ReceiptKey>().unwrap();
        let name = |key: ReceiptKey| key.name("001", "Red Cross", "2019-03-04");
        assert_eq!(name(ReceiptKey::default()), "001");
        assert_eq!(name(key("year")), "2019/001");
        assert_eq!(name(key("institution")), "Red Cross/001");
        assert_eq!(name(key("year").with(key("institution"))), "Red Cross/2019/001");
        assert!("month".parse::<ReceiptKey>().is_err());
        // The form that is shown can be typed as an option.
        for form in ReceiptKey::FORMS {
            let shown = form.to_string();
            let keys =
                shown.strip_prefix("--receipt-key ").into_iter().flat_map(|keys| keys.split(','));
            assert_eq!(keys.map(key).fold(ReceiptKey::default(), ReceiptKey::with), form);
        }
    }
}
