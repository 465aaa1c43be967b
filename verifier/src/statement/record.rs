//! The public entry of a donation, and its numbers.

use alloc::vec::Vec;
use core::fmt;

use ark_bn254::Fr;

use crate::{
    encoding::field::{self, FieldError},
    hash::{
        domain::Domain,
        poseidon::{hash3, hash3_many, hash4, hash4_many},
    },
};

/// Errors from reading a record or one of its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// An amount of 2^48 minor units or more.
    Amount {
        /// The amount.
        got: u64,
    },
    /// A time of 2^40 seconds or more.
    Time {
        /// The time.
        got: u64,
    },
    /// Institution or project has the id 0; ids count from 1.
    ProjectKey {
        /// The key.
        got: u64,
    },
    /// A record has the wrong length.
    Length {
        /// The number of bytes.
        got: usize,
    },
    /// `own` is not a field element.
    Field(FieldError),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount { got } => write!(f, "amount is {got} minor units, expected below 2^48"),
            Self::Time { got } => write!(f, "time is {got} seconds, expected below 2^40"),
            Self::ProjectKey { got } => {
                write!(f, "project key is {got:#x}, expected institution and project from 1")
            }
            Self::Length { got } => write!(f, "record is {got} bytes, expected {}", Record::BYTES),
            Self::Field(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RecordError {}

/// Money, in the minor unit of the log's currency (fen, cent), below 2^48. Zero is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

impl Amount {
    /// The number of bits that an amount fits in.
    pub const BITS: usize = 48;
    /// The smallest amount.
    pub const MIN: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self((1 << Self::BITS) - 1);

    /// Creates an amount of `minor` units.
    ///
    /// # Errors
    /// Returns an error if it is 2^48 or more.
    pub const fn new(minor: u64) -> Result<Self, RecordError> {
        if minor > Self::MAX.0 { Err(RecordError::Amount { got: minor }) } else { Ok(Self(minor)) }
    }

    /// The number of minor units.
    pub const fn minor(self) -> u64 {
        self.0
    }
}

/// Unix seconds, below 2^40.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The number of bits that a time fits in.
    pub const BITS: usize = 40;
    /// 1 January 1970.
    pub const MIN: Self = Self(0);
    /// The latest time.
    pub const MAX: Self = Self((1 << Self::BITS) - 1);

    /// Creates the time `seconds` after 1 January 1970, UTC.
    ///
    /// # Errors
    /// Returns an error if it is 2^40 or more.
    pub const fn new(seconds: u64) -> Result<Self, RecordError> {
        if seconds > Self::MAX.0 {
            Err(RecordError::Time { got: seconds })
        } else {
            Ok(Self(seconds))
        }
    }

    /// The Unix seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

/// A project of an institution: `institution * 2^32 + project`, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectKey(u64);

impl ProjectKey {
    /// Creates the key of a project.
    ///
    /// # Errors
    /// Returns an error if one of the ids is 0.
    pub const fn new(institution: u32, project: u32) -> Result<Self, RecordError> {
        Self::from_u64(((institution as u64) << 32) | project as u64)
    }

    /// Creates the key from its number.
    ///
    /// # Errors
    /// Returns an error if one of its halves is 0.
    pub const fn from_u64(key: u64) -> Result<Self, RecordError> {
        if key >> 32 == 0 || key & 0xffff_ffff == 0 {
            Err(RecordError::ProjectKey { got: key })
        } else {
            Ok(Self(key))
        }
    }

    /// The number.
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// The institution's id.
    pub const fn institution(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The project's id.
    pub const fn project(self) -> u32 {
        (self.0 & 0xffff_ffff) as u32
    }
}

/// The public record of a donation. `own` hides the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The project that received the donation.
    pub project: ProjectKey,
    /// The amount.
    pub amount: Amount,
    /// When the donation was made.
    pub time: Time,
    /// The owner's commitment, `H(D_OWN, pk, receipt, rcm)`.
    pub own: Fr,
}

impl Record {
    /// Length of an encoded record.
    pub const BYTES: usize = 56;

    /// Computes `body = H(D_BODY, project_key, amount, time)`.
    pub fn body(&self) -> Fr {
        body(self.project, self.amount, self.time)
    }

    /// Computes the leaf `don = H(D_DON, body, own)`. Anybody can do so from the record.
    pub fn leaf(&self) -> Fr {
        hash3([Domain::Don.value(), self.body(), self.own])
    }

    /// Computes [`Record::leaf`] of many records, in order. It runs on the calling thread, and in
    /// lanes with feature `simd`.
    pub fn leaves(records: &[Self]) -> Vec<Fr> {
        let bodies: Vec<[Fr; 4]> = records
            .iter()
            .map(|record| body_inputs(record.project, record.amount, record.time))
            .collect();
        let bodies = hash4_many(&bodies).into_iter().zip(records);
        let leaves = bodies.map(|(body, record)| [Domain::Don.value(), body, record.own]);
        hash3_many(&leaves.collect::<Vec<_>>())
    }

    /// Encodes the record.
    ///
    /// # Shapes
    /// Project key, amount, time as u64 little-endian, then `own`: 56 bytes.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0u8; Self::BYTES];
        out[..8].copy_from_slice(&self.project.0.to_le_bytes());
        out[8..16].copy_from_slice(&self.amount.0.to_le_bytes());
        out[16..24].copy_from_slice(&self.time.0.to_le_bytes());
        out[24..].copy_from_slice(&field::encode(&self.own));
        out
    }

    /// Decodes a record.
    ///
    /// # Errors
    /// Returns an error if the length is wrong, or a value is out of range.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let wrong = RecordError::Length { got: bytes.len() };
        let bytes: &[u8; Self::BYTES] = bytes.try_into().map_err(|_| wrong)?;
        let integer = |at: usize| {
            let mut eight = [0u8; 8];
            eight.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(eight)
        };
        Ok(Self {
            project: ProjectKey::from_u64(integer(0))?,
            amount: Amount::new(integer(8))?,
            time: Time::new(integer(16))?,
            own: field::decode("own", &bytes[24..]).map_err(RecordError::Field)?,
        })
    }
}

/// Computes `H(D_BODY, project_key, amount, time)`.
pub fn body(project: ProjectKey, amount: Amount, time: Time) -> Fr {
    hash4(body_inputs(project, amount, time))
}

fn body_inputs(project: ProjectKey, amount: Amount, time: Time) -> [Fr; 4] {
    [Domain::Body.value(), project.0.into(), amount.0.into(), time.0.into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of docs/failures.md: 13.
    #[test]
    fn amounts_and_times_past_their_bits_are_refused() {
        assert!(Amount::new((1 << 48) - 1).is_ok());
        assert_eq!(Amount::new(1 << 48), Err(RecordError::Amount { got: 1 << 48 }));
        assert_eq!(Amount::new(u64::MAX), Err(RecordError::Amount { got: u64::MAX }));
        assert!(Time::new((1 << 40) - 1).is_ok());
        assert_eq!(Time::new(1 << 40), Err(RecordError::Time { got: 1 << 40 }));
    }

    /// Rows of docs/failures.md: 32.
    #[test]
    fn a_record_with_another_amount_has_another_leaf() {
        let record = Record {
            project: ProjectKey::new(37, 304).unwrap(),
            amount: Amount::new(100).unwrap(),
            time: Time::new(1_518_704_280).unwrap(),
            own: Fr::from(9u64),
        };
        let other = Record { amount: Amount::new(101).unwrap(), ..record };
        assert_ne!(record.leaf(), other.leaf());
        assert_eq!(Record::decode(&record.encode()), Ok(record));
        assert_eq!(Record::decode(&record.encode()[..55]), Err(RecordError::Length { got: 55 }));
        let mut zero = record.encode();
        zero[..4].fill(0);
        assert!(matches!(Record::decode(&zero), Err(RecordError::ProjectKey { .. })));
    }
}
