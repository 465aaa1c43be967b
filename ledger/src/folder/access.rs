//! Access to a ledger's files: only their owner, who runs the ledger, may touch them.
//!
//! (`wufu-wallet` protects its folder in the same way, in its module `file`.)

#[cfg(not(unix))]
compile_error!("a ledger's files are guarded by Unix permissions, and this system has none");

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crate::folder::error::FolderError;

/// The permission bits of everybody except the owner.
pub(crate) const OTHERS: u32 = 0o077;
/// The bits that let others write. To clear these is enough for the folder, because every secret in
/// it has a mode of its own.
pub(crate) const OTHERS_WRITE: u32 = 0o022;

/// The path without a slash or a dot at its end, which would hide that its last part is a link.
pub(crate) fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Whether anything has that name, including a dangling link.
pub(crate) fn is_there(file: &Path) -> Result<bool, FolderError> {
    match fs::symlink_metadata(file) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FolderError::File { file: file.into(), error }),
    }
}

/// Checks that the path is a folder, that it belongs to the current user, and that nobody else can
/// write in it.
pub(crate) fn check_folder(path: &Path) -> Result<(), FolderError> {
    let found = fs::symlink_metadata(path)
        .map_err(|error| FolderError::File { file: path.into(), error })?;
    if !found.is_dir() {
        let (file, got) = (path.into(), kind(&found));
        return Err(FolderError::Kind { file, got, expected: "a folder" });
    }
    check_access(path, &found, OTHERS_WRITE)
}

/// Checks that the path is a regular file, that it belongs to the current user, and that others
/// have none of the `forbidden` permissions.
pub(crate) fn check_file(path: &Path, forbidden: u32) -> Result<(), FolderError> {
    let found = fs::symlink_metadata(path)
        .map_err(|error| FolderError::File { file: path.into(), error })?;
    if !found.is_file() {
        let (file, got) = (path.into(), kind(&found));
        return Err(FolderError::Kind { file, got, expected: "a regular file" });
    }
    check_access(path, &found, forbidden)
}

fn check_access(path: &Path, found: &fs::Metadata, forbidden: u32) -> Result<(), FolderError> {
    let (got, expected) = (found.uid(), rustix::process::geteuid().as_raw());
    if got != expected {
        return Err(FolderError::Owner { file: path.into(), got, expected });
    }
    let mode = found.mode() & 0o777;
    if mode & forbidden != 0 {
        // The owner's own permissions stay as they are.
        let expected = if found.is_dir() { 0o700 } else { 0o600 };
        return Err(FolderError::Readable { file: path.into(), mode, expected });
    }
    Ok(())
}

/// What kind of file this is, for messages.
fn kind(found: &fs::Metadata) -> &'static str {
    let kind = found.file_type();
    if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_file() {
        "a file"
    } else {
        "a pipe, socket or device"
    }
}
