//! Donations from CSV: every row is read before one is written, and a bad one names file, line, column and reason.

pub mod amount;
mod columns;
pub mod date;
mod lines;
mod rows;

use std::{collections::HashMap, fs::File, io, ops::Range, path::Path};

pub use columns::{Columns, ColumnsError, Field, Mapping, MappingError};
pub use rows::{BadRow, RowError, Rows};

use crate::{
    append::{AppendError, donation_receipts},
    ledger::Ledger,
    owners::Owners,
    store::{StoreError, WriteTx},
};

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{file}: {error}")]
    File {
        /// The file.
        file: String,
        /// What went wrong.
        error: io::Error,
    },
    /// The file is not CSV.
    #[error("{file}: {error}")]
    Csv {
        /// The file.
        file: String,
        /// What went wrong.
        error: csv::Error,
    },
    /// The file begins like UTF-16.
    #[error("{file} is UTF-16, expected UTF-8")]
    Utf16 {
        /// The file.
        file: String,
    },
    /// Columns are missing, or doubtful.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// Rows are bad.
    #[error(
        "{} of {} rows are bad, and nothing was imported; the first: {}",
        .bad.len(), .rows, .bad.first().map(ToString::to_string).unwrap_or_default()
    )]
    Rows {
        /// All of them, in the order of their lines.
        bad: Vec<BadRow>,
        /// How many rows there are.
        rows: u64,
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

/// What was imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Donations that were entered.
    pub rows: u64,
    /// Those with an owner, which are leaves.
    pub leaves: u64,
    /// Their places in the log.
    pub places: Range<u64>,
    /// The sum of all that were entered, in minor units.
    pub sum: u128,
    /// Rows that were left out.
    pub skipped: Vec<BadRow>,
    /// Listed owners whose receipt no row has.
    pub unused_owners: u64,
}

impl ImportReport {
    /// Donations without owner: in the sums, not a leaf.
    pub fn pending(&self) -> u64 {
        self.rows - self.leaves
    }
}

impl Ledger {
    /// Imports a CSV file: see [`Rows::read`] and [`Ledger::import`].
    ///
    /// # Errors
    /// When the file cannot be read, its columns do not fit, a row is bad and not to be skipped, or the ledger refuses or fails.
    /// Then nothing was imported.
    pub async fn import_file(
        &self,
        file: &Path,
        columns: &Columns,
        options: ImportOptions,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<ImportReport, ImportError> {
        let currency = self.policy().currency.ok_or(AppendError::NoCurrency)?;
        let (name, path) = (file.display().to_string(), file.to_owned());
        let columns = columns.clone();
        let rows = tokio::task::spawn_blocking(move || {
            let open = File::open(path);
            let open = open.map_err(|error| ImportError::File { file: name.clone(), error })?;
            Rows::read(open, &name, &columns, currency)
        });
        let rows = rows.await.map_err(|_| StoreError::Stopped)??;
        self.import(rows, options, progress).await
    }

    /// Enters donations, in one transaction: all, or all that are not bad, or none. `progress` hears how many rows are written.
    ///
    /// # Errors
    /// When a row is bad and not to be skipped (a receipt that was imported before is one), or the ledger refuses or fails. Then
    /// nothing was imported.
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
        let Rows { file, mut donations, mut bad } = rows;
        let read = donations.len() + bad.len();
        let mut first_lines = HashMap::with_capacity(donations.len());
        let known = donation_receipts(tx, &donations).await?;
        let mut refused = |row: &crate::donation::DonationRow| {
            if known.contains(&row.receipt) {
                return Some(RowError::Imported);
            }
            let first = *first_lines.entry(row.receipt.clone()).or_insert(row.line);
            (first != row.line).then_some(RowError::Twice { line: first })
        };
        donations.rows.retain(|row| match refused(row) {
            Some(reason) => {
                bad.push(BadRow::of_receipt(&file, row, reason));
                false
            }
            None => true,
        });
        drop(first_lines);
        bad.sort_by_key(|bad| bad.line);
        if !bad.is_empty() && !options.skip_bad {
            return Err(ImportError::Rows { bad, rows: read as u64 });
        }
        let unused_owners =
            options.owners.unused(donations.rows.iter().map(|row| row.receipt.as_ref()));
        let sum = donations.sum();
        let (written, places) =
            self.append_donations(tx, donations, options.owners, progress).await?;
        let crate::donation::Written { rows, leaves } = written;
        Ok(ImportReport { rows, leaves, places, sum, skipped: bad, unused_owners })
    }
}
