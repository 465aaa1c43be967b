//! Memory-mapped files: the only module of this crate that needs `unsafe`.
#![allow(unsafe_code)]

use std::{fs::File, io};

use memmap2::Mmap;

/// The bytes of a file, read on demand.
///
/// Nobody may change the file while it is mapped. A prepared key is written once, under another
/// name, and then renamed. Only its owner may read and write it, and this project never opens one
/// for writing again. If another program with the same rights writes into it all the same, sums
/// change; if it truncates the file, the process ends (SIGBUS).
pub(super) struct MappedFile(Mmap);

impl MappedFile {
    /// Maps a whole file.
    pub(super) fn open(file: &File) -> io::Result<Self> {
        // SAFETY: the file is not changed while it is mapped, as explained above.
        let map = unsafe { Mmap::map(file) }?;
        Ok(Self(map))
    }
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
