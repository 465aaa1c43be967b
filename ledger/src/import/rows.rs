//! The rows of a file, good and bad.

use std::{borrow::Cow, io::Read};

use wufu_verifier::{
    Amount,
    encoding::text::{self, NameError},
};

use super::{
    amount::{AmountError, parse_amount_with},
    bad::{BadRow, BadRows, RowError},
    cells::{self, CellRow, RowFault, SpanningCells},
    columns::{ColumnIndices, ColumnsError, Field},
    date::{check_not_future, parse_date},
    error::ImportError,
    format::CsvFormat,
};
use crate::{
    append::donation::{Donations, ReceiptCell},
    policy::{CurrencyCode, money::Money},
};

/// The content of a file.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// The file's name, for messages.
    pub file: String,
    /// How many rows were read: the number of donations, blank rows and bad rows.
    pub read: u64,
    /// The rows that can be imported.
    pub donations: Donations,
    /// How many rows have only empty cells.
    pub blank: u64,
    /// The rows that cannot be imported.
    pub bad: BadRows,
    /// How many cells with names were converted to normal form NFC.
    pub normalized: u64,
    /// How many of these cells are receipts.
    pub normalized_receipts: u64,
    /// The quoted cells that span several lines.
    pub spanning: SpanningCells,
}

impl From<Donations> for Rows {
    fn from(donations: Donations) -> Self {
        let read = donations.len() as u64;
        Self { file: "rows".into(), read, donations, ..Self::default() }
    }
}

/// What is wrong with a cell: the column's name and the value, and the reason.
type CellError = ((Option<String>, String), RowError);

impl Rows {
    /// Reads CSV: a line with the names of the columns, then the rows. Nothing is imported yet.
    ///
    /// # Shapes
    /// UTF-8 with or without a byte-order mark; lines that end with LF, CRLF or CR; cells with or
    /// without quotes. A first line `sep=;`, as spreadsheets write it, sets the delimiter, whatever
    /// the format says. White space around a cell is ignored. A quoted cell ends on its line,
    /// unless the format says otherwise, and quotes inside it are doubled. Names (receipt,
    /// institution, project) are converted to normal form NFC, and refused if they hide something:
    /// see [`text::check_name`].
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or is not CSV, if a quote is not closed, or if
    /// the columns do not match. Bad rows are not an error at this point.
    ///
    /// # Cost
    /// Memory: 56 bytes for each row, and the receipt's name. Each name of an institution or
    /// project is stored once. A row has at most 1 MiB, a file has at most 4,000,000 rows, and the
    /// first 1,000 bad rows are kept.
    pub fn read(
        from: impl Read,
        file: &str,
        format: &CsvFormat,
        currency: CurrencyCode,
    ) -> Result<Self, ImportError> {
        Batches::new(from, file, format, currency)?.next(usize::MAX)
    }

    fn push(
        &mut self,
        row: &CellRow,
        places: &ColumnIndices,
        format: &CsvFormat,
        currency: CurrencyCode,
    ) -> Result<(), CellError> {
        check_form(row, places)?;
        let cell = |field: Field| places.of(field).map(|at| row.cell(at)).unwrap_or_default();
        let bad = |field: Field, reason: RowError| {
            let value = String::from_utf8_lossy(cell(field)).into_owned();
            ((Some(places.name(field)), value), reason)
        };
        let text =
            |field: Field| std::str::from_utf8(cell(field)).map_err(|_| bad(field, RowError::Text));
        let named = [Field::Institution, Field::Project, Field::Date];
        if !cell(Field::Amount).is_empty() && named.iter().all(|field| cell(*field).is_empty()) {
            return Err(bad(Field::Amount, RowError::Total));
        }
        let mut normalized = 0;
        let mut name = |field: Field| {
            let name = checked_name(text(field)?).map_err(|error| bad(field, error.into()))?;
            normalized += u64::from(matches!(name, Cow::Owned(_)));
            Ok(name)
        };
        let receipt = name(Field::Receipt)?;
        let is_receipt_normalized = matches!(receipt, Cow::Owned(_));
        let (institution, project) = (name(Field::Institution)?, name(Field::Project)?);
        let decimals = usize::from(currency.decimals());
        let amount = parse_amount_with(text(Field::Amount)?, decimals, format.decimal_mark);
        let amount = amount.map_err(|error| match error {
            AmountError::Overflow { .. } => {
                let most = Money { minor: Amount::MAX.minor().into(), currency: Some(currency) };
                bad(Field::Amount, RowError::TooMuch { most })
            }
            error => bad(Field::Amount, error.into()),
        })?;
        let (date, zone) = (text(Field::Date)?, format.zone.as_ref());
        let time = parse_date(date, zone).and_then(|time| {
            let checked = format.now.map_or(Ok(()), |now| check_not_future(date, time, zone, now));
            checked.map(|()| time)
        });
        let time = time.map_err(|error| bad(Field::Date, error.into()))?;
        if places.of(Field::Currency).is_some() && text(Field::Currency)? != currency.code() {
            return Err(bad(Field::Currency, RowError::Currency { expected: currency }));
        }
        // The cell was parsed as a date, so it begins with a year. A name has at most 256 bytes.
        let year = date.get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
        let cell = ReceiptCell { length: receipt.len() as u16, year };
        // Two valid names joined by a slash may be too long for one name.
        let receipt = format.receipt_key.name(&receipt, &institution, date);
        text::check_name(&receipt).map_err(|error| bad(Field::Receipt, error.into()))?;
        let names = (&*institution, &*project);
        self.donations.add((receipt.as_bytes(), cell), names, amount, time, row.line);
        self.normalized += normalized;
        self.normalized_receipts += u64::from(is_receipt_normalized);
        Ok(())
    }
}

/// Converts a name to normal form NFC. The name is checked before that, so that the message shows
/// the character in the file.
pub(crate) fn checked_name(name: &str) -> Result<Cow<'_, str>, NameError> {
    match text::check_name(name) {
        Ok(()) => Ok(Cow::Borrowed(name)),
        // The name's normal form may be shorter.
        Err(NameError::Form { .. } | NameError::Long { .. }) => {
            let name = text::normalize(name);
            text::check_name(&name).map(|()| name)
        }
        Err(error) => Err(error),
    }
}

/// A file that is read some rows at a time.
pub(super) struct Batches<'f, R> {
    cells: cells::CellRows<R>,
    row: CellRow,
    places: ColumnIndices,
    file: &'f str,
    format: &'f CsvFormat,
    currency: CurrencyCode,
    // The spanning cells in the line of names, until the first rows are returned.
    spanning: SpanningCells,
}

impl<'f, R: Read> Batches<'f, R> {
    /// Reads the names of the columns.
    pub(super) fn new(
        from: R,
        file: &'f str,
        format: &'f CsvFormat,
        currency: CurrencyCode,
    ) -> Result<Self, ImportError> {
        let mut cells = cells::CellRows::new(from, format.delimiter.byte(), format.is_multiline);
        let mut row = CellRow::default();
        let places = header(&mut cells, &mut row, file, format)?;
        let spanning = row.spanning;
        Ok(Self { cells, row, places, file, format, currency, spanning })
    }

    /// The next rows, at most `most`. If there are none, the file has ended.
    pub(super) fn next(&mut self, most: usize) -> Result<Rows, ImportError> {
        let spanning = std::mem::take(&mut self.spanning);
        let mut rows = Rows { file: self.file.into(), spanning, ..Rows::default() };
        let row = &mut self.row;
        while rows.read < most as u64 && next(&mut self.cells, row, self.file)? {
            rows.read += 1;
            rows.spanning.append(row.spanning);
            if row.is_blank() {
                rows.blank += 1;
                continue;
            }
            let pushed = rows.push(row, &self.places, self.format, self.currency);
            if let Err(((column, value), reason)) = pushed {
                rows.bad.push(BadRow::new(self.file, row.line, (column, &value), reason));
            }
        }
        Ok(rows)
    }
}

/// What can be checked before the content of any cell.
fn check_form(row: &CellRow, places: &ColumnIndices) -> Result<(), CellError> {
    let whole = |reason| ((None, String::new()), reason);
    match row.stray {
        Some(RowFault::LineEnd) => return Err(whole(RowError::LineEnd)),
        Some(RowFault::Quote(at)) => {
            let name = places.names.get(at).cloned().unwrap_or_else(|| format!("{}", at + 1));
            let value = String::from_utf8_lossy(row.cell(at)).into_owned();
            return Err(((Some(name), value), RowError::Quote));
        }
        None => {}
    }
    let (got, expected) = (row.len(), places.names.len());
    if got != expected {
        return Err(whole(RowError::Cells { got, expected }));
    }
    let is_name = |(cell, name): (&[u8], &String)| {
        let cell = cell.strip_prefix(b"\xef\xbb\xbf").unwrap_or(cell);
        cell == name.as_bytes()
    };
    if row.cells().zip(&places.names).all(is_name) {
        return Err(whole(RowError::Header));
    }
    Ok(())
}

fn next(
    reader: &mut cells::CellRows<impl Read>,
    row: &mut CellRow,
    file: &str,
) -> Result<bool, ImportError> {
    let read = reader.next(row);
    read.map_err(|error| ImportError::Csv { file: file.into(), line: reader.line(), error })
}

/// Reads the names of the columns, after any empty lines and a line `sep=;`.
fn header(
    reader: &mut cells::CellRows<impl Read>,
    row: &mut CellRow,
    file: &str,
    format: &CsvFormat,
) -> Result<ColumnIndices, ImportError> {
    while next(reader, row, file)? {
        if row.is_blank() || reader.take_separator() {
            continue;
        }
        if let Some(RowFault::Quote(at)) = row.stray {
            let error = cells::CsvError::StrayQuote { cell: at + 1 };
            return Err(ImportError::Csv { file: file.into(), line: row.line, error });
        }
        return Ok(format.columns.find(file, row, reader.delimiter())?);
    }
    Err(ColumnsError::Empty { file: file.into() }.into())
}

/// The currency in the first row that names one. It helps to make a ledger for a file.
///
/// # Errors
/// Returns an error if the file cannot be read, has no column for the currency, or names no
/// currency.
pub fn first_currency(
    from: impl Read,
    file: &str,
    format: &CsvFormat,
) -> Result<Option<String>, ImportError> {
    let mut reader = cells::CellRows::new(from, format.delimiter.byte(), format.is_multiline);
    let mut row = CellRow::default();
    let places = header(&mut reader, &mut row, file, format)?;
    let Some(at) = places.of(Field::Currency) else { return Ok(None) };
    while next(&mut reader, &mut row, file)? {
        let code = String::from_utf8_lossy(row.cell(at));
        if !code.is_empty() {
            return Ok(Some(code.chars().take(16).collect()));
        }
    }
    Ok(None)
}
