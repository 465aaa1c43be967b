//! Why a note is no directory, and why a project does not enter one.

use alloc::string::String;
use core::fmt;

use crate::{
    encoding::text::{NameError, QuotedText},
    log::signed_note::NoteError,
};

/// Why a note is no directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The signature or the note around it.
    Note(NoteError),
    /// A name that could be taken for another, or hides something.
    Name {
        /// The line, from 1.
        line: usize,
        /// Whose name: `institution` or `project`.
        field: &'static str,
        /// What is wrong with the name.
        error: NameError,
    },
    /// A line that is none of a directory, or not the next one.
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong: `heading`, `institution`, `project` or `entry`, where it is neither.
        field: &'static str,
        /// The beginning of the line.
        found: String,
        /// What stands there.
        expected: String,
    },
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(error) => error.fmt(f),
            Self::Name { line, field, error } => {
                write!(f, "line {line} of the directory: the name of the {field} {error}")
            }
            Self::Line { line, field, found, expected } => write!(
                f,
                "line {line} of the directory ({field}) is {}, expected {expected}",
                QuotedText(found)
            ),
        }
    }
}

impl core::error::Error for DirectoryError {}

impl From<NoteError> for DirectoryError {
    fn from(error: NoteError) -> Self {
        Self::Note(error)
    }
}

/// Why an institution or project does not enter a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryError {
    /// A name that [`check_name`](crate::encoding::text::check_name) refuses.
    Name {
        /// Whose name: `institution` or `project`.
        field: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// The note would grow too long to be signed.
    Full,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { field, name, error } => {
                write!(f, "the name {} of the {field} {error}", QuotedText(name))
            }
            Self::Full => write!(f, "the directory is full, expected a note of at most 1 MiB"),
        }
    }
}

impl core::error::Error for EntryError {}
