//! Attestations: a file beside a prepared key records that the key was hashed, and the file
//! metadata at that time.

use std::{
    ffi::OsString,
    fs::{self, Metadata},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use wufu_files::Draft;

const MAGIC: &[u8; 8] = b"wufu-pc1";
/// The coarsest resolution of a file system's timestamps, in seconds.
const STEP: u64 = 2;

/// The metadata of a file whose bytes were hashed and matched.
///
/// # Shapes
/// `wufu-pc1` (8 bytes), the header's hash (32), then size, seconds and nanoseconds of the last
/// change of content and of the last change of any kind, device, number (u64 little-endian each),
/// BLAKE3 of all before (32).
#[derive(PartialEq, Eq)]
pub(super) struct Attestation(Vec<u8>);

impl Attestation {
    /// The attestation of a file with this header. `None` if the system does not supply enough
    /// metadata.
    #[cfg(unix)]
    pub(super) fn new(header: &[u8; 32], metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(header);
        for number in [
            metadata.size(),
            metadata.mtime().cast_unsigned(),
            metadata.mtime_nsec().cast_unsigned(),
            // Programs cannot set this time, so it reveals a change after which mtime was reset.
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

    /// The attestation of a file with this header. `None` if the system does not supply enough
    /// metadata.
    #[cfg(not(unix))]
    pub(super) fn new(_: &[u8; 32], _: &Metadata) -> Option<Self> {
        None
    }

    /// Whether the last change is old enough that another change would get a different time.
    /// Timestamps of file systems have a resolution of up to two seconds.
    #[cfg(unix)]
    pub(super) fn settled(metadata: &Metadata) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let changed = u64::try_from(metadata.ctime());
        // A change in the future was recorded by another clock, so its age is unknown.
        now.is_ok_and(|now| {
            changed.is_ok_and(|changed| changed.saturating_add(STEP) < now.as_secs())
        })
    }

    /// Whether the last change is old enough. Without metadata the answer is no.
    #[cfg(not(unix))]
    pub(super) fn settled(_: &Metadata) -> bool {
        false
    }

    /// Whether the attestation beside the file equals this one.
    pub(super) fn stands_beside(&self, path: &Path) -> bool {
        fs::read(beside(path)).is_ok_and(|bytes| bytes == self.0)
    }

    /// Writes the attestation beside the file.
    pub(super) fn write_beside(&self, path: &Path) -> io::Result<()> {
        Draft::private(&beside(path)).unsynced().replace(|file| file.write_all(&self.0))
    }

    /// Deletes the attestation of a file.
    pub(super) fn forget(path: &Path) {
        // An attestation that could not be deleted has another header, change time or number, so it
        // attests nothing.
        let _ = fs::remove_file(beside(path));
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".checked");
    name.into()
}
