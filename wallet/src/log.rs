//! Names of logs.

use std::{fmt, str::FromStr};

use wufu_verifier::{
    encoding::text,
    hash::merkle::{CARD_DEPTH, DONATION_DEPTH, PERSON_DEPTH, SHARD_DEPTH},
};

/// Which of an org's logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogKind {
    /// A campaign's cards.
    Cards,
    /// A campaign's persons.
    Persons,
    /// A charity's donations; a full log is followed by the next, from 1.
    Donations(u32),
}

impl LogKind {
    /// Levels of the log's tree.
    pub const fn depth(self) -> usize {
        match self {
            Self::Cards => CARD_DEPTH,
            Self::Persons => PERSON_DEPTH,
            Self::Donations(_) => DONATION_DEPTH,
        }
    }

    /// Levels of its roof.
    pub const fn roof_depth(self) -> usize {
        self.depth() - SHARD_DEPTH
    }
}

/// A log of an org. Its text, the origin, is `org/cards`, `org/persons` or `org/donations/1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogName {
    /// The campaign or charity.
    pub org: String,
    /// Which of its logs.
    pub kind: LogKind,
}

/// The text names no log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is not a log, expected org/cards, org/persons or org/donations/1")]
pub struct LogNameError {
    /// The text.
    pub got: String,
}

impl LogName {
    /// A campaign's card log.
    pub fn cards(org: &str) -> Self {
        Self { org: org.into(), kind: LogKind::Cards }
    }

    /// A campaign's person log.
    pub fn persons(org: &str) -> Self {
        Self { org: org.into(), kind: LogKind::Persons }
    }

    /// A charity's donation log of this number.
    pub fn donations(org: &str, number: u32) -> Self {
        Self { org: org.into(), kind: LogKind::Donations(number) }
    }
}

/// The text names no log of donations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{got:?} is not a log of donations, expected ORG/donations/N, with N from 1 and without leading zeros, \
     such as cerf/donations/1"
)]
pub struct DonationLogError {
    /// The text.
    pub got: String,
}

impl LogName {
    /// The donation log that a request asks about: whoever writes a request and whoever answers it read its name here.
    ///
    /// # Errors
    /// When the text names no log, or a log of cards or persons.
    pub fn parse_donations(text: &str) -> Result<Self, DonationLogError> {
        let name = text.parse::<Self>().ok();
        let name = name.filter(|name| matches!(name.kind, LogKind::Donations(_)));
        name.ok_or_else(|| DonationLogError { got: text.into() })
    }
}

impl FromStr for LogName {
    type Err = LogNameError;

    fn from_str(text: &str) -> Result<Self, LogNameError> {
        let found = match text.rsplit_once('/') {
            Some((org, "cards")) => Some((org, LogKind::Cards)),
            Some((org, "persons")) => Some((org, LogKind::Persons)),
            Some((rest, number)) => rest
                .strip_suffix("/donations")
                .and_then(|org| Some((org, LogKind::Donations(number.parse().ok()?)))),
            None => None,
        };
        let name = found.map(|(org, kind)| Self { org: org.into(), kind });
        // One log, one text: "+1" and "01" are none.
        let name = name.filter(|name| {
            let is_one = name.kind != LogKind::Donations(0) && name.to_string() == text;
            is_one && text::check_word(&name.org).is_ok()
        });
        name.ok_or_else(|| LogNameError { got: text.into() })
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            LogKind::Cards => write!(f, "{}/cards", self.org),
            LogKind::Persons => write!(f, "{}/persons", self.org),
            LogKind::Donations(number) => write!(f, "{}/donations/{number}", self.org),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_one_text() {
        let names = [
            LogName::cards("wufu"),
            LogName::persons("example.org/wufu"),
            LogName::donations("cerf", 1),
            LogName::donations("a/donations/1", 12),
        ];
        for name in names {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        let none = ["", "cards", "/cards", "wufu", "wufu/", "wufu/Cards", "wufu/donations"];
        let numbers =
            ["cerf/donations/0", "cerf/donations/01", "cerf/donations/+1", "/donations/1"];
        // FAILURES.md, row 53: logs whose names look like others.
        let hidden = ["wu\u{200b}fu/cards", "wufu\u{ad}/cards", "cafe\u{301}/cards", "wu fu/cards"];
        for text in ["wufu/cards", "wufu/persons"].into_iter().chain(none).chain(numbers) {
            assert_eq!(LogName::parse_donations(text), Err(DonationLogError { got: text.into() }));
        }
        let cerf = LogName::donations("cerf", 1);
        assert_eq!(LogName::parse_donations("cerf/donations/1"), Ok(cerf));
        for text in none.into_iter().chain(numbers).chain(hidden) {
            assert_eq!(text.parse::<LogName>(), Err(LogNameError { got: text.into() }));
        }
    }
}
