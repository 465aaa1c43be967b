//! Attestations that a file was hashed: what the system said of it then, in a file beside it.

use std::{
    ffi::OsString,
    fs::{self, Metadata},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use wufu_files::Draft;

const MAGIC: &[u8; 8] = b"wufu-pc1";
/// The longest step of a file system's clock, in seconds.
const STEP: u64 = 2;

/// What the system says of a file whose bytes were hashed and found to fit.
///
/// # Shapes
/// `wufu-pc1` (8 bytes), the header's hash (32), then size, seconds and nanoseconds of the last change of content and of the last
/// change of any kind, device, number (u64 little-endian each), BLAKE3 of all before (32).
#[derive(PartialEq, Eq)]
pub(super) struct Attestation(Vec<u8>);

impl Attestation {
    /// Of a file with that header. `None` where the system does not say enough.
    #[cfg(unix)]
    pub(super) fn new(header: &[u8; 32], metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(header);
        for number in [
            metadata.size(),
            metadata.mtime().cast_unsigned(),
            metadata.mtime_nsec().cast_unsigned(),
            // Nobody sets this one: a change whose mtime is put back is seen all the same.
            metadata.ctime().cast_unsigned(),
            metadata.ctime_nsec().cast_unsigned(),
            metadata.dev(),
            metadata.ino(),
        ] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(blake3::hash(&bytes).as_bytes());
        Some(Self(bytes))
    }

    /// Of a file with that header. `None` where the system does not say enough.
    #[cfg(not(unix))]
    pub(super) fn new(_: &[u8; 32], _: &Metadata) -> Option<Self> {
        None
    }

    /// Whether the last change is so long ago that the next one will have another time: file systems count in steps of up to two
    /// seconds.
    #[cfg(unix)]
    pub(super) fn settled(metadata: &Metadata) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let changed = u64::try_from(metadata.ctime());
        // A change in the future was made by another clock: nobody knows when.
        now.is_ok_and(|now| {
            changed.is_ok_and(|changed| changed.saturating_add(STEP) < now.as_secs())
        })
    }

    /// Whether the last change is long ago.
    #[cfg(not(unix))]
    pub(super) fn settled(_: &Metadata) -> bool {
        false
    }

    /// Whether this is what was written beside the file.
    pub(super) fn stands_beside(&self, path: &Path) -> bool {
        fs::read(beside(path)).is_ok_and(|bytes| bytes == self.0)
    }

    /// Writes it beside the file.
    pub(super) fn write_beside(&self, path: &Path) -> io::Result<()> {
        Draft::private(&beside(path)).unsynced().replace(|file| file.write_all(&self.0))
    }

    /// Deletes the attestation of a file.
    pub(super) fn forget(path: &Path) {
        // One that is left is of another header, change or number, and says nothing.
        let _ = fs::remove_file(beside(path));
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".checked");
    name.into()
}
