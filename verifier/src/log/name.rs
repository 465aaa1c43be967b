//! The logs that an organisation keeps, and their names.

use alloc::{
    format,
    string::{String, ToString},
};
use core::{fmt, str::FromStr};

use crate::{
    encoding::{decimal, text},
    hash::merkle::{CARD_DEPTH, DONATION_DEPTH, PERSON_DEPTH, SHARD_DEPTH},
};

/// One of an organisation's logs. Its text is what follows the organisation in the origin: `cards`,
/// `persons` or `donations/1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Log {
    /// A campaign's cards. Leaves are commitments.
    Cards,
    /// A campaign's persons.
    Persons,
    /// A charity's donations. Entries are public records. When a log is full the next one follows;
    /// numbers count from 1.
    Donations(u64),
}

impl Log {
    /// The first donation log.
    pub const DONATIONS: Self = Self::Donations(1);

    /// The logs that an organisation keeps until its first donation log is full.
    pub const ALL: [Self; 3] = [Self::Cards, Self::Persons, Self::DONATIONS];

    /// Returns the log with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "cards" => Some(Self::Cards),
            "persons" => Some(Self::Persons),
            _ => {
                let number = decimal::parse(name.strip_prefix("donations/")?)?;
                (number > 0).then_some(Self::Donations(number))
            }
        }
    }

    /// Returns the log's origin, `org/log`.
    pub fn origin(self, org: &str) -> String {
        format!("{org}/{self}")
    }

    /// Returns the log of `org` with this origin.
    pub fn from_origin(org: &str, origin: &str) -> Option<Self> {
        Self::from_name(origin.strip_prefix(org)?.strip_prefix('/')?)
    }

    /// The number of levels of its tree.
    pub const fn depth(self) -> usize {
        match self {
            Self::Cards => CARD_DEPTH,
            Self::Persons => PERSON_DEPTH,
            Self::Donations(_) => DONATION_DEPTH,
        }
    }

    /// The number of levels of its roof.
    pub const fn roof_depth(self) -> usize {
        self.depth() - SHARD_DEPTH
    }

    /// The largest number of leaves.
    pub const fn capacity(self) -> u64 {
        1 << (2 * self.depth())
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cards => f.write_str("cards"),
            Self::Persons => f.write_str("persons"),
            Self::Donations(number) => write!(f, "donations/{number}"),
        }
    }
}

/// A log of an organisation. Its text, the origin, is `org/cards`, `org/persons` or
/// `org/donations/1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogName {
    /// The campaign or charity.
    pub org: String,
    /// The log.
    pub log: Log,
}

/// A text does not name a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogNameError {
    /// The text.
    pub got: String,
}

impl fmt::Display for LogNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { got } = self;
        write!(f, "{got:?} is not a log, expected org/cards, org/persons or org/donations/1")
    }
}

impl core::error::Error for LogNameError {}

/// A text does not name a donation log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DonationLogError {
    /// The text.
    pub got: String,
}

impl fmt::Display for DonationLogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { got } = self;
        write!(
            f,
            "{got:?} is not a log of donations, expected ORG/donations/N, with N from 1 and without \
             leading zeros, such as cerf/donations/1"
        )
    }
}

impl core::error::Error for DonationLogError {}

impl LogName {
    /// Returns a campaign's card log.
    pub fn cards(org: &str) -> Self {
        Self { org: org.into(), log: Log::Cards }
    }

    /// Returns a campaign's person log.
    pub fn persons(org: &str) -> Self {
        Self { org: org.into(), log: Log::Persons }
    }

    /// Returns a charity's donation log of this number.
    pub fn donations(org: &str, number: u64) -> Self {
        Self { org: org.into(), log: Log::Donations(number) }
    }

    /// Whether it is a donation log.
    pub fn is_donations(&self) -> bool {
        matches!(self.log, Log::Donations(_))
    }

    /// Parses the name of the donation log that a request asks about. Authors and readers of
    /// requests both use this function.
    ///
    /// # Errors
    /// Returns an error if the text does not name a log, or names a card or person log.
    pub fn parse_donations(text: &str) -> Result<Self, DonationLogError> {
        let name = text.parse::<Self>().ok();
        let name = name.filter(Self::is_donations);
        name.ok_or_else(|| DonationLogError { got: text.to_string() })
    }
}

impl FromStr for LogName {
    type Err = LogNameError;

    fn from_str(text: &str) -> Result<Self, LogNameError> {
        let name = split(text).map(|(org, log)| Self { org: org.into(), log });
        let name = name.filter(|name| text::check_word(&name.org).is_ok());
        name.ok_or_else(|| LogNameError { got: text.into() })
    }
}

/// An organisation's name may hold slashes, so the log is what the origin ends with.
fn split(origin: &str) -> Option<(&str, Log)> {
    let (front, last) = origin.rsplit_once('/')?;
    match Log::from_name(last) {
        Some(log) => Some((front, log)),
        None => {
            let org = front.strip_suffix("/donations")?;
            Some((org, Log::from_origin(org, origin)?))
        }
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.org, self.log)
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
            LogName::cards("a/donations"),
        ];
        for name in names {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        let none = ["", "cards", "/cards", "wufu", "wufu/", "wufu/Cards", "wufu/donations"];
        let numbers =
            ["cerf/donations/0", "cerf/donations/01", "cerf/donations/+1", "/donations/1"];
        // Logs whose names look like others.
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

    #[test]
    fn an_origin_names_one_log_of_one_org() {
        for log in [Log::Cards, Log::Persons, Log::Donations(1), Log::Donations(u64::MAX)] {
            assert_eq!(Log::from_origin("wufu", &log.origin("wufu")), Some(log));
            assert_eq!(Log::from_origin("wuf", &log.origin("wufu")), None);
        }
        for other in ["wufu", "wufu/", "wufucards", "wufu/donations/", "wufu/cards/"] {
            assert_eq!(Log::from_origin("wufu", other), None, "{other}");
        }
        assert_eq!(Log::Donations(1).capacity(), 1 << 28);
    }
}
