//! The seed file. All keys of a wallet follow from the seed, so it is the one thing to keep.
//!
//! It has two lines of text, so that it can be copied to paper: 64 hexadecimal digits, and
//! `checksum` with eight more digits, which reveal a mistyped seed.

mod typed;

use std::{fmt::Write as _, path::Path};

pub use typed::{from_typed, to_words};
use wufu_circuits::Seed;
use wufu_verifier::encoding::hex::{self, Hex};
use zeroize::Zeroizing;

use crate::file::{self, FileError};

const CHECKSUM_CONTEXT: &str = "wufu 2026-11 seed checksum v1";
const LABEL: &str = "checksum ";
/// The length of the file.
const BYTES: usize = 64 + 1 + LABEL.len() + 8 + 1;

/// Why a seed cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The text is not 64 hexadecimal digits and a checksum.
    #[error("the seed is not a line of 64 hexadecimal digits and a line with its checksum")]
    Form,
    /// Nothing was typed.
    #[error("the seed is empty, expected 24 words or 64 hexadecimal digits")]
    Empty,
    /// The input is not text.
    #[error("the seed is not UTF-8 text, expected 24 words or 64 hexadecimal digits")]
    NotText,
    /// There are too few or too many digits.
    #[error("the seed has {got} hexadecimal digits, expected 64 (or 24 words)")]
    Digits {
        /// How many were found.
        got: usize,
    },
    /// There are too few or too many words.
    #[error(
        "the seed has {got} word{}, expected 24 (or 64 hexadecimal digits)",
        if *got == 1 { "" } else { "s" }
    )]
    Words {
        /// How many were found.
        got: usize,
    },
    /// A word is not in the word list. The message does not repeat it, because the other words are
    /// secret.
    #[error("word {at} is not in the English word list of BIP-39: it was mistyped")]
    Word {
        /// The number of the word, from 1.
        at: usize,
    },
    /// The digits and the words belong to different seeds.
    #[error("the digits and the words do not name the same seed")]
    Apart,
    /// All words are in the list, but their checksum is wrong.
    #[error("the words do not match their checksum: one was mistyped, or two were swapped")]
    WordChecksum,
    /// The checksum is wrong.
    #[error("the seed does not match its checksum: it was mistyped")]
    Checksum,
}

/// Writes a seed into a new file.
///
/// # Errors
/// Returns an error if the file already exists, or cannot be written.
pub fn write(path: &Path, seed: &Seed) -> Result<(), SeedError> {
    Ok(file::write_secret(path, to_text(seed).as_bytes())?)
}

/// Reads the seed from a file.
///
/// # Errors
/// Returns an error if the file is not a regular file, is open to the group or others, or has
/// another length, or if its text is not a seed.
pub fn read(path: &Path) -> Result<Seed, SeedError> {
    from_text(&file::read_secret(path, BYTES)?)
}

/// The text of a seed.
pub fn to_text(seed: &Seed) -> Zeroizing<String> {
    // Allocated at once, because growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(BYTES));
    let (seed, sum) = (Hex(seed.as_bytes()), checksum(seed));
    // Writing to a string does not fail.
    let _ = writeln!(text, "{seed}\n{LABEL}{}", Hex(&sum));
    text
}

/// The seed with this text.
///
/// # Errors
/// Returns an error if the text has another form, or does not match its checksum.
pub fn from_text(text: &[u8]) -> Result<Seed, SeedError> {
    let text: &[u8; BYTES] = text.try_into().map_err(|_| SeedError::Form)?;
    let (digits, rest) = text.split_at(64);
    let rest = rest.strip_prefix(b"\n").and_then(|rest| rest.strip_prefix(LABEL.as_bytes()));
    let rest = rest.and_then(|rest| rest.strip_suffix(b"\n")).ok_or(SeedError::Form)?;
    let mut bytes = Zeroizing::new([0; 32]);
    from_hex(digits, bytes.as_mut_slice())?;
    let mut expected = [0; 4];
    from_hex(rest, &mut expected)?;
    let seed = Seed::from_bytes(*bytes);
    if checksum(&seed) != expected { Err(SeedError::Checksum) } else { Ok(seed) }
}

fn checksum(seed: &Seed) -> [u8; 4] {
    let [a, b, c, d, ..] = blake3::derive_key(CHECKSUM_CONTEXT, seed.as_bytes());
    [a, b, c, d]
}

fn from_hex(digits: &[u8], out: &mut [u8]) -> Result<(), SeedError> {
    hex::decode(digits, out).map_err(|_| SeedError::Form)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_file_holds_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        let seed = Seed::from_bytes([0xa5; 32]);
        write(&path, &seed).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), BYTES as u64);
        assert_eq!(read(&path).unwrap().as_bytes(), seed.as_bytes());
        let again = write(&path, &Seed::from_bytes([1; 32]));
        assert!(matches!(again, Err(SeedError::File(FileError::Exists { .. }))));
        assert_eq!(read(&path).unwrap().as_bytes(), seed.as_bytes());
    }

    #[test]
    fn every_mistyped_character_is_noticed() {
        let text = to_text(&Seed::from_bytes([0x3c; 32]));
        for at in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            assert!(from_text(&other).is_err(), "character {at} may change");
            assert!(matches!(from_text(&text.as_bytes()[..at]), Err(SeedError::Form)));
        }
    }

    /// Rows of docs/failures.md: 16.
    #[test]
    fn errors_do_not_repeat_the_text() {
        let text = to_text(&Seed::from_bytes([0x3c; 32]));
        let mut other = text.as_bytes().to_vec();
        other[0] = b'0';
        let error = from_text(&other).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("3c3c"));
    }

    proptest! {
        #[test]
        fn text_and_seed_go_both_ways(bytes in any::<[u8; 32]>()) {
            let text = to_text(&Seed::from_bytes(bytes));
            let seed = from_text(text.as_bytes()).unwrap();
            prop_assert_eq!(seed.as_bytes(), &bytes);
        }
    }
}
