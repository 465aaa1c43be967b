//! The logs of an org.

use wufu_verifier::hash::merkle::{CARD_DEPTH, DONATION_DEPTH, PERSON_DEPTH};

/// One of the logs that an org keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Log {
    /// Cards: leaves are commitments.
    Cards,
    /// Persons of the campaign.
    Persons,
    /// Donations: entries are public records. (The first of them; a full log will be followed by `donations/2`.)
    Donations,
}

impl Log {
    /// Every log.
    pub const ALL: [Self; 3] = [Self::Cards, Self::Persons, Self::Donations];

    /// What follows the org in its origin.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cards => "cards",
            Self::Persons => "persons",
            Self::Donations => "donations/1",
        }
    }

    /// Levels of its tree.
    pub const fn depth(self) -> usize {
        match self {
            Self::Cards => CARD_DEPTH,
            Self::Persons => PERSON_DEPTH,
            Self::Donations => DONATION_DEPTH,
        }
    }

    /// How many leaves it holds at the most.
    pub const fn capacity(self) -> u64 {
        1 << (2 * self.depth())
    }

    /// Its origin, `org/log`.
    pub fn origin(self, org: &str) -> String {
        format!("{org}/{}", self.name())
    }

    /// The log of `org` with this origin.
    pub fn from_origin(org: &str, origin: &str) -> Option<Self> {
        let name = origin.strip_prefix(org)?.strip_prefix('/')?;
        Self::ALL.into_iter().find(|log| log.name() == name)
    }

    /// Its number in the database.
    pub(crate) const fn id(self) -> i64 {
        match self {
            Self::Cards => 1,
            Self::Persons => 2,
            Self::Donations => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_names_one_log_of_one_org() {
        for log in Log::ALL {
            assert_eq!(Log::from_origin("wufu", &log.origin("wufu")), Some(log));
            assert_eq!(Log::from_origin("wuf", &log.origin("wufu")), None);
        }
        for other in ["wufu", "wufu/", "wufucards", "wufu/donations/2", "wufu/cards/"] {
            assert_eq!(Log::from_origin("wufu", other), None, "{other}");
        }
        assert_eq!(Log::Donations.capacity(), 1 << 28);
    }
}
