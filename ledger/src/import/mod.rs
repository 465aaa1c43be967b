//! Donations from CSV: every row is read before one is written, and a bad one names file, line, column and reason.

pub mod amount;
mod bad;
mod cells;
mod columns;
pub mod date;
mod format;
mod known;
mod rows;

use std::{fs::File, io, ops::Range, path::Path};

pub use bad::{BadRow, BadRows, RecordedDonation, RowError};
pub use cells::CsvError;
pub(crate) use cells::{Row, RowFault, Rows as CellRows};
pub use columns::{Columns, ColumnsError, Field, Hint, Mapping, MappingError};
pub use format::{Delimiter, DelimiterError, Format, ReceiptKey, ReceiptKeyError};
pub use rows::{Rows, first_currency};

use crate::{
    append::{AppendError, lossy},
    ledger::Ledger,
    owners::Owners,
    store::{StoreError, WriteTx},
};

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be opened.
    #[error("{file}: {error}")]
    File {
        /// The file.
        file: String,
        /// What went wrong.
        error: io::Error,
    },
    /// The file is not CSV, or reading it failed.
    #[error("{file}:{line}: {error}")]
    Csv {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        error: CsvError,
    },
    /// Columns are missing, or doubtful.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// Rows are bad.
    #[error(
        "{} of {rows} rows are bad, and nothing was imported; the first: {}",
        .bad.count(), .bad.kept().first().map(ToString::to_string).unwrap_or_default()
    )]
    Rows {
        /// The first of them, in the order of their lines.
        bad: BadRows,
        /// How many rows there are.
        rows: u64,
    },
    /// Rows were lost between reading and writing, which is a fault of this program.
    #[error(
        "{read} rows were read and {counted} of them are accounted for, which is a bug; nothing was imported"
    )]
    Lost {
        /// Rows that were read.
        read: u64,
        /// Those that were imported, known, blank or skipped.
        counted: u64,
    },
    /// The ledger refused them.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Append(error.into())
    }
}

/// How to import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Whose the donations are.
    pub owners: Owners,
    /// Whether to leave bad rows out, and import the rest.
    pub skip_bad: bool,
}

/// What was imported. Each row that was read is counted once: `read` is the sum of `rows`, `known`, `blank` and the skipped ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows that were read.
    pub read: u64,
    /// Donations that were entered.
    pub rows: u64,
    /// Rows whose donation the ledger holds already, the same in every field.
    pub known: u64,
    /// Known ones that are pending, where an owner is listed now.
    pub known_pending: u64,
    /// Rows with nothing in their cells.
    pub blank: u64,
    /// Rows that were left out because they are bad.
    pub skipped: BadRows,
    /// Entered donations with an owner, which are leaves.
    pub leaves: u64,
    /// Their places in the log.
    pub places: Range<u64>,
    /// The sum of all that were entered, in minor units.
    pub sum: u128,
    /// Cells of names that were brought to normal form NFC.
    pub normalized: u64,
    /// Listed owners whose receipt no row has.
    pub unused_owners: u64,
}

impl ImportReport {
    /// Donations without owner: in the sums, not a leaf.
    pub fn pending(&self) -> u64 {
        self.rows - self.leaves
    }

    fn counted(&self) -> u64 {
        self.rows + self.known + self.blank + self.skipped.count()
    }
}

impl Ledger {
    /// Imports a CSV file, or what comes from a pipe: see [`Rows::read`] and [`Ledger::import`].
    ///
    /// # Errors
    /// When the file cannot be read, its columns do not fit, a row is bad and not to be skipped, or the ledger refuses or fails.
    /// Then nothing was imported.
    pub async fn import_file(
        &self,
        file: &Path,
        format: &Format,
        options: ImportOptions,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<ImportReport, ImportError> {
        let (name, path) = (file.display().to_string(), file.to_owned());
        let open = move || File::open(path);
        self.import_reader(open, name, format, options, progress).await
    }

    /// Imports what a reader gives, such as standard input. It is opened and read on a thread of its own.
    ///
    /// # Errors
    /// As [`Ledger::import_file`].
    pub async fn import_reader<R: io::Read>(
        &self,
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
        name: String,
        format: &Format,
        options: ImportOptions,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<ImportReport, ImportError> {
        let currency = self.policy().currency.ok_or(AppendError::NoCurrency)?;
        let format = format.clone();
        let rows = tokio::task::spawn_blocking(move || {
            let from = open();
            let from = from.map_err(|error| ImportError::File { file: name.clone(), error })?;
            Rows::read(from, &name, &format, currency)
        });
        let rows = rows.await.map_err(|_| StoreError::Stopped)??;
        self.import(rows, options, progress).await
    }

    /// Enters donations, in one transaction: all, or all that are not bad, or none. `progress` hears how many rows are written.
    ///
    /// # Errors
    /// When a row is bad and not to be skipped, or the ledger refuses or fails. Then nothing was imported. A row whose donation the ledger
    /// holds already, the same in every field, is counted and passed over; one whose receipt is that of another donation is bad.
    ///
    /// # Cost
    /// Three hashes a row with an owner, and for made-up owners one more, on all cores.
    pub async fn import(
        &self,
        rows: Rows,
        options: ImportOptions,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<ImportReport, ImportError> {
        let ledger = self.clone();
        self.finish(async move { ledger.import_all(rows, options, progress).await }).await
    }

    async fn import_all(
        &self,
        rows: Rows,
        options: ImportOptions,
        progress: impl FnMut(u64) + Send,
    ) -> Result<ImportReport, ImportError> {
        let mut tx = self.inner.store.begin().await?;
        let done = self.import_in(&mut tx, rows, options, progress).await;
        match done {
            Ok(report) => {
                tx.commit().await?;
                Ok(report)
            }
            Err(ImportError::Append(error)) if error.is_failure() => Err(error.into()),
            Err(error) => {
                tx.refuse().await?;
                Err(error)
            }
        }
    }

    async fn import_in(
        &self,
        tx: &mut WriteTx<'_>,
        rows: Rows,
        options: ImportOptions,
        progress: impl FnMut(u64) + Send,
    ) -> Result<ImportReport, ImportError> {
        let Rows { file, read, mut donations, blank, mut bad, normalized } = rows;
        let known = known::sort_out(tx, self.policy().currency, &mut donations, &options.owners);
        let known = known.await?;
        for (row, reason) in known.bad {
            let column = Some(Field::Receipt.name().into());
            let receipt = lossy(&row.receipt);
            bad.push(BadRow::new(&file, row.line, (column, &receipt), reason));
        }
        bad.sort();
        if !bad.is_empty() && !options.skip_bad {
            return Err(ImportError::Rows { bad, rows: read });
        }
        let receipts = donations.rows.iter().map(|row| row.receipt.as_ref());
        let unused_owners =
            options.owners.unused(receipts.chain(known.receipts.iter().map(|r| &**r)));
        let sum = donations.sum();
        let (written, places) =
            self.append_donations(tx, donations, options.owners, progress).await?;
        let crate::donation::RowsWritten { rows, leaves } = written;
        let report = ImportReport {
            read,
            rows,
            known: known.receipts.len() as u64,
            known_pending: known.pending,
            blank,
            skipped: bad,
            leaves,
            places,
            sum,
            normalized,
            unused_owners,
        };
        // Nothing is committed yet.
        let counted = report.counted();
        if counted == read { Ok(report) } else { Err(ImportError::Lost { read, counted }) }
    }
}
