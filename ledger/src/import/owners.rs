//! Whose a donation is.

use std::{collections::HashMap, io};

use wufu_circuits::{Address, Seed, address::AddressError};
use wufu_verifier::{
    PublicKey,
    encoding::text::{NameError, QuotedText},
};

use crate::import::{
    CellRow, CellRows, CsvError, Delimiter, Hint, RowFault, checked_name, other_delimiter,
};

/// The owners of imported donations. A donation without one is pending: in the sums, and not a leaf.
#[derive(Clone, Debug, Default)]
pub enum Owners {
    /// Nobody, yet.
    #[default]
    Nobody,
    /// Public keys by receipt.
    Listed(HashMap<Box<[u8]>, PublicKey>),
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
    pub fn owner(&self, receipt: &[u8]) -> Option<PublicKey> {
        match self {
            Self::Nobody => None,
            Self::Listed(owners) => owners.get(receipt).copied(),
            Self::Development { seed, org } => {
                Some(Seed::dev_owner(seed, receipt).spend_key(org).public_key())
            }
        }
    }

    /// The owner of a receipt, if it is listed.
    pub(crate) fn listed_owner(&self, receipt: &[u8]) -> Option<PublicKey> {
        if let Self::Listed(owners) = self { owners.get(receipt).copied() } else { None }
    }

    /// Whether the owner of a receipt is listed.
    pub(crate) fn is_listed(&self, receipt: &[u8]) -> bool {
        matches!(self, Self::Listed(owners) if owners.contains_key(receipt))
    }

    /// How many are listed.
    pub(crate) fn listed(&self) -> u64 {
        if let Self::Listed(owners) = self { owners.len() as u64 } else { 0 }
    }

    /// Reads a file of owners: CSV with the columns `receipt` and `address`, as strictly as donations are read.
    /// Receipts are brought to normal form NFC, as those of donations are. Blank lines are passed over.
    ///
    /// A receipt is the whole name that the ledger has: `2020/001` where receipts were imported with their year.
    ///
    /// # Errors
    /// When it cannot be read, a quote is not closed, a column is missing or there twice, a row is broken, a receipt
    /// stands twice, or an address is none or of another org.
    pub fn read(from: impl io::Read, org: &str) -> Result<Self, OwnersError> {
        Self::read_with(from, org, Delimiter::default())
    }

    /// [`Owners::read`] with another delimiter than a comma.
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

/// Where a column is.
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
    /// It cannot be read, or is not CSV.
    #[error("owners:{line}: {error}")]
    Csv {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        error: CsvError,
    },
    /// More or fewer cells than columns.
    #[error(
        "owners:{line}: row has {got} {}, expected {expected}",
        if *.got == 1 { "cell" } else { "cells" }
    )]
    Cells {
        /// The line, from 1.
        line: u64,
        /// How many there are.
        got: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// A line end that ends no line of this file.
    #[error("owners:{line}: row holds a line end of another sort than the file's")]
    LineEnd {
        /// The line, from 1.
        line: u64,
    },
    /// Bytes that are no text.
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
        /// The receipt.
        receipt: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// Two columns have the name.
    #[error("owners: two columns are called {name:?}")]
    TwoColumns {
        /// The name.
        name: &'static str,
    },
    /// The file has no line of names.
    #[error(
        "owners: the file is empty, expected a line with the names of the columns, receipt and address"
    )]
    Empty,
    /// A column is missing.
    #[error(
        "owners:{line}: there is no column {name:?}, expected receipt and address{}",
        .hint.map_or(String::new(), |hint| format!("; {hint} (it counts for this file and for the donations)"))
    )]
    Column {
        /// The line of the names, from 1.
        line: u64,
        /// Which.
        name: &'static str,
        /// What to do, where the line was cut by the wrong delimiter.
        hint: Option<Hint>,
    },
    /// What stands there is no address.
    #[error(
        "owners:{line}: column \"address\": {}: expected a whole address, as wufu wallet address prints it",
        address_fault(.error, *.got)
    )]
    Address {
        /// The line, from 1.
        line: u64,
        /// How many characters stand there.
        got: usize,
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
    #[error("owners:{line}: receipt {} has an owner already", QuotedText(.receipt))]
    Twice {
        /// The line, from 1.
        line: u64,
        /// The receipt.
        receipt: String,
    },
}

/// What is wrong with a text that should be an address: most often it was cut while it was copied.
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
            // It was only "address is not base64url without padding".
            (
                format!("receipt,address\nr1,{}\n", &one.to_string()[..100]),
                "owners:2: column \"address\": this address of 100 characters was cut short or mistyped (",
            ),
            (
                "receipt,address\nr1,wufu\n".into(),
                "owners:2: column \"address\": address does not begin with wufu1 (4 characters): expected a whole address",
            ),
            // Only commas were read, and the message did not say so.
            (
                format!("receipt;address\nr1;{one}\n"),
                "owners:1: there is no column \"receipt\", expected receipt and address; the first line has 1 semicolon \
                 and no comma: --delimiter ';' (it counts for this file and for the donations)",
            ),
            // The character that is in the file, not the one that NFC makes of it.
            (format!("receipt,address\nr\u{2000}1,{one}\n"), "holds U+2000 at character 2"),
            (format!("receipt,address\nr1,{one}\nr1,{two}\n"), "owners:3: receipt \"r1\" has"),
            (format!("receipt,pk\nr1,{one}\n"), "there is no column \"address\""),
            (format!("receipt,address\nr1,{}\n", address(1, "b")), "the address is of \"b\""),
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
            // docs/failures.md, rows 49 and 53: a stray quote hid owners, so that their donations stayed pending; two forms
            // of a name were two.
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
