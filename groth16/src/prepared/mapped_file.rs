//! Files as memory: the one module of this crate that needs `unsafe`.
#![allow(unsafe_code)]

use std::{fs::File, io};

use memmap2::Mmap;

/// A file's bytes, read as they are needed.
///
/// Nobody may change the file while it is mapped. Prepared keys are written once, under another name, and renamed; they are
/// readable and writable by their owner alone, and nothing of this project opens one for writing again. Somebody with the same
/// rights who writes into one all the same changes sums, and who cuts it off ends the process (SIGBUS).
pub(super) struct MappedFile(Mmap);

impl MappedFile {
    /// Maps a whole file.
    pub(super) fn open(file: &File) -> io::Result<Self> {
        // SAFETY: the file is not changed while it is mapped, as said above.
        let map = unsafe { Mmap::map(file) }?;
        Ok(Self(map))
    }
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
