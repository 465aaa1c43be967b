//! What a wallet receives: cards, a leaf in the person log, donation receipts and gifts.

use core::fmt;

use wufu_circuits::{
    card::{Card, Kind},
    donation::Ownership,
    person::Person,
};
use wufu_verifier::{Amount, Fr, ProjectKey, PublicKey, Record, Time, encoding::field};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{error::ConvertError, read, shard_path::ShardPath, v1};

/// The longest name of a receipt, in bytes.
pub const MAX_RECEIPT: usize = read::MAX_NAME;

/// A card, sent from its issuer to its owner.
#[derive(Clone, PartialEq, Eq)]
pub struct CardGrant {
    /// The campaign.
    pub org: String,
    /// The card.
    pub card: Card,
    /// The card's number among the issued cards.
    pub serial: u64,
    /// The card's path in the card log.
    pub path: ShardPath,
    /// The epoch of the checkpoint that the path belongs to.
    pub epoch: u64,
}

/// A person's leaf in the campaign's person log.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonGrant {
    /// The campaign.
    pub org: String,
    /// The salt that hides the leaf's owner.
    pub person: Person,
    /// The leaf's path in the person log.
    pub path: ShardPath,
    /// The epoch of the checkpoint that the path belongs to.
    pub epoch: u64,
}

/// A donation, sent from the charity to the donor.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct DonationReceipt {
    /// The donation log, such as `org/donations/1`.
    #[zeroize(skip)]
    pub origin: String,
    /// The project that received the donation.
    #[zeroize(skip)]
    pub project: ProjectKey,
    /// The amount.
    #[zeroize(skip)]
    pub amount: Amount,
    /// When the donation was made.
    #[zeroize(skip)]
    pub time: Time,
    /// The receipt's name as the charity wrote it: 1 to [`MAX_RECEIPT`] bytes that
    /// [`wufu_verifier::encoding::text::check_name`] accepts.
    pub receipt: Vec<u8>,
    /// The blinding that hides the donation's owner.
    pub rcm: Fr,
    /// The donation's path in the donation log.
    pub path: ShardPath,
    /// The epoch of the checkpoint that the path belongs to.
    #[zeroize(skip)]
    pub epoch: u64,
}

impl DonationReceipt {
    /// Returns the secret part that ties the donation to its owner.
    pub fn ownership(&self) -> Ownership {
        Ownership::new(&self.receipt, self.rcm)
    }

    /// Returns the public record of this donation, if its owner is `pk`.
    pub fn record(&self, pk: PublicKey) -> Record {
        let Self { project, amount, time, .. } = *self;
        Record { project, amount, time, own: self.ownership().own(pk) }
    }
}

/// A card that a friend gives away.
#[derive(Clone, PartialEq, Eq)]
pub struct CardGift {
    /// The campaign.
    pub org: String,
    /// The card. Its `rho` is the nullifier of the card that was given.
    pub card: Card,
}

macro_rules! redacted {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}

redacted!(CardGrant, PersonGrant, DonationReceipt, CardGift);

pub(crate) fn kind(got: u32) -> Result<Kind, ConvertError> {
    let wrong = ConvertError::Choice { field: "kind", got: got.into(), expected: "0 to 4" };
    usize::try_from(got).ok().and_then(Kind::from_index).ok_or(wrong)
}

pub(crate) fn kind_number(kind: Kind) -> u32 {
    // There are only five kinds.
    kind.index() as u32
}

fn path(path: &Option<v1::ShardPath>) -> Result<ShardPath, ConvertError> {
    read::some("path", path.as_ref())?.try_into()
}

impl TryFrom<v1::CardGrant> for CardGrant {
    type Error = ConvertError;

    fn try_from(message: v1::CardGrant) -> Result<Self, ConvertError> {
        Ok(Self {
            org: read::org("org", &message.org)?,
            card: Card {
                kind: kind(message.kind)?,
                rho: read::element("rho", &message.rho)?,
                rcm: read::element("rcm", &message.rcm)?,
            },
            serial: message.serial,
            path: path(&message.path)?,
            epoch: message.epoch,
        })
    }
}

impl From<&CardGrant> for v1::CardGrant {
    fn from(grant: &CardGrant) -> Self {
        Self {
            org: grant.org.clone(),
            kind: kind_number(grant.card.kind),
            serial: grant.serial,
            rho: field::encode(&grant.card.rho).to_vec(),
            rcm: field::encode(&grant.card.rcm).to_vec(),
            path: Some((&grant.path).into()),
            epoch: grant.epoch,
        }
    }
}

impl TryFrom<v1::PersonGrant> for PersonGrant {
    type Error = ConvertError;

    fn try_from(message: v1::PersonGrant) -> Result<Self, ConvertError> {
        Ok(Self {
            org: read::org("org", &message.org)?,
            person: Person { salt: read::element("salt", &message.salt)? },
            path: path(&message.path)?,
            epoch: message.epoch,
        })
    }
}

impl From<&PersonGrant> for v1::PersonGrant {
    fn from(grant: &PersonGrant) -> Self {
        Self {
            org: grant.org.clone(),
            salt: field::encode(&grant.person.salt).to_vec(),
            path: Some((&grant.path).into()),
            epoch: grant.epoch,
        }
    }
}

impl TryFrom<v1::DonationReceipt> for DonationReceipt {
    type Error = ConvertError;

    fn try_from(message: v1::DonationReceipt) -> Result<Self, ConvertError> {
        read::receipt("receipt", &message.receipt)?;
        Self::held(message)
    }
}

impl DonationReceipt {
    /// Reads a receipt that a wallet stored before. Earlier releases did not check names, and a
    /// wallet keeps its receipts whatever their names are.
    ///
    /// # Errors
    /// Returns an error if a field is out of range.
    pub fn held(message: v1::DonationReceipt) -> Result<Self, ConvertError> {
        read::length("receipt", message.receipt.len(), 1, read::MAX_NAME)?;
        Ok(Self {
            origin: read::origin("origin", &message.origin)?,
            project: ProjectKey::from_u64(message.project_key)?,
            amount: Amount::new(message.amount)?,
            time: Time::new(message.time)?,
            receipt: message.receipt.clone(),
            rcm: read::element("rcm", &message.rcm)?,
            path: path(&message.path)?,
            epoch: message.epoch,
        })
    }
}

impl From<&DonationReceipt> for v1::DonationReceipt {
    fn from(receipt: &DonationReceipt) -> Self {
        Self {
            origin: receipt.origin.clone(),
            project_key: receipt.project.to_u64(),
            amount: receipt.amount.minor(),
            time: receipt.time.seconds(),
            receipt: receipt.receipt.clone(),
            rcm: field::encode(&receipt.rcm).to_vec(),
            path: Some((&receipt.path).into()),
            epoch: receipt.epoch,
        }
    }
}

impl TryFrom<v1::Gift> for CardGift {
    type Error = ConvertError;

    fn try_from(message: v1::Gift) -> Result<Self, ConvertError> {
        Ok(Self {
            org: read::org("org", &message.org)?,
            card: Card {
                kind: kind(message.kind)?,
                rho: read::element("rho", &message.rho)?,
                rcm: read::element("rcm", &message.rcm)?,
            },
        })
    }
}

impl From<&CardGift> for v1::Gift {
    fn from(gift: &CardGift) -> Self {
        Self {
            org: gift.org.clone(),
            kind: kind_number(gift.card.kind),
            rho: field::encode(&gift.card.rho).to_vec(),
            rcm: field::encode(&gift.card.rcm).to_vec(),
        }
    }
}
