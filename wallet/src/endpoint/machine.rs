//! What is on this machine, and what is the same file.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

/// Whether an address belongs to this machine and only this machine can reach it. Without TLS,
/// nothing is sent to any other address, and no service listens on one.
pub fn is_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback()
}

/// Whether two paths lead to one file, by device and inode, so that links, `..` and hard links do
/// not matter. For files that do not exist, the folders and the names are compared.
pub fn is_same_file(one: &Path, two: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino())).ok();
    match (identity(one), identity(two)) {
        (Some(one), Some(two)) => one == two,
        (None, None) => real(one) == real(two),
        // One exists, and the other does not.
        _ => false,
    }
}

/// The path without links and `..`, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    path.file_name().map_or(folder.clone(), |name| folder.join(name))
}
