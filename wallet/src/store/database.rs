//! Database files. A new file is created only on purpose, and complete; an existing one is opened
//! or refused. A file that was lost, cut off or never written must not count as an empty store.

use std::path::Path;

use redb::{Database, DatabaseError, backends::FileBackend};

use super::StoreError;
use crate::file::{self, FileError};

/// The memory for cached pages, in bytes.
pub(super) const CACHE: usize = 8 << 20;

/// Creates a database with mode 0600 and the content that `fill` writes. The file appears with its
/// content or not at all.
///
/// # Errors
/// Returns an error if the file already exists, or cannot be written.
pub(crate) fn create<E: From<StoreError>>(
    path: &Path,
    fill: impl FnOnce(&Database) -> Result<(), E>,
) -> Result<Database, E> {
    let io = |error| StoreError::from(FileError::io(path)(error));
    let file = tempfile::NamedTempFile::new_in(wufu_files::folder(path)).map_err(io)?;
    let database = backend(file.reopen().map_err(io)?, path)?;
    fill(&database)?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::from(FileError::Exists { path: path.into() }).into())
        }
        Err(error) => Err(io(error.error).into()),
        Ok(_) => {
            file::sync_folder(path).map_err(StoreError::from)?;
            Ok(database)
        }
    }
}

/// Opens an existing database.
///
/// # Errors
/// Returns an error if the file is missing, open to others, in use, empty, cut off or damaged.
pub(crate) fn open(path: &Path) -> Result<Database, StoreError> {
    if !path.try_exists().map_err(FileError::io(path))? {
        return Err(StoreError::Missing { path: path.into() });
    }
    let file = file::existing_private_file(path)?;
    let got = file.metadata().map_err(FileError::io(path))?.len();
    if got == 0 {
        return Err(StoreError::Empty { path: path.into() });
    }
    backend(file, path)
}

fn backend(file: std::fs::File, path: &Path) -> Result<Database, StoreError> {
    let got = file.metadata().map_err(FileError::io(path))?.len();
    // Damage is reported here, and not by a panic later.
    let database = FileBackend::new(file).and_then(|backend| {
        Database::builder()
            .set_cache_size(CACHE)
            .set_check_integrity_on_open(true)
            .create_with_backend(backend)
    });
    database.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::Open,
        error => StoreError::Unreadable { path: path.into(), got, error: Box::new(error.into()) },
    })
}
