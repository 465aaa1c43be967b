//! The items that a store holds, in the form in which they came, and whether they are in their
//! logs.

use std::fmt;

use wufu_proto::{
    grant::{CardGrant, DonationReceipt, PersonGrant},
    shard_path::ShardPath,
};

use super::Bytes32;

const FOUND: u8 = 1;
const FOREIGN: u8 = 2;

/// Whether a received item is in its log, at the stated place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InclusionStatus {
    /// Not known yet: the wallet has not read the log at an epoch that tells.
    #[default]
    Unconfirmed,
    /// The log has the leaf that follows from this wallet's key.
    Found,
    /// The log has another leaf there, so the item was made for another address, or for nobody.
    Foreign,
}

impl InclusionStatus {
    /// The name, for programs.
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

/// A card that the wallet holds.
#[derive(Clone)]
pub struct CardHolding {
    /// The card's commitment, which is the leaf: 32 bytes.
    pub leaf: Bytes32,
    /// The grant that the issuer sent.
    pub grant: CardGrant,
    /// Whether the item is in its log.
    pub standing: InclusionStatus,
}

/// A place in a person log that the wallet holds.
#[derive(Clone)]
pub struct PersonHolding {
    /// The leaf: 32 bytes.
    pub leaf: Bytes32,
    /// The grant that the registrar sent.
    pub grant: PersonGrant,
    /// Whether the item is in its log.
    pub standing: InclusionStatus,
}

/// A donation that the wallet holds.
#[derive(Clone)]
pub struct DonationHolding {
    /// The leaf: 32 bytes.
    pub leaf: Bytes32,
    /// The receipt that the charity sent.
    pub receipt: DonationReceipt,
    /// Whether the item is in its log.
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

    /// The path in the log, and the epoch of the path.
    pub(crate) fn path(&self) -> (&ShardPath, u64) {
        match self {
            Self::Card(card) => (&card.grant.path, card.grant.epoch),
            Self::Person(person) => (&person.grant.path, person.grant.epoch),
            Self::Donation(donation) => (&donation.receipt.path, donation.receipt.epoch),
        }
    }

    /// Whether the item is in its log.
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
        // Proofs hide the leaf, so `Debug` does not print it.
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}

redacted!(CardHolding, PersonHolding, DonationHolding);
