//! The database's files in a ledger's folder, and whether they are complete.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

use crate::folder::error::FolderError;

/// The database file.
pub(crate) const DATABASE: &str = "ledger.db";
const WAL: &str = "ledger.db-wal";

/// All of the database's files. SQLite would apply a journal that somebody planted.
pub(crate) const NAMES: [&str; 4] = [DATABASE, WAL, "ledger.db-journal", "ledger.db-shm"];

/// Refuses a database that is empty, truncated or of another type. SQLite would take an empty file
/// for a new database.
pub(crate) fn check_whole(folder: &Path) -> Result<(), FolderError> {
    /// The shortest database has one page of the smallest size.
    const SHORTEST: u64 = 512;
    let file = folder.join(DATABASE);
    let failed = |error| FolderError::File { file: file.clone(), error };
    let mut open = File::open(&file).map_err(failed)?;
    let got = open.metadata().map_err(failed)?.len();
    if got < SHORTEST {
        return Err(FolderError::Short { file, got, expected: SHORTEST });
    }
    let mut header = [0; 100];
    open.read_exact(&mut header).map_err(failed)?;
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(FolderError::NoDatabase { file });
    }
    let word =
        |at: usize| header[at..at + 4].iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let page = match u64::from(header[16]) << 8 | u64::from(header[17]) {
        1 => 65_536,
        page => page,
    };
    // The page count is valid if the two change counters agree. If there is a write-ahead log, some
    // of the pages may still be in it. The length is read last, because a writer may just have
    // moved pages.
    let expected = word(28) * page;
    let is_counted = word(24) == word(92) && wal_bytes(folder)? == 0;
    let got = open.metadata().map_err(failed)?.len();
    if is_counted && got < expected {
        return Err(FolderError::Short { file, got, expected });
    }
    Ok(())
}

/// The length of the write-ahead log in bytes.
fn wal_bytes(folder: &Path) -> Result<u64, FolderError> {
    let file = folder.join(WAL);
    match fs::metadata(&file) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(FolderError::File { file, error }),
    }
}

/// Checks that the database is complete without its write-ahead log.
pub(crate) fn refuse_unfinished(folder: &Path) -> Result<(), FolderError> {
    match wal_bytes(folder)? {
        0 => Ok(()),
        bytes => Err(FolderError::Unfinished { file: folder.join(WAL), bytes }),
    }
}
