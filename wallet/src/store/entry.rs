//! What is held, in the form in which it came, and whether it is in its log.

use std::fmt;

use wufu_proto::{
    grant::{CardGrant, DonationReceipt, PersonGrant},
    shard_path::ShardPath,
};

use super::Bytes32;

const FOUND: u8 = 1;
const FOREIGN: u8 = 2;

/// Whether something that was received is in its log, at the place that was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InclusionStatus {
    /// Nobody looked yet: the wallet has not seen the log at an epoch that tells.
    #[default]
    Unconfirmed,
    /// The log has the leaf that this wallet's key comes to.
    Found,
    /// The log has another leaf there. It was made for another address, or for nobody.
    Foreign,
}

impl InclusionStatus {
    /// Its name, for machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Found => "found",
            Self::Foreign => "foreign",
        }
    }

    pub(super) const fn code(self) -> Option<u8> {
        match self {
            Self::Unconfirmed => None,
            Self::Found => Some(FOUND),
            Self::Foreign => Some(FOREIGN),
        }
    }

    pub(super) const fn of(code: Option<u8>) -> Option<Self> {
        match code {
            None => Some(Self::Unconfirmed),
            Some(FOUND) => Some(Self::Found),
            Some(FOREIGN) => Some(Self::Foreign),
            Some(_) => None,
        }
    }
}

/// A card that is held.
#[derive(Clone)]
pub struct CardHolding {
    /// Its commitment, the leaf: 32 bytes.
    pub leaf: Bytes32,
    /// What the issuer sent.
    pub grant: CardGrant,
    /// Whether it is in its log.
    pub standing: InclusionStatus,
}

/// A place in a person log that is held.
#[derive(Clone)]
pub struct PersonHolding {
    /// The leaf: 32 bytes.
    pub leaf: Bytes32,
    /// What the registrar sent.
    pub grant: PersonGrant,
    /// Whether it is in its log.
    pub standing: InclusionStatus,
}

/// A donation that is held.
#[derive(Clone)]
pub struct DonationHolding {
    /// The leaf: 32 bytes.
    pub leaf: Bytes32,
    /// What the charity sent.
    pub receipt: DonationReceipt,
    /// Whether it is in its log.
    pub standing: InclusionStatus,
}

/// A card, a place in a person log, or a donation.
#[derive(Clone, Debug)]
pub enum Holding {
    /// A card.
    Card(CardHolding),
    /// A place in a person log.
    Person(PersonHolding),
    /// A donation.
    Donation(DonationHolding),
}

impl Holding {
    /// The leaf: 32 bytes.
    pub(crate) fn leaf(&self) -> &Bytes32 {
        match self {
            Self::Card(CardHolding { leaf, .. })
            | Self::Person(PersonHolding { leaf, .. })
            | Self::Donation(DonationHolding { leaf, .. }) => leaf,
        }
    }

    /// Where it is in its log, and the epoch of that.
    pub(crate) fn path(&self) -> (&ShardPath, u64) {
        match self {
            Self::Card(card) => (&card.grant.path, card.grant.epoch),
            Self::Person(person) => (&person.grant.path, person.grant.epoch),
            Self::Donation(donation) => (&donation.receipt.path, donation.receipt.epoch),
        }
    }

    /// Whether it is in its log.
    pub fn standing(&self) -> InclusionStatus {
        match self {
            Self::Card(CardHolding { standing, .. })
            | Self::Person(PersonHolding { standing, .. })
            | Self::Donation(DonationHolding { standing, .. }) => *standing,
        }
    }

    pub(crate) fn stand(&mut self, stands: InclusionStatus) {
        match self {
            Self::Card(CardHolding { standing, .. })
            | Self::Person(PersonHolding { standing, .. })
            | Self::Donation(DonationHolding { standing, .. }) => *standing = stands,
        }
    }

    pub(crate) fn renew(&mut self, newer: (ShardPath, u64)) {
        let (path, epoch) = match self {
            Self::Card(card) => (&mut card.grant.path, &mut card.grant.epoch),
            Self::Person(person) => (&mut person.grant.path, &mut person.grant.epoch),
            Self::Donation(donation) => (&mut donation.receipt.path, &mut donation.receipt.epoch),
        };
        (*path, *epoch) = newer;
    }
}

macro_rules! redacted {
    ($($name:ident),+) => {
        // A leaf is what proofs hide.
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}

redacted!(CardHolding, PersonHolding, DonationHolding);
