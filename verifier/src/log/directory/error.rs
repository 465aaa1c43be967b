//! Errors from reading a directory, and from adding a project to one.

use alloc::string::String;
use core::fmt;

use crate::{
    encoding::text::{NameError, QuotedText},
    log::signed_note::NoteError,
};

/// Errors from reading a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The signed note is refused.
    Note(NoteError),
    /// A name could be taken for another one, or hides something.
    Name {
        /// The number of the line, from 1.
        line: usize,
        /// Whose name it is: `institution` or `project`.
        field: &'static str,
        /// What is wrong with the name.
        error: NameError,
    },
    /// A line does not belong in a directory, or is not the next one.
    Line {
        /// The number of the line, from 1.
        line: usize,
        /// The part that is wrong: `heading`, `institution`, `project`, or `entry` if the line is
        /// neither.
        field: &'static str,
        /// The beginning of the line.
        found: String,
        /// The expected line.
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

/// Errors from adding an institution or a project to a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryError {
    /// [`check_name`](crate::encoding::text::check_name) refuses a name.
    Name {
        /// Whose name it is: `institution` or `project`.
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
