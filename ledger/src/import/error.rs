//! Why an import failed.

use std::io;

use super::{bad::BadRows, cells::CsvError, columns::ColumnsError};
use crate::{append::AppendError, store::StoreError};

/// Why an import failed. Nothing was imported.
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
    /// Columns are missing or ambiguous.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// Some rows are bad.
    #[error(
        "{} of {rows} rows are bad, and nothing was imported; the first: {}",
        .bad.count(), .bad.kept().first().map(ToString::to_string).unwrap_or_default()
    )]
    Rows {
        /// The bad rows, in the order of their lines.
        bad: BadRows,
        /// How many rows the file has.
        rows: u64,
    },
    /// Some rows were lost between reading and writing. This is our bug.
    #[error(
        "{read} rows were read and {counted} of them are accounted for, which is a bug; nothing \
         was imported"
    )]
    Lost {
        /// How many rows were read.
        read: u64,
        /// How many rows were imported, known, blank or skipped.
        counted: u64,
    },
    /// The ledger refused the donations.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Append(error.into())
    }
}
