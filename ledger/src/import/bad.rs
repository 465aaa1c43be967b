//! Rows that cannot be imported, and why.

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

/// Longest value that a message shows, in characters.
const SHOWN: usize = 60;

/// Most bad rows that are kept. The others are counted: a file may have nothing else.
pub const KEPT: usize = 1000;

/// A row that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The file.
    pub file: String,
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The column's name, unless it is the whole row.
    pub column: Option<String>,
    /// What stands there, cut when it is long.
    pub value: String,
    /// Why.
    pub reason: RowError,
}

/// Bad rows: the first 1,000 of them, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadRows {
    kept: Vec<BadRow>,
    count: u64,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// More or fewer cells than columns.
    #[error("row has {got} {}, expected {expected}", if *.got == 1 { "cell" } else { "cells" })]
    Cells {
        /// How many there are.
        got: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// A quote inside a cell that does not begin with one, or text after a closing quote.
    #[error(
        "has a quote that neither begins nor ends the cell, expected the cell in quotes and those inside doubled"
    )]
    Quote,
    /// A line end that ends no line of this file.
    #[error("row holds a line end of another sort than the file's, expected one sort throughout")]
    LineEnd,
    /// The names of the columns once more.
    #[error("row repeats the names of the columns, as in files that were joined")]
    Header,
    /// An amount, and nothing that it belongs to.
    #[error("stands without institution, project and date: a total?")]
    Total,
    /// Bytes that are no text.
    #[error("is not UTF-8: save the file as UTF-8 (in a spreadsheet, as \"CSV UTF-8\")")]
    Text,
    /// 2^48 minor units or more.
    #[error("is too much for one record, expected at most {most}")]
    TooMuch {
        /// The largest amount of a record.
        most: Money,
    },
    /// The amount.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The date.
    #[error(transparent)]
    Date(#[from] DateError),
    /// Another currency than the log's.
    #[error("is another currency, expected {expected}")]
    Currency {
        /// The log's.
        expected: CurrencyCode,
    },
    /// A name that could be taken for another.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The receipt stands in the file before.
    #[error(
        "stands on line {line} already{}{}",
        if *.is_normalized {
            " (receipts were brought to Unicode normal form NFC: two that look the same are one)"
        } else {
            ""
        },
        way_on(*.way)
    )]
    Twice {
        /// Where.
        line: u64,
        /// Whether a receipt of the file was brought to normal form NFC.
        is_normalized: bool,
        /// What would tell the two rows apart.
        way: ReceiptKey,
    },
    /// The receipt is in the ledger, for another donation.
    #[error("is in the ledger already, for another donation: {held}{}", way_on(*.way))]
    Held {
        /// What the ledger holds.
        held: Box<RecordedDonation>,
        /// What would tell it from the row.
        way: ReceiptKey,
    },
    /// The donation is in the ledger, and has a receipt of another form there.
    #[error(
        "is in the ledger already, as receipt {}, which was imported with {key}: import the file in the same way, or its \
         donations count twice (--skip-bad leaves such rows out)",
        QuotedText(.receipt)
    )]
    OtherForm {
        /// The receipt in the ledger.
        receipt: String,
        /// How that form was asked for.
        key: ReceiptKey,
    },
}

/// What to do about two donations of one receipt, where there is something.
fn way_on(way: ReceiptKey) -> &'static str {
    match (way.year, way.institution) {
        (false, false) => "",
        (true, false) => {
            "; the years differ: where numbers begin anew each year, --receipt-key year tells them apart"
        }
        (false, true) => {
            "; the institutions differ: where each numbers its own, --receipt-key institution tells them apart"
        }
        (true, true) => {
            "; years and institutions differ: where numbers begin anew, --receipt-key year (or institution) tells them apart"
        }
    }
}

/// A donation that the ledger holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedDonation {
    /// How much.
    pub amount: Amount,
    /// The log's currency.
    pub currency: CurrencyCode,
    /// When.
    pub time: Time,
    /// The institution's name.
    pub institution: String,
    /// The project's name.
    pub project: String,
    /// The place in the log, once it has an owner.
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
    /// Adds one. It is kept while there is room.
    pub(crate) fn push(&mut self, row: BadRow) {
        self.count += 1;
        if self.kept.len() < KEPT {
            self.kept.push(row);
        }
    }

    /// Adds those that came later.
    pub(crate) fn append(&mut self, later: Self) {
        self.count += later.count;
        let room = KEPT - self.kept.len().min(KEPT);
        self.kept.extend(later.kept.into_iter().take(room));
    }

    /// Puts them in the order of their lines.
    pub(crate) fn sort(&mut self) {
        self.kept.sort_by_key(|row| row.line);
    }

    /// How many there are, kept or not.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Those that were kept, in the order of their lines.
    pub fn kept(&self) -> &[BadRow] {
        &self.kept
    }
}
