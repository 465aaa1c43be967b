//! A log file that can be moved away while the service runs.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tracing_subscriber::fmt::MakeWriter;

/// A file that is appended to. Cloning is cheap, and all clones write to the same file.
#[derive(Clone, Debug)]
pub struct LogFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    file: Mutex<File>,
}

impl LogFile {
    /// Opens the file, and makes it if there is none. Only its owner can read a new one.
    ///
    /// # Errors
    /// Returns an error that names the file if it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = Mutex::new(open(path)?);
        Ok(Self(Arc::new(Inner { path: path.to_owned(), file })))
    }

    /// Opens the path again, because the file may have been moved. If that fails, the old file
    /// stays in use.
    ///
    /// # Errors
    /// Returns an error that names the file if it cannot be opened.
    pub fn reopen(&self) -> io::Result<()> {
        let file = open(&self.0.path)?;
        *self.0.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    opened.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

impl Write for &LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.file.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.file.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = &'a LogFile;

    fn make_writer(&'a self) -> &'a LogFile {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_was_moved_away_is_begun_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, moved) = (folder.path().join("log"), folder.path().join("log.1"));
        let log = LogFile::open(&path).unwrap();
        (&log).write_all(b"one").unwrap();
        std::fs::rename(&path, &moved).unwrap();
        (&log).write_all(b"two").unwrap();
        log.reopen().unwrap();
        (&log).write_all(b"three").unwrap();
        assert_eq!(std::fs::read_to_string(&moved).unwrap(), "onetwo");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "three");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        // The old file is still written to.
        assert!(log.reopen().is_err());
        (&log).write_all(b"four").unwrap();
    }
}
