//! Several signed notes in one text, as `wufu ledger checkpoints` writes them.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::log::{
    checkpoint::{Checkpoint, CheckpointError},
    history::{HistoryError, LogHistory},
    signed_note::LogKey,
};

/// The longest accepted text of notes in bytes: years of a log's checkpoints.
pub const MAX_BYTES: usize = 64 << 20;

/// Errors from reading a text of notes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotesError {
    /// The text is longer than [`MAX_BYTES`].
    Long {
        /// Its length, in bytes.
        got: usize,
    },
    /// The text is empty, or has only empty lines.
    Empty,
    /// The text is not UTF-8.
    Utf8,
    /// No line is a signature: this is something else, or the beginning of a note.
    NoNote {
        /// Its length, in bytes.
        bytes: usize,
    },
    /// The text begins with a byte-order mark.
    ByteOrderMark,
    /// A line ends with a carriage return.
    CarriageReturn {
        /// The number of the line, from 1.
        line: usize,
    },
    /// A note has no empty line after its body, or no signature after that line: the text was cut
    /// off.
    Unfinished {
        /// The number of the note, from 1.
        number: usize,
    },
    /// A note is not a checkpoint that the key signed.
    Checkpoint {
        /// The number of the note, from 1.
        number: usize,
        /// The reason.
        error: CheckpointError,
    },
    /// A checkpoint cannot join the history.
    History {
        /// The number of the note, from 1.
        number: usize,
        /// The reason.
        error: HistoryError,
    },
    /// All checkpoints are of other logs.
    OtherLogs {
        /// The log of the history.
        expected: String,
    },
}

impl fmt::Display for NotesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long { got } => {
                write!(f, "notes are {got} bytes or more, expected at most {MAX_BYTES}")
            }
            Self::Empty => write!(f, "empty, expected signed notes: get them again"),
            Self::Utf8 => write!(f, "not UTF-8, expected signed notes"),
            Self::NoNote { bytes } => write!(
                f,
                "{bytes} bytes without a signature, expected signed notes as a ledger \
                 publishes them: cut off, or something else"
            ),
            Self::ByteOrderMark => write!(
                f,
                "begins with a byte-order mark (ef bb bf), expected signed notes as they were \
                 written: save them as UTF-8 without a mark"
            ),
            Self::CarriageReturn { line } => write!(
                f,
                "line {line} has a carriage return (Windows line endings), expected line feeds \
                 alone, since the signatures cover every byte: get the notes again, or convert \
                 them (dos2unix)"
            ),
            Self::Unfinished { number } => write!(
                f,
                "signed note {number} is cut off, expected a text, an empty line and \
                 signatures: get the notes again"
            ),
            Self::Checkpoint { number, error } => write!(f, "signed note {number}: {error}"),
            Self::History { number, error } => write!(f, "signed note {number}: {error}"),
            Self::OtherLogs { expected } => {
                write!(f, "all checkpoints are of other logs, expected {expected}")
            }
        }
    }
}

impl core::error::Error for NotesError {}

/// Splits a text into its signed notes. Each is a body, an empty line, and the lines of its
/// signatures. Empty lines before, between and after them are skipped. The notes' contents and
/// signatures are not checked.
///
/// # Errors
/// Returns an error if there is no note, if the last one is cut off, or if an editor or a transfer
/// changed the text: it has a byte-order mark or carriage returns.
pub fn split(text: &str) -> Result<Vec<&str>, NotesError> {
    if text.len() > MAX_BYTES {
        return Err(NotesError::Long { got: text.len() });
    }
    if text.starts_with('\u{feff}') {
        return Err(NotesError::ByteOrderMark);
    }
    if let Some(at) = text.find('\r') {
        let line = 1 + text[..at].matches('\n').count();
        return Err(NotesError::CarriageReturn { line });
    }
    let (mut notes, mut rest) = (Vec::new(), text.trim_start_matches('\n'));
    if rest.is_empty() {
        return Err(NotesError::Empty);
    }
    if !text.contains("\n\u{2014}") {
        return Err(NotesError::NoNote { bytes: text.len() });
    }
    while !rest.is_empty() {
        let unfinished = NotesError::Unfinished { number: notes.len() + 1 };
        let body = rest.find("\n\n").ok_or(unfinished.clone())? + 2;
        let lines = rest[body..].split_inclusive('\n');
        let signatures = lines.take_while(|line| line.starts_with('\u{2014}'));
        let end = body + signatures.map(str::len).sum::<usize>();
        let (note, after) = rest.split_at(end);
        // A signature whose line does not end was cut off.
        if end == body || !note.ends_with('\n') {
            return Err(unfinished);
        }
        notes.push(note);
        rest = after.trim_start_matches('\n');
    }
    Ok(notes)
}

/// Splits a file's bytes into its signed notes, as [`split`] does.
///
/// # Errors
/// Returns an error if the bytes are not UTF-8, and the errors of [`split`].
pub fn decode(bytes: &[u8]) -> Result<Vec<&str>, NotesError> {
    split(core::str::from_utf8(bytes).map_err(|_| NotesError::Utf8)?)
}

impl LogHistory {
    /// Opens every signed checkpoint of a text with the log's pinned key, and adds those of this
    /// log. It checks the signatures of the operator's other logs and skips them. Returns the
    /// number of checkpoints of this log.
    ///
    /// # Errors
    /// Returns an error if a note is not a checkpoint that the key signed (then nothing is added),
    /// if none is of this log, or if one cannot join the history (then those before it are added).
    /// After a contradiction the history accepts nothing more.
    pub fn insert_all(&mut self, key: &LogKey, text: &str) -> Result<usize, NotesError> {
        let mut ours = Vec::new();
        for (number, note) in (1..).zip(split(text)?) {
            let checkpoint = Checkpoint::open(key, note);
            let checkpoint =
                checkpoint.map_err(|error| NotesError::Checkpoint { number, error })?;
            if checkpoint.origin() == self.origin() {
                ours.push((number, checkpoint));
            }
        }
        if ours.is_empty() {
            return Err(NotesError::OtherLogs { expected: self.origin().into() });
        }
        let count = ours.len();
        for (number, checkpoint) in ours {
            let inserted = self.insert(checkpoint);
            inserted.map_err(|error| NotesError::History { number, error })?;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::check::reason::Reason;
    use crate::hash::element::Root;
    use crate::log::{checkpoint::LogState, signed_note::NoteError};

    fn signing() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn key() -> LogKey {
        LogKey::new("wufu", signing().verifying_key()).unwrap()
    }

    fn note(origin: &str, epoch: u64) -> String {
        let root = Root((100 + epoch).into());
        let state = LogState { origin, size: epoch, root, epoch, epoch_seconds: 600 };
        Checkpoint::sign("wufu", &signing(), &state).unwrap().note().into()
    }

    /// `ledger checkpoints` writes all checkpoints of all logs into one file, with empty lines
    /// between them. The bindings accepted one note at a time, so nobody could read that file
    /// without a parser of their own.
    #[test]
    fn a_ledgers_file_of_checkpoints_is_read_whole() {
        let notes =
            [note("wufu/cards", 1), note("wufu/persons", 2), note("wufu/cards", 3)].join("\n");
        for text in [notes.clone(), format!("\n\n{notes}\n\n\n")] {
            assert_eq!(split(&text).unwrap().len(), 3);
            let mut log = LogHistory::new("wufu/cards");
            assert_eq!(log.insert_all(&key(), &text), Ok(2));
            assert_eq!(log.insert_all(&key(), &text), Ok(2), "the same again changes nothing");
            let epochs: Vec<u64> = log.checkpoints().map(Checkpoint::epoch).collect();
            assert_eq!(epochs, [1, 3]);
        }
        // Notes that directly follow each other, as `cat` joins them.
        assert_eq!(split(&notes.replace("\n\nwufu", "\nwufu")).unwrap().len(), 3);
        let mut other = LogHistory::new("wufu/donations/1");
        let refused = other.insert_all(&key(), &notes).unwrap_err();
        assert_eq!(refused.reason(), Reason::HistoryOrigin);
    }

    /// A file that an editor or a mail program had changed gave "no checkpoint in force", whatever
    /// had happened to it.
    #[test]
    fn what_happened_to_a_text_of_notes_is_named() {
        let good = note("wufu/cards", 1);
        let body = good.split("\n\n").next().unwrap();
        let line = 2;
        for (text, expected) in [
            (String::new(), NotesError::Empty),
            ("\n\n".into(), NotesError::Empty),
            (format!("\u{feff}{good}"), NotesError::ByteOrderMark),
            (good.replacen("\n", "\n\r\n", 1), NotesError::CarriageReturn { line }),
            (body.into(), NotesError::NoNote { bytes: body.len() }),
            (format!("{body}\n\n"), NotesError::NoNote { bytes: body.len() + 2 }),
            (format!("{good}\n{body}"), NotesError::Unfinished { number: 2 }),
            // Cut off within a signature. This gave "not a text, an empty line and signature
            // lines".
            (good[..good.len() - 1].into(), NotesError::Unfinished { number: 1 }),
            (good[..good.len() - 20].into(), NotesError::Unfinished { number: 1 }),
        ] {
            assert_eq!(split(&text), Err(expected.clone()), "{text:?}");
            assert_eq!(expected.reason(), Reason::NoteForm);
            assert!(!expected.to_string().is_empty());
        }
    }

    #[test]
    fn one_bad_note_is_named_and_nothing_is_taken_in() {
        let (good, later) = (note("wufu/cards", 1), note("wufu/cards", 2));
        let mut log = LogHistory::new("wufu/cards");
        let bad = later.replace("epoch 2", "epoch 3");
        let refused = log.insert_all(&key(), &format!("{good}\n{bad}")).unwrap_err();
        let error = CheckpointError::Note(NoteError::Signature { name: "wufu".into() });
        assert_eq!(refused, NotesError::Checkpoint { number: 2, error });
        assert!(log.newest().is_none());
        // Another key's.
        let stranger = SigningKey::from_bytes(&[8; 32]).verifying_key();
        let stranger = LogKey::new("wufu", stranger).unwrap();
        assert!(log.insert_all(&stranger, &good).is_err());
        assert!(log.newest().is_none());
    }

    /// Rows of docs/failures.md: 23.
    /// The operator's lie is evidence in a file, as it is in a single note.
    #[test]
    fn contradicting_notes_of_one_file_are_evidence() {
        let other = LogState {
            origin: "wufu/cards",
            size: 1,
            root: Root(5u64.into()),
            epoch: 1,
            epoch_seconds: 600,
        };
        let other = Checkpoint::sign("wufu", &signing(), &other).unwrap();
        let text = format!("{}\n{}", note("wufu/cards", 1), other.note());
        let mut log = LogHistory::new("wufu/cards");
        let refused = log.insert_all(&key(), &text).unwrap_err();
        assert_eq!(refused.reason(), Reason::HistoryContradiction);
        assert!(log.evidence().is_some());
    }
}
