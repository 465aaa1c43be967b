//! The owners of donations.

use std::{collections::HashMap, io};

use wufu_circuits::{Address, Seed, address::AddressError};
use wufu_verifier::{
    PublicKey,
    encoding::text::{NameError, QuotedText},
};

use crate::import::{
    CellRow, CellRows, CsvError, Delimiter, Hint, RowFault, checked_name, other_delimiter,
};

/// The owners of imported donations. A donation without an owner is pending: it is part of the
/// sums, but is not a leaf.
#[derive(Clone, Debug, Default)]
pub enum Owners {
    /// No donation has an owner yet.
    #[default]
    Nobody,
    /// Public keys, by receipt.
    Listed(HashMap<Box<[u8]>, PublicKey>),
    /// A made-up wallet for every receipt: see [`Seed::dev_owner`]. Refused in production.
    Development {
        /// The text from which all these wallets are derived.
        seed: String,
        /// The ledger's organisation.
        org: String,
    },
}

impl Owners {
    /// The owner of the donation with this receipt.
    pub fn owner(&self, receipt: &[u8]) -> Option<PublicKey> {
        match self {
            Self::Nobody => None,
            Self::Listed(owners) => owners.get(receipt).copied(),
            Self::Development { seed, org } => {
                Some(Seed::dev_owner(seed, receipt).spend_key(org).public_key())
            }
        }
    }

    /// The listed owner of this receipt, if there is one.
    pub(crate) fn listed_owner(&self, receipt: &[u8]) -> Option<PublicKey> {
        if let Self::Listed(owners) = self { owners.get(receipt).copied() } else { None }
    }

    /// Whether the owner of a receipt is listed.
    pub(crate) fn is_listed(&self, receipt: &[u8]) -> bool {
        matches!(self, Self::Listed(owners) if owners.contains_key(receipt))
    }

    /// How many owners are listed.
    pub(crate) fn listed(&self) -> u64 {
        if let Self::Listed(owners) = self { owners.len() as u64 } else { 0 }
    }

    /// Reads a file of owners: CSV with the columns `receipt` and `address`, as strictly as a file
    /// of donations. Receipts are converted to normal form NFC, like those of donations. Blank
    /// lines are skipped.
    ///
    /// A receipt is the whole name in the ledger: `2020/001` if receipts were imported with their
    /// year.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, if a quote is not closed, if a column is
    /// missing or occurs twice, if a row is malformed, if a receipt occurs twice, or if an address
    /// is invalid or belongs to another organisation.
    pub fn read(from: impl io::Read, org: &str) -> Result<Self, OwnersError> {
        Self::read_with(from, org, Delimiter::default())
    }

    /// Does the same as [`Owners::read`], with a delimiter other than a comma.
    ///
    /// # Errors
    /// As [`Owners::read`].
    pub fn read_with(
        from: impl io::Read,
        org: &str,
        delimiter: Delimiter,
    ) -> Result<Self, OwnersError> {
        let mut reader = CellRows::new(from, delimiter.byte(), false);
        let mut row = CellRow::default();
        let mut columns = None;
        let mut owners = HashMap::new();
        loop {
            let more = reader.next(&mut row);
            if !more.map_err(|error| OwnersError::Csv { line: reader.line(), error })? {
                break;
            }
            if row.is_blank() || columns.is_none() && reader.take_separator() {
                continue;
            }
            let Some((receipt, address, expected)) = columns else {
                let column = |name| column(&row, name, reader.delimiter());
                columns = Some((column("receipt")?, column("address")?, row.len()));
                continue;
            };
            let line = row.line;
            match row.stray {
                Some(RowFault::LineEnd) => return Err(OwnersError::LineEnd { line }),
                Some(RowFault::Quote(at)) => {
                    let error = CsvError::StrayQuote { cell: at + 1 };
                    return Err(OwnersError::Csv { line, error });
                }
                None => {}
            }
            if row.len() != expected {
                return Err(OwnersError::Cells { line, got: row.len(), expected });
            }
            let cell =
                |at| std::str::from_utf8(row.cell(at)).map_err(|_| OwnersError::Text { line });
            let receipt = cell(receipt)?;
            let wrong = |error| OwnersError::Name { line, receipt: receipt.into(), error };
            let receipt = checked_name(receipt).map_err(wrong)?;
            let address = cell(address)?;
            let wrong = |error| OwnersError::Address { line, got: address.chars().count(), error };
            let parsed: Address = address.parse().map_err(wrong)?;
            if parsed.org != org {
                return Err(OwnersError::Org { line, got: parsed.org, expected: org.into() });
            }
            if owners.insert(receipt.as_bytes().into(), parsed.pk).is_some() {
                return Err(OwnersError::Twice { line, receipt: receipt.into() });
            }
        }
        if columns.is_none() {
            return Err(OwnersError::Empty);
        }
        Ok(Self::Listed(owners))
    }
}

/// The position of a column.
fn column(header: &CellRow, name: &'static str, delimiter: u8) -> Result<usize, OwnersError> {
    let is_it = |(_, cell): &(usize, &[u8])| cell.eq_ignore_ascii_case(name.as_bytes());
    let mut found = header.cells().enumerate().filter(is_it);
    let (line, hint) = (header.line, other_delimiter(header, delimiter));
    let (first, _) = found.next().ok_or(OwnersError::Column { line, name, hint })?;
    if found.next().is_some() {
        return Err(OwnersError::TwoColumns { name });
    }
    Ok(first)
}

/// Why a file of owners is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnersError {
    /// The file cannot be read, or is not CSV.
    #[error("owners:{line}: {error}")]
    Csv {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        error: CsvError,
    },
    /// A row has more or fewer cells than there are columns.
    #[error(
        "owners:{line}: row has {got} {}, expected {expected}",
        if *.got == 1 { "cell" } else { "cells" }
    )]
    Cells {
        /// The line, from 1.
        line: u64,
        /// How many cells the row has.
        got: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// A row contains a line ending of the kind that this file does not use.
    #[error("owners:{line}: row contains a line ending of another kind than the file's")]
    LineEnd {
        /// The line, from 1.
        line: u64,
    },
    /// The bytes are not UTF-8.
    #[error("owners:{line}: row is not UTF-8: save the file as UTF-8")]
    Text {
        /// The line, from 1.
        line: u64,
    },
    /// A receipt's name that no donation can have.
    #[error("owners:{line}: receipt {} {error}", QuotedText(.receipt))]
    Name {
        /// The line, from 1.
        line: u64,
        /// The receipt's name.
        receipt: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// Two columns have the same name.
    #[error("owners: two columns are called {name:?}")]
    TwoColumns {
        /// The repeated name.
        name: &'static str,
    },
    /// The file has no line with the names of columns.
    #[error(
        "owners: the file is empty, expected a line with the names of the columns, receipt and \
         address"
    )]
    Empty,
    /// A column is missing.
    #[error(
        "owners:{line}: there is no column {name:?}, expected receipt and address{}",
        .hint.map_or(String::new(), |hint| format!("; {hint} (for this file and the donations)"))
    )]
    Column {
        /// The line with the names of the columns, from 1.
        line: u64,
        /// The name of the missing column.
        name: &'static str,
        /// How to solve the problem, if the line was split by the wrong delimiter.
        hint: Option<Hint>,
    },
    /// The cell is not an address.
    #[error(
        "owners:{line}: column \"address\": {}: expected a whole address, as wufu wallet address \
         prints it",
        address_fault(.error, *.got)
    )]
    Address {
        /// The line, from 1.
        line: u64,
        /// How many characters the cell has.
        got: usize,
        /// What is wrong with it.
        error: AddressError,
    },
    /// The address belongs to another organisation, whose keys differ.
    #[error("owners:{line}: the address belongs to {got:?}, expected {expected:?}")]
    Org {
        /// The line, from 1.
        line: u64,
        /// The address's organisation.
        got: String,
        /// The ledger's organisation.
        expected: String,
    },
    /// A receipt has two owners.
    #[error("owners:{line}: receipt {} has an owner already", QuotedText(.receipt))]
    Twice {
        /// The line, from 1.
        line: u64,
        /// The receipt.
        receipt: String,
    },
}

/// Describes a text that should be an address. Most often, it was truncated when it was copied.
fn address_fault(error: &AddressError, got: usize) -> String {
    let characters = if got == 1 { "character" } else { "characters" };
    match error {
        AddressError::Base64 | AddressError::Checksum => {
            format!("this address of {got} {characters} was cut short or mistyped ({error})")
        }
        error => format!("{error} ({got} {characters})"),
    }
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
        assert_eq!((owners.listed(), owners.is_listed(b"r9")), (2, false));
        let semicolons = format!("\nreceipt;address\n\nr1;{one}\n;\n\n");
        for text in [semicolons.clone(), format!("sep=;{semicolons}")] {
            let delimiter = ";".parse().unwrap();
            let owners = Owners::read_with(text.as_bytes(), "wufu", delimiter).unwrap();
            assert_eq!((owners.listed(), owners.owner(b"r1")), (1, Some(one.pk)));
        }
        for (bad, why) in [
            // The message was once only "address is not base64url without padding".
            (
                format!("receipt,address\nr1,{}\n", &one.to_string()[..100]),
                "owners:2: column \"address\": this address of 100 characters was cut short or \
                 mistyped (",
            ),
            (
                "receipt,address\nr1,wufu\n".into(),
                "owners:2: column \"address\": address does not begin with wufu1 (4 characters): \
                 expected a whole address",
            ),
            // Only commas were accepted, and the message did not say so.
            (
                format!("receipt;address\nr1;{one}\n"),
                "owners:1: there is no column \"receipt\", expected receipt and address; the first \
                 line has 1 semicolon and no comma: --delimiter ';' (for this file and the \
                 donations)",
            ),
            // The character that is in the file, not the one that NFC turns it into.
            (format!("receipt,address\nr\u{2000}1,{one}\n"), "holds U+2000 at character 2"),
            (format!("receipt,address\nr1,{one}\nr1,{two}\n"), "owners:3: receipt \"r1\" has"),
            (format!("receipt,pk\nr1,{one}\n"), "there is no column \"address\""),
            (format!("receipt,address\nr1,{}\n", address(1, "b")), "the address belongs to \"b\""),
            ("receipt,address\nr1\n".into(), "owners:2: row has 1 cell, expected 2"),
            ("".into(), "owners: the file is empty, expected a line with the names"),
            (
                format!("receipt,address,address\nr1,{one},{two}\n"),
                "two columns are called \"address\"",
            ),
            (
                format!("receipt,address\nr1\u{200b},{one}\n"),
                "owners:2: receipt \"r1\\u{200b}\" holds U+200B",
            ),
            // SECURITY.md, rows 49 and 53: a stray quote hid owners, so their donations stayed
            // pending; and two forms of one name counted as two names.
            (
                format!("receipt,address\nr1,\"{one}\nr2,{two}\n"),
                "owners:2: a quote opens in cell 2",
            ),
            (
                format!("receipt,address\nCaf\u{e9},{one}\nCafe\u{301},{two}\n"),
                "owners:3: receipt \"Caf\u{e9}\" has",
            ),
        ] {
            let error = Owners::read(bad.as_bytes(), "wufu").unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
