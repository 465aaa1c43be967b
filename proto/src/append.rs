//! What an operator appends for people, and the grants that come back.

use core::fmt;

use wufu_circuits::{address::Address, card::Kind};
use wufu_verifier::{Amount, Time};

use crate::{
    error::ConvertError,
    grant::{self, CardGrant, DonationReceipt, PersonGrant},
    read, v1,
};

pub use crate::limits::MAX_ENTRIES;

/// A card to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardIssue {
    /// Who gets the card.
    pub address: Address,
    /// The kind of card.
    pub kind: Kind,
    /// The card's number. Without it, the ledger takes the next one.
    pub serial: Option<u64>,
}

/// A donation to enter.
#[derive(Clone, PartialEq, Eq)]
pub struct DonationEntry {
    /// The donor.
    pub address: Address,
    /// The receipt's name, unique in the ledger. See [`wufu_verifier::encoding::text::check_name`].
    pub receipt: Vec<u8>,
    /// The institution's name.
    pub institution: String,
    /// The project's name.
    pub project: String,
    /// The amount.
    pub amount: Amount,
    /// When the donation was made.
    pub time: Time,
}

impl fmt::Debug for DonationEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DonationEntry(..)")
    }
}

/// What to append, all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Append {
    /// Cards to issue.
    pub cards: Vec<CardIssue>,
    /// Persons to register.
    pub persons: Vec<Address>,
    /// Donations to enter.
    pub donations: Vec<DonationEntry>,
}

/// The grants for what was appended, in the order of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppendOutcome {
    /// For the owners of the cards.
    pub cards: Vec<CardGrant>,
    /// For the persons.
    pub persons: Vec<PersonGrant>,
    /// For the donors.
    pub donations: Vec<DonationReceipt>,
}

fn address(address: &Option<v1::Address>) -> Result<Address, ConvertError> {
    read::some("address", address.as_ref())?.try_into()
}

impl TryFrom<v1::CardIssue> for CardIssue {
    type Error = ConvertError;

    fn try_from(message: v1::CardIssue) -> Result<Self, ConvertError> {
        Ok(Self {
            address: address(&message.address)?,
            kind: grant::kind(message.kind)?,
            serial: message.serial,
        })
    }
}

impl From<&CardIssue> for v1::CardIssue {
    fn from(issue: &CardIssue) -> Self {
        Self {
            address: Some((&issue.address).into()),
            kind: grant::kind_number(issue.kind),
            serial: issue.serial,
        }
    }
}

impl TryFrom<v1::PersonRegistration> for Address {
    type Error = ConvertError;

    fn try_from(message: v1::PersonRegistration) -> Result<Self, ConvertError> {
        address(&message.address)
    }
}

impl From<&Address> for v1::PersonRegistration {
    fn from(address: &Address) -> Self {
        Self { address: Some(address.into()) }
    }
}

impl TryFrom<v1::DonationEntry> for DonationEntry {
    type Error = ConvertError;

    fn try_from(message: v1::DonationEntry) -> Result<Self, ConvertError> {
        Ok(Self {
            address: address(&message.address)?,
            receipt: read::receipt("receipt", &message.receipt)?,
            institution: read::name("institution", &message.institution)?,
            project: read::name("project", &message.project)?,
            amount: Amount::new(message.amount)?,
            time: Time::new(message.time)?,
        })
    }
}

impl From<&DonationEntry> for v1::DonationEntry {
    fn from(entry: &DonationEntry) -> Self {
        Self {
            address: Some((&entry.address).into()),
            receipt: entry.receipt.clone(),
            institution: entry.institution.clone(),
            project: entry.project.clone(),
            amount: entry.amount.minor(),
            time: entry.time.seconds(),
        }
    }
}

impl TryFrom<v1::AppendRequest> for Append {
    type Error = ConvertError;

    fn try_from(message: v1::AppendRequest) -> Result<Self, ConvertError> {
        let v1::AppendRequest { cards, persons, donations } = message;
        let entries = cards.len().saturating_add(persons.len()).saturating_add(donations.len());
        read::count("entries", entries, 1, MAX_ENTRIES)?;
        Ok(Self {
            cards: cards.into_iter().map(CardIssue::try_from).collect::<Result<_, _>>()?,
            persons: persons.into_iter().map(Address::try_from).collect::<Result<_, _>>()?,
            donations: donations
                .into_iter()
                .map(DonationEntry::try_from)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl From<&Append> for v1::AppendRequest {
    fn from(append: &Append) -> Self {
        Self {
            cards: append.cards.iter().map(v1::CardIssue::from).collect(),
            persons: append.persons.iter().map(v1::PersonRegistration::from).collect(),
            donations: append.donations.iter().map(v1::DonationEntry::from).collect(),
        }
    }
}

impl TryFrom<v1::AppendResponse> for AppendOutcome {
    type Error = ConvertError;

    fn try_from(message: v1::AppendResponse) -> Result<Self, ConvertError> {
        let v1::AppendResponse { cards, persons, donations } = message;
        Ok(Self {
            cards: cards.into_iter().map(CardGrant::try_from).collect::<Result<_, _>>()?,
            persons: persons.into_iter().map(PersonGrant::try_from).collect::<Result<_, _>>()?,
            donations: donations
                .into_iter()
                .map(DonationReceipt::try_from)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl From<&AppendOutcome> for v1::AppendResponse {
    fn from(appended: &AppendOutcome) -> Self {
        Self {
            cards: appended.cards.iter().map(v1::CardGrant::from).collect(),
            persons: appended.persons.iter().map(v1::PersonGrant::from).collect(),
            donations: appended.donations.iter().map(v1::DonationReceipt::from).collect(),
        }
    }
}
