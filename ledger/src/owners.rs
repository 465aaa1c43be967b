//! Whose a donation is.

use std::{
    collections::{HashMap, HashSet},
    io,
};

use wufu_circuits::{Address, Seed, address::AddressError};
use wufu_verifier::Fr;

/// The owners of imported donations. A donation without one is pending: in the sums, and not a leaf.
#[derive(Clone, Debug, Default)]
pub enum Owners {
    /// Nobody, yet.
    #[default]
    Nobody,
    /// Public keys by receipt.
    Listed(HashMap<Box<[u8]>, Fr>),
    /// A wallet for every receipt, made up: see [`Seed::dev_owner`]. Refused in production.
    Development {
        /// The text that all of them come from.
        seed: String,
        /// The ledger's org.
        org: String,
    },
}

impl Owners {
    /// The owner of the donation that has this receipt.
    pub fn owner(&self, receipt: &[u8]) -> Option<Fr> {
        match self {
            Self::Nobody => None,
            Self::Listed(owners) => owners.get(receipt).copied(),
            Self::Development { seed, org } => {
                Some(Seed::dev_owner(seed, receipt).spend_key(org).public_key())
            }
        }
    }

    /// Listed owners that none of these receipts has.
    pub(crate) fn unused<'a>(&self, receipts: impl Iterator<Item = &'a [u8]>) -> u64 {
        let Self::Listed(owners) = self else { return 0 };
        let used: HashSet<&[u8]> =
            receipts.filter(|receipt| owners.contains_key(*receipt)).collect();
        (owners.len() - used.len()) as u64
    }

    /// Reads a file of owners: CSV with the columns `receipt` and `address`.
    ///
    /// # Errors
    /// When it cannot be read, a column is missing, a receipt stands twice, or an address is none or of another org.
    pub fn read(file: impl io::Read, org: &str) -> Result<Self, OwnersError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
        let headers = reader.headers()?;
        let column = |name: &'static str| {
            let at = headers.iter().position(|header| header.eq_ignore_ascii_case(name));
            at.ok_or(OwnersError::Column { name })
        };
        let (receipt, address) = (column("receipt")?, column("address")?);
        let mut owners = HashMap::new();
        for row in reader.records() {
            let row = row?;
            let line = row.position().map_or(0, csv::Position::line);
            let cell = |at: usize| row.get(at).unwrap_or_default();
            let parsed: Address =
                cell(address).parse().map_err(|error| OwnersError::Address { line, error })?;
            if parsed.org != org {
                return Err(OwnersError::Org { line, got: parsed.org, expected: org.into() });
            }
            if owners.insert(cell(receipt).as_bytes().into(), parsed.pk).is_some() {
                return Err(OwnersError::Twice { line, receipt: cell(receipt).into() });
            }
        }
        Ok(Self::Listed(owners))
    }
}

/// Why a file of owners is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnersError {
    /// It cannot be read, or is not CSV.
    #[error("owners: {0}")]
    Csv(#[from] csv::Error),
    /// A column is missing.
    #[error("owners: there is no column {name:?}, expected receipt and address")]
    Column {
        /// Which.
        name: &'static str,
    },
    /// What stands there is no address.
    #[error("owners:{line}: {error}")]
    Address {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        error: AddressError,
    },
    /// An address of another org: its keys would not fit.
    #[error("owners:{line}: the address is of {got:?}, expected {expected:?}")]
    Org {
        /// The line, from 1.
        line: u64,
        /// The address's org.
        got: String,
        /// The ledger's.
        expected: String,
    },
    /// A receipt has two owners.
    #[error("owners:{line}: receipt {receipt:?} has an owner already")]
    Twice {
        /// The line, from 1.
        line: u64,
        /// The receipt.
        receipt: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_owners_is_read_strictly() {
        let address = |seed: u8, org: &str| Seed::from_bytes([seed; 32]).address(org);
        let (one, two) = (address(1, "wufu"), address(2, "wufu"));
        let good = format!("Receipt, address\nr1,{one}\n\"r,2\", {two} \n");
        let owners = Owners::read(good.as_bytes(), "wufu").unwrap();
        assert_eq!(owners.owner(b"r1"), Some(one.pk));
        assert_eq!(owners.owner(b"r,2"), Some(two.pk));
        assert_eq!(owners.owner(b"r3"), None);
        assert_eq!(owners.unused([b"r1".as_slice(), b"r9"].into_iter()), 1);
        for (bad, why) in [
            (format!("receipt,address\nr1,{one}x\n"), "owners:2: address"),
            (format!("receipt,address\nr1,{one}\nr1,{two}\n"), "owners:3: receipt \"r1\" has"),
            (format!("receipt,pk\nr1,{one}\n"), "there is no column \"address\""),
            (format!("receipt,address\nr1,{}\n", address(1, "b")), "the address is of \"b\""),
            ("receipt,address\nr1\n".into(), "owners: CSV error"),
        ] {
            let error = Owners::read(bad.as_bytes(), "wufu").unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
