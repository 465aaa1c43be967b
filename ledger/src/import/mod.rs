//! Donations from CSV: every row is read before one is written, and a bad one names file, line, column and reason.

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

/// Rows that are in memory together: those that are read, those that wait, and those that are written.
const BATCH: usize = 1 << 15;

/// Rows of a file as they are read, or why there are no more. `None` at the end of the file: without it, nothing is
/// imported.
type ReadBatch = Result<Option<Rows>, ImportError>;

/// How to import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Whose the donations are.
    pub owners: Owners,
    /// Whether to leave bad rows out, and import the rest.
    pub skip_bad: bool,
}

/// What was imported. Each row that was read is counted once: `read` is the sum of `rows`, `known`, `blank` and the
/// skipped ones.
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
    pub indices: Range<u64>,
    /// The sum of all that were entered, in minor units.
    pub sum: u128,
    /// Cells of names that were brought to normal form NFC.
    pub normalized: u64,
    /// Listed owners whose receipt no row has.
    pub unused_owners: u64,
    /// Those of them whose donation the ledger holds, pending.
    pub unused_pending: u64,
    /// Receipts of those of them whose donation the ledger does not hold either.
    pub unknown_owners: ReceiptSample,
    /// Receipts of listed owners whose donation has another owner in the ledger, and keeps it.
    pub other_owners: ReceiptSample,
    /// Quoted cells that span lines.
    pub spanning: SpanningCells,
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

/// Opens what is imported, on the thread that reads it.
type Open = Box<dyn FnOnce() -> io::Result<Box<dyn io::Read>> + Send>;
/// Hears how many rows are written.
type Progress = Box<dyn FnMut(u64) + Send>;

impl Ledger {
    /// Imports a CSV file, or what comes from a pipe: see [`Rows::read`] and [`Ledger::import`].
    ///
    /// # Errors
    /// When the file cannot be read, its columns do not fit, a row is bad and not to be skipped, or the ledger refuses
    /// or fails. Then nothing was imported.
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

    /// Imports what a reader gives, such as standard input. It is opened and read on a thread of its own.
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

    /// [`Ledger::import_reader`], compiled in this crate.
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
                        // Nobody listens any more once the import was refused.
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

    /// Enters donations, in one transaction: all, or all that are not bad, or none. `progress` hears how many rows are
    /// written.
    ///
    /// # Errors
    /// When a row is bad and not to be skipped, or the ledger refuses or fails. Then nothing was imported. A row whose
    /// donation the ledger holds already, the same in every field, is counted and passed over. It is bad when its
    /// receipt is that of another donation, and when its donation is in the ledger under another form of its receipt
    /// (see [`ReceiptKey`]): it would count twice.
    ///
    /// # Cost
    /// Three hashes a row with an owner, and for made-up owners one more, on all cores. Four receipts are looked up for
    /// a row, one in a ledger without donations.
    pub fn import(
        &self,
        rows: Rows,
        options: ImportOptions,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> BoxFuture<'_, Result<ImportReport, ImportError>> {
        self.import_rows(rows, options, Box::new(progress))
    }

    /// [`Ledger::import`], compiled in this crate.
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
        // Nobody has to wait for a file that cannot be read, or that comes slowly.
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
            // Once nothing will be imported, rows are read only so that the bad ones can be listed.
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

/// The next rows. Whoever reads them always says where the file ends.
async fn next(batches: &mut mpsc::Receiver<ReadBatch>) -> ReadBatch {
    batches.recv().await.unwrap_or_else(|| Err(StoreError::Stopped.into()))
}
