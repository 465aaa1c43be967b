//! Files of a wallet: their permissions, and how they are read and written.

#[cfg(not(unix))]
compile_error!("a wallet's files are protected by Unix permissions, and this system has none");

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use wufu_files::{Draft, folder};
use zeroize::Zeroizing;

/// The permission bits of everybody except the owner.
const OTHERS: u32 = 0o077;

/// Why a file or folder of a wallet cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system returned an error.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// The file's path.
        path: PathBuf,
        /// The system's error.
        #[source]
        error: io::Error,
    },
    /// The file already exists, and nothing is overwritten.
    #[error("{path} already exists, and nothing is overwritten", path = path.display())]
    Exists {
        /// The file's path.
        path: PathBuf,
    },
    /// The group or others have access to it.
    #[error(
        "{path} has mode {mode:03o}, expected none for group and others: chmod go= {path}",
        path = path.display()
    )]
    Shared {
        /// The file's path.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The folder belongs to another user.
    #[error(
        "{path} belongs to user {got}, expected {expected}, who runs this program",
        path = path.display()
    )]
    Owner {
        /// The folder's path.
        path: PathBuf,
        /// The id of the user who owns it.
        got: u32,
        /// The id of the user who runs this program.
        expected: u32,
    },
    /// The path leads to a link, a folder, a pipe or something else.
    #[error("{path} is not a {expected}", path = path.display())]
    Kind {
        /// The file's path.
        path: PathBuf,
        /// What was expected there.
        expected: &'static str,
    },
    /// The file does not have the length of such a file.
    #[error("{path} is {got} bytes, expected {expected}", path = path.display())]
    Length {
        /// The file's path.
        path: PathBuf,
        /// Its length in bytes.
        got: u64,
        /// What was expected there.
        expected: u64,
    },
}

impl FileError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        |error| Self::Io { path, error }
    }
}

fn private(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    let mode = metadata.mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(FileError::Shared { path: path.into(), mode });
    }
    Ok(())
}

/// Creates a folder that only its owner may enter. An existing folder must be like that already.
///
/// # Errors
/// Returns an error if the folder cannot be created, is not a folder, or is open to others.
pub fn private_folder(path: &Path) -> Result<(), FileError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(FileError::io(parent))?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_folder(path),
        made => made.map_err(FileError::io(path)),
    }
}

/// Checks that a path is a folder, and that only its owner may enter it.
///
/// # Errors
/// Returns an error if it is not.
pub fn check_folder(path: &Path) -> Result<(), FileError> {
    let metadata = fs::symlink_metadata(path).map_err(FileError::io(path))?;
    if !metadata.is_dir() {
        return Err(FileError::Kind { path: path.into(), expected: "folder" });
    }
    private(path, &metadata)
}

/// Checks that a folder belongs to the user who runs this program, as a new file in it would.
///
/// # Errors
/// Returns an error if it does not, or no file can be created in it.
pub fn check_owner(path: &Path) -> Result<(), FileError> {
    let ours = tempfile::tempfile_in(path).and_then(|file| file.metadata());
    let expected = ours.map_err(FileError::io(path))?.uid();
    owned(path, fs::symlink_metadata(path).map_err(FileError::io(path))?.uid(), expected)
}

fn owned(path: &Path, got: u32, expected: u32) -> Result<(), FileError> {
    if got == expected {
        Ok(())
    } else {
        Err(FileError::Owner { path: path.into(), got, expected })
    }
}

/// Whether the system says that a folder is in memory, so that it is gone after a reboot.
#[cfg(target_os = "linux")]
pub fn in_memory(path: &Path) -> bool {
    const TMPFS: u32 = 0x0102_1994;
    const RAMFS: u32 = 0x8584_58f6;
    // The field's width differs between machines; a magic number has 32 bits.
    rustix::fs::statfs(path).is_ok_and(|found| matches!(found.f_type as u32, TMPFS | RAMFS))
}

/// Whether the system says that a folder is in memory. This system never does.
#[cfg(not(target_os = "linux"))]
pub fn in_memory(_: &Path) -> bool {
    false
}

/// Reads a secret of exactly `expected` bytes from a regular file that only its owner may read.
///
/// # Errors
/// Returns an error if the path is a link or not a regular file, or the file is open to the group
/// or others, has another length, or cannot be read.
pub fn read_secret(path: &Path, expected: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    // Checked before opening, because opening a pipe would wait for a writer.
    let named = fs::symlink_metadata(path).map_err(FileError::io(path))?;
    let not_a_file = || FileError::Kind { path: path.into(), expected: "regular file" };
    if !named.is_file() {
        return Err(not_a_file());
    }
    let mut file = File::open(path).map_err(FileError::io(path))?;
    let metadata = file.metadata().map_err(FileError::io(path))?;
    if !metadata.is_file() || (metadata.dev(), metadata.ino()) != (named.dev(), named.ino()) {
        return Err(not_a_file());
    }
    private(path, &metadata)?;
    let wrong = |got| FileError::Length { path: path.into(), got, expected: expected as u64 };
    if metadata.len() != expected as u64 {
        return Err(wrong(metadata.len()));
    }
    let mut bytes = Zeroizing::new(vec![0; expected]);
    file.read_exact(&mut bytes).map_err(FileError::io(path))?;
    Ok(bytes)
}

/// Writes a secret into a new file with mode 0600.
///
/// The file appears complete or not at all, and nothing is ever overwritten.
///
/// # Errors
/// Returns an error if the file already exists, or cannot be written.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let created = Draft::private(path).create(|file| file.write_all(bytes));
    match created {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(FileError::Exists { path: path.into() })
        }
        Err(error) => Err(FileError::Io { path: path.into(), error }),
        Ok(()) => sync_folder(path),
    }
}

/// Writes a file in one step, and replaces it if it exists: a reader sees the old bytes or the new
/// ones, and never a part.
///
/// # Errors
/// Returns an error if it cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let replaced = Draft::private(path).replace(|file| file.write_all(bytes));
    replaced.map_err(FileError::io(path))?;
    sync_folder(path)
}

/// Opens an existing file of mode 0600, for reading and writing.
///
/// # Errors
/// Returns an error if the file is open to others, does not exist, or cannot be opened.
pub fn existing_private_file(path: &Path) -> Result<File, FileError> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.map_err(FileError::io(path))?;
    let metadata = file.metadata().map_err(FileError::io(path))?;
    if !metadata.is_file() {
        return Err(FileError::Kind { path: path.into(), expected: "regular file" });
    }
    private(path, &metadata)?;
    Ok(file)
}

/// Syncs the folder of a file, which makes the file's name durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), FileError> {
    wufu_files::sync_folder(path).map_err(FileError::io(folder(path)))
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_secret_is_its_owners_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write_secret(&path, b"one").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert!(matches!(write_secret(&path, b"two"), Err(FileError::Exists { .. })));
        assert_eq!(read_secret(&path, 3).unwrap().as_slice(), b"one");
        // The second attempt leaves nothing behind.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_secret_that_others_may_touch_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write_secret(&path, b"one").unwrap();
        for shared in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777] {
            fs::set_permissions(&path, Permissions::from_mode(shared)).unwrap();
            let Err(FileError::Shared { mode, .. }) = read_secret(&path, 3) else {
                panic!("mode {shared:o} was read");
            };
            assert_eq!(mode, shared);
            assert!(matches!(existing_private_file(&path), Err(FileError::Shared { .. })));
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(read_secret(&path, 3).is_ok());
    }

    #[test]
    fn links_folders_and_other_lengths_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write_secret(&path, b"one").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(read_secret(&link, 3), Err(FileError::Kind { .. })));
        assert!(matches!(read_secret(folder.path(), 3), Err(FileError::Kind { .. })));
        for expected in [0, 2, 4] {
            assert!(matches!(read_secret(&path, expected), Err(FileError::Length { got: 3, .. })));
        }
        let none = read_secret(&folder.path().join("none"), 3);
        assert!(matches!(none, Err(FileError::Io { .. })));
    }

    #[test]
    fn a_folder_is_its_owners() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("deep/er/wallet");
        private_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        private_folder(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(private_folder(&folder), Err(FileError::Shared { mode: 0o750, .. })));
        assert!(matches!(check_folder(&folder), Err(FileError::Shared { mode: 0o750, .. })));
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        check_owner(folder.path()).unwrap();
        let us = fs::metadata(folder.path()).unwrap().uid();
        let refused = owned(folder.path(), us + 1, us).unwrap_err();
        assert!(matches!(refused, FileError::Owner { got, .. } if got == us + 1));
        // Only the superuser can give a folder to somebody else.
        if std::os::unix::fs::chown(folder.path(), Some(us + 1), None).is_ok() {
            let refused = check_owner(folder.path());
            assert!(matches!(refused, Err(FileError::Owner { .. })), "{refused:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_in_memory_is_told() {
        assert!(in_memory(Path::new("/dev/shm")));
        assert!(!in_memory(Path::new("/proc")));
        assert!(!in_memory(Path::new("/not/there")));
    }

    #[test]
    fn replacing_leaves_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("envelope");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
