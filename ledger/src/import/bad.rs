//! Rows that cannot be imported, and the reasons.

use std::fmt;

use wufu_verifier::{
    Amount, Time,
    encoding::text::{NameError, QuotedText},
};

use super::{
    amount::{AmountError, format_amount},
    date::{DateError, Minute},
    format::ReceiptKey,
};
use crate::policy::{CurrencyCode, money::Money};

/// The longest value that a message shows, in characters.
const SHOWN: usize = 60;

/// How many bad rows are kept. The others are only counted, because a file may consist of bad rows.
pub const KEPT: usize = 1000;

/// A row that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The name of the file.
    pub file: String,
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The column's name, unless the whole row is bad.
    pub column: Option<String>,
    /// The cell's content, cut if it is long.
    pub value: String,
    /// What is wrong with it.
    pub reason: RowError,
}

/// Bad rows: the first 1,000 of them, and their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadRows {
    kept: Vec<BadRow>,
    count: u64,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The row has more or fewer cells than there are columns.
    #[error("row has {got} {}, expected {expected}", if *.got == 1 { "cell" } else { "cells" })]
    Cells {
        /// How many cells the row has.
        got: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// There is a quote inside a cell that does not begin with one, or text after a closing quote.
    #[error(
        "has a quote that neither begins nor ends the cell, expected the cell in quotes and the \
         quotes inside doubled"
    )]
    Quote,
    /// The row contains a line ending of the kind that this file does not use.
    #[error(
        "row contains a line ending of another kind than the file's, expected one kind throughout"
    )]
    LineEnd,
    /// The row repeats the names of the columns.
    #[error("row repeats the names of the columns, as in files that were joined")]
    Header,
    /// The row has an amount, but nothing that the amount belongs to.
    #[error("has no institution, project or date: is it a total?")]
    Total,
    /// The bytes are not UTF-8.
    #[error("is not UTF-8: save the file as UTF-8 (in a spreadsheet, as \"CSV UTF-8\")")]
    Text,
    /// The amount is 2^48 minor units or more.
    #[error("is too much for one record, expected at most {most}")]
    TooMuch {
        /// The largest amount of a record.
        most: Money,
    },
    /// The amount cannot be parsed.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The date cannot be parsed.
    #[error(transparent)]
    Date(#[from] DateError),
    /// The currency is not that of the log.
    #[error("is another currency, expected {expected}")]
    Currency {
        /// The log's currency.
        expected: CurrencyCode,
    },
    /// A name could be mistaken for another one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An earlier row of the file has the same receipt.
    #[error(
        "is already on line {line}{}{}",
        if *.is_normalized {
            " (receipts were converted to Unicode normal form NFC, so two that look the same are \
             one)"
        } else {
            ""
        },
        way_on(*.way)
    )]
    Twice {
        /// The line of the earlier row.
        line: u64,
        /// Whether a receipt in the file was converted to normal form NFC.
        is_normalized: bool,
        /// The form of the receipt that would distinguish the two rows.
        way: ReceiptKey,
    },
    /// The ledger already has this receipt, for another donation.
    #[error("is already in the ledger, for another donation: {held}{}", way_on(*.way))]
    Held {
        /// The donation in the ledger.
        held: Box<RecordedDonation>,
        /// The form of the receipt that would distinguish it from the row.
        way: ReceiptKey,
    },
    /// The donation is already in the ledger, with another form of its receipt.
    #[error(
        "is already in the ledger, as receipt {}, which was imported with {key}: import the file \
         in the same way, or its donations count twice (--skip-bad leaves such rows out)",
        QuotedText(.receipt)
    )]
    OtherForm {
        /// The receipt in the ledger.
        receipt: String,
        /// The form with which it was imported.
        key: ReceiptKey,
    },
}

/// How to deal with two donations of one receipt, if there is a way.
fn way_on(way: ReceiptKey) -> &'static str {
    match (way.year, way.institution) {
        (false, false) => "",
        (true, false) => {
            "; the years differ: if numbers restart each year, --receipt-key year tells them apart"
        }
        (false, true) => {
            "; the institutions differ: if each has its own numbers, --receipt-key institution \
             tells them apart"
        }
        (true, true) => {
            "; years and institutions differ: if numbers restart, --receipt-key year (or \
             institution) tells them apart"
        }
    }
}

/// A donation that the ledger holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedDonation {
    /// The donation's amount.
    pub amount: Amount,
    /// The log's currency.
    pub currency: CurrencyCode,
    /// The donation's time.
    pub time: Time,
    /// The institution's name.
    pub institution: String,
    /// The project's name.
    pub project: String,
    /// The leaf index in the log, if the donation has an owner.
    pub leaf_index: Option<u64>,
}

impl fmt::Display for RecordedDonation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = format_amount(self.amount.minor().into(), self.currency.decimals().into());
        let (institution, project) = (QuotedText(&self.institution), QuotedText(&self.project));
        write!(
            f,
            "{amount} {} of {} to {institution}, project {project}, ",
            self.currency,
            Minute(self.time)
        )?;
        match self.leaf_index {
            Some(leaf_index) => write!(f, "leaf {leaf_index}"),
            None => f.write_str("pending"),
        }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if let Some(column) = &self.column {
            write!(f, "column {}: {} ", QuotedText(column), QuotedText(&self.value))?;
        }
        self.reason.fmt(f)
    }
}

impl BadRow {
    pub(crate) fn new(
        file: &str,
        line: u64,
        (column, value): (Option<String>, &str),
        reason: RowError,
    ) -> Self {
        let mut shown: String = value.chars().take(SHOWN).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        Self { file: file.into(), line, column, value: shown, reason }
    }
}

impl BadRows {
    /// Adds a row. It is kept if there is room.
    pub(crate) fn push(&mut self, row: BadRow) {
        self.count += 1;
        if self.kept.len() < KEPT {
            self.kept.push(row);
        }
    }

    /// Adds rows that came later.
    pub(crate) fn append(&mut self, later: Self) {
        self.count += later.count;
        let room = KEPT - self.kept.len().min(KEPT);
        self.kept.extend(later.kept.into_iter().take(room));
    }

    /// Sorts the rows by line.
    pub(crate) fn sort(&mut self) {
        self.kept.sort_by_key(|row| row.line);
    }

    /// The number of bad rows, kept or not.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there are no bad rows.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The rows that were kept, in the order of their lines.
    pub fn kept(&self) -> &[BadRow] {
        &self.kept
    }
}
