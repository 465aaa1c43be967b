//! Who may touch the files of a ledger: their owner, who runs it, and nobody else.
//!
//! (`wufu-wallet` guards its folder likewise, in its `file` module.)

#[cfg(not(unix))]
compile_error!("a ledger's files are guarded by Unix permissions, and this system has none");

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crate::folder::error::FolderError;

/// Permission bits of everybody but the owner.
pub(crate) const OTHERS: u32 = 0o077;
/// Those of them that let others write: enough for the folder, since every secret in it is guarded by itself.
pub(crate) const OTHERS_WRITE: u32 = 0o022;

/// A path without a slash or a dot at its end, which would hide that its last part is a link.
pub(crate) fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Whether there is anything of that name, a dangling link included.
pub(crate) fn is_there(file: &Path) -> Result<bool, FolderError> {
    match fs::symlink_metadata(file) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FolderError::File { file: file.into(), error }),
    }
}

/// Checks that a folder is one, belongs to who runs this, and that nobody else can write in it.
pub(crate) fn check_folder(path: &Path) -> Result<(), FolderError> {
    let found = fs::symlink_metadata(path)
        .map_err(|error| FolderError::File { file: path.into(), error })?;
    if !found.is_dir() {
        let (file, got) = (path.into(), kind(&found));
        return Err(FolderError::Kind { file, got, expected: "a folder" });
    }
    check_access(path, &found, OTHERS_WRITE)
}

/// Checks that a file is a regular one, belongs to who runs this, and lets others do nothing that is forbidden.
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
        // What the owner may do stays.
        let expected = if found.is_dir() { 0o700 } else { 0o600 };
        return Err(FolderError::Readable { file: path.into(), mode, expected });
    }
    Ok(())
}

/// What something is, for messages.
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
