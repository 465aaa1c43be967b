//! Rows of a file, the good and the bad.

use std::{
    fmt,
    io::{self, Read},
};

use wufu_proto::grant::MAX_RECEIPT;

use super::{
    ImportError,
    amount::{AmountError, parse_amount},
    columns::{Columns, Field, Places},
    date::{DateError, parse_date},
    lines::Lines,
};
use crate::{
    append::{AppendError, lossy},
    donation::{DonationRow, Donations},
    policy::CurrencyCode,
};

/// Longest value that a message shows, in characters.
const SHOWN: usize = 60;

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// The file's name, for messages.
    pub file: String,
    /// The rows that can be read.
    pub donations: Donations,
    /// Those that cannot, in the order of their lines.
    pub bad: Vec<BadRow>,
}

impl From<Donations> for Rows {
    fn from(donations: Donations) -> Self {
        Self { file: "rows".into(), donations, bad: Vec::new() }
    }
}

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

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// More or fewer cells than columns.
    #[error("row has {got} cells, expected {expected}")]
    Cells {
        /// How many there are.
        got: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// Bytes that are no text.
    #[error("is not UTF-8")]
    Text,
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
    /// A name that people could not read.
    #[error("is no name, expected 1 to 256 bytes without control signs")]
    Name,
    /// A receipt's name without bytes, or too long.
    #[error("is {got} bytes, expected 1 to {MAX_RECEIPT}")]
    ReceiptLength {
        /// Its length.
        got: usize,
    },
    /// The receipt stands in the file before.
    #[error("stands on line {line} already")]
    Twice {
        /// Where.
        line: u64,
    },
    /// The receipt is in the ledger.
    #[error("was imported already")]
    Imported,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        match &self.column {
            Some(column) => write!(f, "column {column:?}: {:?} {}", self.value, self.reason),
            None => self.reason.fmt(f),
        }
    }
}

impl BadRow {
    /// A row whose receipt is taken.
    pub(crate) fn of_receipt(file: &str, row: &DonationRow, reason: RowError) -> Self {
        let column = Some(Field::Receipt.name().into());
        Self { file: file.into(), line: row.line, column, value: lossy(&row.receipt), reason }
    }
}

impl Rows {
    /// Reads CSV: a header, then rows. Nothing is imported yet.
    ///
    /// # Shapes
    /// UTF-8 with or without byte order mark, lines ended by LF or CRLF, cells quoted or not, empty lines passed over. White
    /// space around a cell is no part of it.
    ///
    /// # Errors
    /// When the file cannot be read, or its columns do not fit. Bad rows are no error yet.
    ///
    /// # Cost
    /// Memory: 56 bytes a row and the receipt's name; names of institutions and projects are kept once.
    pub fn read(
        from: impl Read,
        file: &str,
        columns: &Columns,
        currency: CurrencyCode,
    ) -> Result<Self, ImportError> {
        let failed = |error| ImportError::File { file: file.into(), error };
        let mut from = io::BufReader::with_capacity(1 << 16, from);
        let begin = io::BufRead::fill_buf(&mut from).map_err(failed)?;
        if begin.starts_with(&[0xff, 0xfe]) || begin.starts_with(&[0xfe, 0xff]) {
            return Err(ImportError::Utf16 { file: file.into() });
        }
        let lines = Lines::default();
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(lines.read(from));
        let failed = |error| ImportError::Csv { file: file.into(), error };
        let places = columns.find(file, reader.byte_headers().map_err(failed)?)?;
        let mut rows = Self { file: file.into(), ..Self::default() };
        let mut cells = csv::ByteRecord::new();
        while reader.read_byte_record(&mut cells).map_err(failed)? {
            let line = lines.at(cells.position().map_or(0, csv::Position::byte));
            if let Err((column, value, reason)) = rows.push(&cells, &places, currency, line) {
                let file = file.into();
                rows.bad.push(BadRow { file, line, column, value, reason });
            }
        }
        Ok(rows)
    }

    fn push(
        &mut self,
        cells: &csv::ByteRecord,
        places: &Places,
        currency: CurrencyCode,
        line: u64,
    ) -> Result<(), (Option<String>, String, RowError)> {
        let (got, expected) = (cells.len(), places.names.len());
        if got != expected {
            return Err((None, String::new(), RowError::Cells { got, expected }));
        }
        let cell = |field: Field| places.of(field).and_then(|at| cells.get(at)).unwrap_or_default();
        let bad = |field: Field, reason: RowError| {
            let value: String = lossy(cell(field)).chars().take(SHOWN).collect();
            (Some(places.name(field)), value, reason)
        };
        let text =
            |field: Field| std::str::from_utf8(cell(field)).map_err(|_| bad(field, RowError::Text));
        let name = |field: Field| {
            let name = text(field)?;
            if crate::project::is_name(name) { Ok(name) } else { Err(bad(field, RowError::Name)) }
        };
        let receipt = text(Field::Receipt)?.as_bytes();
        if receipt.is_empty() || receipt.len() > MAX_RECEIPT {
            let got = receipt.len();
            return Err(bad(Field::Receipt, RowError::ReceiptLength { got }));
        }
        let names = (name(Field::Institution)?, name(Field::Project)?);
        let amount = parse_amount(text(Field::Amount)?, usize::from(currency.decimals()));
        let amount = amount.map_err(|error| bad(Field::Amount, error.into()))?;
        let time = parse_date(text(Field::Date)?);
        let time = time.map_err(|error| bad(Field::Date, error.into()))?;
        if places.of(Field::Currency).is_some() && text(Field::Currency)? != currency.code() {
            return Err(bad(Field::Currency, RowError::Currency { expected: currency }));
        }
        self.donations.push(receipt, names, amount, time, line).map_err(|error| match error {
            AppendError::ReceiptLength { got } => {
                bad(Field::Receipt, RowError::ReceiptLength { got })
            }
            _ => bad(Field::Project, RowError::Name),
        })
    }
}
