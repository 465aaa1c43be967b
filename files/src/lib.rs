//! Writes files whole or not at all.
//!
//! A file is written beside its path under another name, synced to disk, and then renamed. Whoever
//! reads the path sees the old bytes or the new ones, never a part of them, even after a power cut.
//! The new name is durable once its folder is synced ([`sync_folder`]).
//!
//! ```
//! use std::io::Write as _;
//! use wufu_files::{Draft, sync_folder};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("seed");
//! Draft::private(&path).create(|file| file.write_all(b"32 bytes"))?;
//! sync_folder(&path)?;
//!
//! // `create` never overwrites a file, and `replace` does.
//! assert!(Draft::private(&path).create(|file| file.write_all(b"others")).is_err());
//! assert_eq!(std::fs::read(&path)?, b"32 bytes");
//! Draft::private(&path).replace(|file| file.write_all(b"others"))?;
//! assert_eq!(std::fs::read(&path)?, b"others");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Where to read next
//! [`Draft`] says who may read a file and when its bytes are on disk. `cli/src/files/write.rs` uses
//! it for all that the command `wufu` writes.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

use tempfile::NamedTempFile;

/// A file to be written, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft<'a> {
    path: &'a Path,
    mode: u32,
    is_synced: bool,
}

impl<'a> Draft<'a> {
    /// A file that its owner alone may read: mode 0600.
    pub fn private(path: &'a Path) -> Self {
        Self::with_mode(path, 0o600)
    }

    /// A file of this mode, less the umask. On systems without modes it is as they make files.
    pub fn with_mode(path: &'a Path, mode: u32) -> Self {
        Self { path, mode, is_synced: true }
    }

    /// Leaves it to the system when the bytes come to disk: after a power cut the file may be an older one, or empty.
    pub fn unsynced(self) -> Self {
        Self { is_synced: false, ..self }
    }

    /// Writes the file, in place of one that may be there.
    ///
    /// # Errors
    /// Returns an error if `write` does, or the file cannot be made or renamed. Then nothing is changed.
    pub fn replace<E: From<io::Error>>(
        self,
        write: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<(), E> {
        self.written(write)?.persist(self.path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Writes the file, if there is none of its name.
    ///
    /// # Errors
    /// Returns an error if a file is there ([`io::ErrorKind::AlreadyExists`]), `write` does, or the file cannot be made
    /// or renamed. Then nothing is changed.
    pub fn create<E: From<io::Error>>(
        self,
        write: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<(), E> {
        self.written(write)?.persist_noclobber(self.path).map_err(|error| error.error)?;
        Ok(())
    }

    /// [`Draft::replace`], by way of a name that is known: what a killed process left there is overwritten, and whoever
    /// looks after the folder can look after that file too.
    ///
    /// # Errors
    /// Returns an error where [`Draft::replace`] does. Then what was written stays under the other name.
    pub fn replace_by<E: From<io::Error>>(
        self,
        fresh: &Path,
        write: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, self.mode);
        let mut file = options.open(fresh)?;
        write(&mut file)?;
        if self.is_synced {
            file.sync_all()?;
        }
        Ok(fs::rename(fresh, self.path)?)
    }

    /// The bytes in a file beside the path, which is deleted unless it is renamed.
    fn written<E: From<io::Error>>(
        self,
        write: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<NamedTempFile, E> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(self.mode));
        let mut file = builder.tempfile_in(folder(self.path))?;
        write(file.as_file_mut())?;
        if self.is_synced {
            file.as_file().sync_all()?;
        }
        Ok(file)
    }
}

/// The folder that a file is in.
pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the name of a file durable: it is when its folder is.
///
/// # Errors
/// Returns an error if the folder cannot be opened or brought to disk.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::unix::fs::MetadataExt as _};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for bytes in [b"one".as_slice(), b"two"] {
            Draft::private(&path).replace(|file| file.write_all(bytes)).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let half = |file: &mut File| {
            file.write_all(b"th")?;
            Err(io::Error::other("the disk is full"))
        };
        let failed = Draft::private(&path).replace(half).unwrap_err();
        assert_eq!(failed.to_string(), "the disk is full");
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["file"]);
        sync_folder(&path).unwrap();
    }

    #[test]
    fn a_new_file_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        Draft::private(&path).create(|file| file.write_all(b"one")).unwrap();
        let refused = Draft::private(&path).create(|file| file.write_all(b"two")).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(names(folder.path()), ["file"]);
    }

    /// A process was killed between writing and renaming, and the next one could not make its file.
    #[test]
    fn what_a_killed_process_left_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let (path, fresh) = (folder.path().join("file"), folder.path().join("file.new"));
        fs::write(&fresh, "left by somebody else, and longer").unwrap();
        for draft in [Draft::private(&path), Draft::private(&path).unsynced()] {
            draft.replace_by(&fresh, |file| file.write_all(b"one")).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"one");
            assert_eq!(names(folder.path()), ["file"]);
        }
    }

    #[test]
    fn a_bare_name_is_in_the_folder_of_the_process() {
        assert_eq!(folder(Path::new("file")), Path::new("."));
        assert_eq!(folder(Path::new("a/file")), Path::new("a"));
        assert_eq!(folder(Path::new("/file")), Path::new("/"));
    }
}
