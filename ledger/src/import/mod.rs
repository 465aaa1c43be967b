//! Imports donations from CSV. All rows are read before the first is written. A bad row is reported
//! with its file, line, column and reason.

pub mod amount;
mod bad;
mod cells;
mod columns;
pub mod date;
mod error;
mod format;
mod known;
mod line_index;
pub(crate) mod owners;
mod receipt_sample;
mod rows;
mod unused;

use std::{fs::File, io, ops::Range, path::Path, sync::Arc};

pub use bad::{BadRow, BadRows, RecordedDonation, RowError};
pub(crate) use cells::{CellRow, CellRows, RowFault};
pub use cells::{CsvError, SpanningCells};
pub(crate) use columns::other_delimiter;
pub use columns::{Columns, ColumnsError, Field, Hint, Mapping, MappingError};
pub use error::ImportError;
pub use format::{CsvFormat, Delimiter, DelimiterError, ReceiptKey, ReceiptKeyError};
use futures_util::future::BoxFuture;
pub use receipt_sample::ReceiptSample;
pub(crate) use rows::checked_name;
pub use rows::{Rows, first_currency};
use tokio::sync::mpsc;

use crate::{
    append::{AppendError, directory, donation::lossy},
    epochs::tally::Part,
    import::owners::Owners,
    ledger::Ledger,
    store::{StoreError, Transaction, signed},
};
use known::{KnownRows, RowLookup};
use line_index::LineIndex;
use rows::Batches;
use unused::UnusedOwners;

/// How many rows are in memory in each of three places: being read, waiting, and being written.
const BATCH: usize = 1 << 15;

/// The rows of a file as they are read, or why reading stopped. `None` marks the end of the file.
/// If it does not come, nothing is imported.
type ReadBatch = Result<Option<Rows>, ImportError>;

/// Options of an import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The owners of the donations.
    pub owners: Owners,
    /// Whether to skip bad rows and import the others.
    pub skip_bad: bool,
}

/// What was imported. Each row is counted exactly once: `read` is the sum of `rows`, `known`,
/// `blank` and the skipped rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// How many rows were read.
    pub read: u64,
    /// How many donations were entered.
    pub rows: u64,
    /// How many rows have a donation that the ledger already holds, with the same value in every
    /// field.
    pub known: u64,
    /// How many of the known donations are pending and now have a listed owner.
    pub known_pending: u64,
    /// How many rows have only empty cells.
    pub blank: u64,
    /// The rows that were skipped because they are bad.
    pub skipped: BadRows,
    /// How many entered donations have an owner, and so are leaves.
    pub leaves: u64,
    /// The leaf indices of these donations in the log.
    pub indices: Range<u64>,
    /// The sum of all entered donations, in minor units.
    pub sum: u128,
    /// How many cells with names were converted to normal form NFC.
    pub normalized: u64,
    /// How many listed owners have a receipt that no row has.
    pub unused_owners: u64,
    /// How many of these have a donation that is pending in the ledger.
    pub unused_pending: u64,
    /// The receipts of these whose donation the ledger does not hold.
    pub unknown_owners: ReceiptSample,
    /// The receipts of listed owners whose donation has, and keeps, another owner in the ledger.
    pub other_owners: ReceiptSample,
    /// The quoted cells that span several lines.
    pub spanning: SpanningCells,
}

impl ImportReport {
    /// How many donations have no owner. They are part of the sums, but are not leaves.
    pub fn pending(&self) -> u64 {
        self.rows - self.leaves
    }

    fn counted(&self) -> u64 {
        self.rows + self.known + self.blank + self.skipped.count()
    }
}

/// Opens the input, on the thread that reads it.
type Open = Box<dyn FnOnce() -> io::Result<Box<dyn io::Read>> + Send>;
/// Called with the number of rows that are written.
type Progress = Box<dyn FnMut(u64) + Send>;

impl Ledger {
    /// Imports a CSV file or a pipe: see [`Rows::read`] and [`Ledger::import`].
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, if its columns do not match, if a row is bad
    /// and bad rows are not to be skipped, or if the ledger refuses or fails. Then nothing was
    /// imported.
    pub fn import_file(
        &self,
        file: &Path,
        format: &CsvFormat,
        options: ImportOptions,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> BoxFuture<'_, Result<ImportReport, ImportError>> {
        let (name, path) = (file.display().to_string(), file.to_owned());
        let open = move || File::open(path);
        self.import_reader(open, name, format, options, progress)
    }

    /// Imports from a reader, such as standard input. The reader is opened and used on a thread of
    /// its own.
    ///
    /// # Errors
    /// As [`Ledger::import_file`].
    ///
    /// # Cost
    /// Memory: three times 32,768 rows, and the listed owners.
    pub fn import_reader<R: io::Read + 'static>(
        &self,
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
        name: String,
        format: &CsvFormat,
        options: ImportOptions,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> BoxFuture<'_, Result<ImportReport, ImportError>> {
        let open: Open = Box::new(|| Ok(Box::new(open()?)));
        self.import_opened(open, name, format.clone(), options, Box::new(progress))
    }

    /// [`Ledger::import_reader`], in a form that is compiled in this crate.
    fn import_opened(
        &self,
        open: Open,
        name: String,
        format: CsvFormat,
        options: ImportOptions,
        progress: Progress,
    ) -> BoxFuture<'_, Result<ImportReport, ImportError>> {
        Box::pin(async move {
            let currency = self.policy().currency.ok_or(AppendError::NoCurrency)?;
            let (sender, batches) = mpsc::channel(1);
            tokio::task::spawn_blocking(move || {
                let read = || -> Result<(), ImportError> {
                    let from = open();
                    let from =
                        from.map_err(|error| ImportError::File { file: name.clone(), error })?;
                    let mut rows = Batches::new(from, &name, &format, currency)?;
                    loop {
                        let batch = rows.next(BATCH)?;
                        let batch = (batch.read > 0).then_some(batch);
                        let is_end = batch.is_none();
                        // The receiver is gone after the import was refused.
                        if sender.blocking_send(Ok(batch)).is_err() || is_end {
                            return Ok(());
                        }
                    }
                };
                if let Err(error) = read() {
                    let _ = sender.blocking_send(Err(error));
                }
            });
            let ledger = self.clone();
            self.finish(async move { ledger.import_all(batches, options, progress).await }).await
        })
    }

    /// Enters donations in one transaction: all of them, or all that are not bad, or none. Calls
    /// `progress` with the number of rows that are written.
    ///
    /// # Errors
    /// Returns an error if a row is bad and bad rows are not to be skipped, or if the ledger
    /// refuses or fails. Then nothing was imported. A row whose donation the ledger already holds,
    /// with the same value in every field, is counted and skipped. A row is bad if its receipt
    /// belongs to another donation. It is also bad if its donation is in the ledger under another
    /// form of its receipt (see [`ReceiptKey`]), because it would count twice.
    ///
    /// # Cost
    /// On all cores: three hashes for each row with an owner, and one more if the owner is made up.
    /// Four receipts are looked up for each row, or one if the ledger has no donations.
    pub fn import(
        &self,
        rows: Rows,
        options: ImportOptions,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> BoxFuture<'_, Result<ImportReport, ImportError>> {
        self.import_rows(rows, options, Box::new(progress))
    }

    /// [`Ledger::import`], in a form that is compiled in this crate.
    fn import_rows(
        &self,
        rows: Rows,
        options: ImportOptions,
        progress: Progress,
    ) -> BoxFuture<'_, Result<ImportReport, ImportError>> {
        Box::pin(async move {
            let ledger = self.clone();
            let (sender, batches) = mpsc::channel(2);
            for batch in [Some(rows), None] {
                sender.send(Ok(batch)).await.map_err(|_| StoreError::Stopped)?;
            }
            self.finish(async move { ledger.import_all(batches, options, progress).await }).await
        })
    }

    async fn import_all(
        &self,
        mut batches: mpsc::Receiver<ReadBatch>,
        options: ImportOptions,
        progress: Progress,
    ) -> Result<ImportReport, ImportError> {
        // The first batch is read before the transaction begins. So nobody waits for a file that
        // cannot be read or that arrives slowly.
        let first = next(&mut batches).await?;
        let mut tx = self.inner.store.begin().await?;
        let done = self.import_in(&mut tx, first, batches, options, progress).await;
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
        tx: &mut Transaction<'_>,
        first: Option<Rows>,
        mut batches: mpsc::Receiver<ReadBatch>,
        options: ImportOptions,
        mut progress: Progress,
    ) -> Result<ImportReport, ImportError> {
        let currency = self.policy().currency.ok_or(AppendError::NoCurrency)?;
        let owners = Arc::new(options.owners);
        let mut directory = directory::load(tx.connection()?).await?;
        let before = self.state(tx).await?.tally.chain(Part::Donations).rows;
        let mut number = before;
        let (mut lines, mut listed, mut normalized_receipts) = (LineIndex::default(), 0, 0);
        let mut report = ImportReport::default();
        let mut indices: Option<Range<u64>> = None;
        let mut batch = first;
        while let Some(rows) = batch {
            let Rows { file, mut donations, .. } = rows;
            report.read += rows.read;
            report.blank += rows.blank;
            report.normalized += rows.normalized;
            normalized_receipts += rows.normalized_receipts;
            report.skipped.append(rows.bad);
            report.spanning.append(rows.spanning);
            let is_normalized = normalized_receipts > 0;
            let look_up = RowLookup {
                currency,
                directory: &directory,
                owners: &owners,
                before,
                is_normalized,
            };
            let known = KnownRows::sort_out(tx, look_up, &mut donations, &mut lines).await?;
            report.other_owners.append(known.other_owners);
            report.known += known.rows;
            report.known_pending += known.pending;
            listed += known.listed;
            for (row, reason) in known.bad {
                let column = Some(Field::Receipt.name().into());
                let receipt = lossy(&row.receipt);
                report.skipped.push(BadRow::new(&file, row.line, (column, &receipt), reason));
            }
            // If nothing will be imported, rows are read on only to list the bad ones.
            if report.skipped.is_empty() || options.skip_bad {
                report.sum += donations.sum();
                for row in &donations.rows {
                    number += 1;
                    lines.push(signed(number)?, row.line);
                    listed += u64::from(owners.is_listed(&row.receipt));
                }
                let before = report.rows;
                let mut told = |rows| progress(before + rows);
                let told: &mut (dyn FnMut(u64) + Send) = &mut told;
                let appended =
                    self.append_donations(tx, donations, owners.clone(), &mut directory, told);
                let (written, range) = appended.await?;
                report.rows += written.rows;
                report.leaves += written.leaves;
                indices.get_or_insert(range.clone()).end = range.end;
            }
            batch = next(&mut batches).await?;
        }
        report.skipped.sort();
        if !report.skipped.is_empty() && !options.skip_bad {
            return Err(ImportError::Rows { bad: report.skipped, rows: report.read });
        }
        report.indices = indices.unwrap_or_default();
        report.unused_owners = owners.listed().saturating_sub(listed);
        if report.unused_owners > 0 {
            let unused = UnusedOwners::find(tx, &owners, &lines).await?;
            report.unused_pending = unused.pending;
            report.other_owners.append(unused.other);
            report.unknown_owners = unused.unknown;
        }
        // Nothing is committed yet.
        let (read, counted) = (report.read, report.counted());
        if counted == read { Ok(report) } else { Err(ImportError::Lost { read, counted }) }
    }
}

/// The next rows. The reading thread always sends the end of the file.
async fn next(batches: &mut mpsc::Receiver<ReadBatch>) -> ReadBatch {
    batches.recv().await.unwrap_or_else(|| Err(StoreError::Stopped.into()))
}
