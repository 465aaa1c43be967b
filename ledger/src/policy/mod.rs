//! The rules of a ledger: a small JSON file that the operator writes once.

pub(crate) mod money;

use std::{
    fmt, fs,
    io::{self, Read as _},
    path::Path,
    str::FromStr,
};

use iso_currency::Currency;
use serde::{Deserialize, Serialize};
use wufu_verifier::{
    encoding::text::{self, NameError, QuotedText},
    log::history::Window,
};

/// Most bytes of a policy file.
const MAX_FILE: u64 = 64 * 1024;
/// Longest name of an org, in bytes.
const MAX_ORG: usize = 200;

/// Whose ledger it is, and its rules.
///
/// # Shapes
/// As a file: `{"org":"wufu","epoch_seconds":600,"window_seconds":3600,"currency":"CNY","production":false}`; all but `org`
/// may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerPolicy {
    /// The campaign or charity: the first part of every origin, and the name of the log key.
    pub org: String,
    /// Length of an epoch: how often a log may sign a checkpoint.
    #[serde(default = "ten_minutes")]
    pub epoch_seconds: u64,
    /// For how long a replaced root counts.
    #[serde(default = "an_hour")]
    pub window_seconds: u64,
    /// The one currency of the donation log, by its ISO 4217 code. Without it there are no donations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<CurrencyCode>,
    /// Whether real people use it: then development keys and made-up owners are refused.
    #[serde(default)]
    pub production: bool,
}

fn ten_minutes() -> u64 {
    600
}

fn an_hour() -> u64 {
    3600
}

/// Why rules are none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFileError {
    /// The file cannot be read or written.
    #[error("the rules cannot be read: {0}")]
    File(#[from] io::Error),
    /// It holds nothing.
    #[error("the rules are empty ({got} bytes), expected JSON: bring the file back from a backup")]
    Empty {
        /// Its length in bytes.
        got: usize,
    },
    /// It begins with a byte-order mark.
    #[error(
        "the rules begin with a byte-order mark (ef bb bf), expected JSON: save the file without it"
    )]
    Mark,
    /// It is not JSON of the right form.
    #[error("the rules are not JSON of the expected form: {0}")]
    Form(#[from] serde_json::Error),
    /// The org's name cannot stand in an origin.
    #[error(
        "org is {}, expected 1 to 200 bytes without white space, control signs, plus and slash",
        QuotedText(.got)
    )]
    Org {
        /// The name.
        got: String,
    },
    /// The org's name is none that may be shown.
    #[error("org is {}, which {error}", QuotedText(.got))]
    Name {
        /// The name.
        got: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// An epoch of no length, or of more than a day.
    #[error("epoch_seconds is {got}, expected 1 to 86400")]
    Epoch {
        /// The length.
        got: u64,
    },
    /// A window of more than thirty days.
    #[error("window_seconds is {got}, expected at most 2592000")]
    Window {
        /// The length.
        got: u64,
    },
}

impl LedgerPolicy {
    /// The rules of `org` as they are unless it says otherwise: epochs of ten minutes, a window of an hour, no donations.
    pub fn new(org: &str) -> Self {
        Self {
            org: org.into(),
            epoch_seconds: ten_minutes(),
            window_seconds: an_hour(),
            currency: None,
            production: false,
        }
    }

    /// Reads a policy file.
    ///
    /// # Errors
    /// When it cannot be read, has another form, or a value is out of its bounds.
    pub fn read(file: &Path) -> Result<Self, PolicyFileError> {
        let mut bytes = Vec::new();
        // A longer one is cut off, and then no policy.
        fs::File::open(file)?.take(MAX_FILE).read_to_end(&mut bytes)?;
        if bytes.trim_ascii().is_empty() {
            return Err(PolicyFileError::Empty { got: bytes.len() });
        }
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(PolicyFileError::Mark);
        }
        let policy: Self = serde_json::from_slice(&bytes)?;
        policy.check()?;
        Ok(policy)
    }

    /// Checks the bounds of every value.
    ///
    /// # Errors
    /// When one is out of them.
    pub fn check(&self) -> Result<(), PolicyFileError> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+' || c == '/';
        if self.org.is_empty() || self.org.len() > MAX_ORG || self.org.contains(bad) {
            return Err(PolicyFileError::Org { got: self.org.clone() });
        }
        let name = |error| PolicyFileError::Name { got: self.org.clone(), error };
        text::check_word(&self.org).map_err(name)?;
        if !(1..=86_400).contains(&self.epoch_seconds) {
            return Err(PolicyFileError::Epoch { got: self.epoch_seconds });
        }
        if self.window_seconds > 30 * 86_400 {
            return Err(PolicyFileError::Window { got: self.window_seconds });
        }
        Ok(())
    }

    /// The file's text.
    pub(crate) fn to_json(&self) -> Result<String, PolicyFileError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// For how long a replaced root counts.
    pub fn window(&self) -> Window {
        Window(self.window_seconds)
    }

    /// The epoch at `now`, in Unix seconds.
    pub fn epoch(&self, now: u64) -> u64 {
        now / self.epoch_seconds.max(1)
    }
}

/// A currency of ISO 4217 that has minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CurrencyCode(Currency);

/// The code is none of ISO 4217, or of something that has no minor unit, like gold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("currency is {got:?}, expected a code of ISO 4217 such as CNY or USD")]
pub struct CurrencyError {
    /// The code.
    pub got: String,
}

impl CurrencyCode {
    /// The code, three capital letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of its minor unit: 2 for CNY, 0 for JPY.
    pub fn decimals(self) -> u16 {
        self.0.exponent().unwrap_or_default()
    }
}

impl FromStr for CurrencyCode {
    type Err = CurrencyError;

    fn from_str(code: &str) -> Result<Self, CurrencyError> {
        let found = Currency::from_code(code).filter(|found| found.exponent().is_some());
        found.map(Self).ok_or_else(|| CurrencyError { got: code.into() })
    }
}

impl TryFrom<String> for CurrencyCode {
    type Error = CurrencyError;

    fn try_from(code: String) -> Result<Self, CurrencyError> {
        code.parse()
    }
}

impl From<CurrencyCode> for String {
    fn from(currency: CurrencyCode) -> Self {
        currency.code().into()
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_name_the_org_alone_and_nothing_unknown() {
        let read = |text: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), text).unwrap();
            LedgerPolicy::read(file.path())
        };
        assert_eq!(read(r#"{"org":"wufu"}"#).unwrap(), LedgerPolicy::new("wufu"));
        let mut full = LedgerPolicy::new("wufu");
        full.currency = Some("CNY".parse().unwrap());
        full.epoch_seconds = 1;
        full.production = true;
        assert_eq!(read(&full.to_json().unwrap()).unwrap(), full);
        for (bad, why) in [
            (r#"{"org":"wufu","epochs":3}"#, "unknown field"),
            (r#"{"org":"wu fu"}"#, "org is \"wu fu\""),
            (r#"{"org":"wu/fu"}"#, "org is"),
            (r#"{"org":""}"#, "org is"),
            // docs/failures.md, row 53: the org stands in every origin, is hashed into every key, and is printed.
            (
                "{\"org\":\"wu\u{200b}fu\"}",
                "org is \"wu\\u{200b}fu\", which holds U+200B at character 3",
            ),
            ("{\"org\":\"a\u{ad}\"}", "holds U+00AD at character 2"),
            (
                "{\"org\":\"cafe\u{301}\"}",
                "is not in Unicode normal form NFC at character 4 (U+0065)",
            ),
            (r#"{"org":"a","epoch_seconds":0}"#, "epoch_seconds is 0, expected 1 to 86400"),
            (r#"{"org":"a","epoch_seconds":-1}"#, "invalid value"),
            (r#"{"org":"a","window_seconds":2592001}"#, "window_seconds is 2592001"),
            (r#"{"org":"a","currency":"RMB"}"#, "currency is \"RMB\""),
            (r#"{"org":"a","currency":"XAU"}"#, "currency is \"XAU\""),
        ] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn decimals_are_those_of_iso_4217() {
        for (code, decimals) in [("CNY", 2), ("USD", 2), ("JPY", 0), ("KWD", 3)] {
            assert_eq!(code.parse::<CurrencyCode>().unwrap().decimals(), decimals, "{code}");
        }
    }
}
