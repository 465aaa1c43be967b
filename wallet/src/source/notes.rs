//! Checkpoints in a file: from a newspaper, a friend, a mirror that was copied.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::{CheckpointSource, SourceError};
use crate::log::LogName;

/// A file of signed checkpoints, one after the other, each ending with an empty line after its signatures (or with the
/// file). Good for comparing.
#[derive(Clone, Debug)]
pub struct NoteFile {
    path: PathBuf,
}

impl NoteFile {
    /// The file at this path, read at every use.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[tonic::async_trait]
impl CheckpointSource for NoteFile {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    async fn checkpoint(&self, log: &LogName, epoch: Option<u64>) -> Result<String, SourceError> {
        let bytes = tokio::fs::read(&self.path).await;
        let bytes = bytes.map_err(|error| SourceError::File { path: self.path.clone(), error })?;
        let text = NotesFault::text(&bytes)
            .map_err(|fault| SourceError::Notes { path: self.path.clone(), fault })?;
        // Which epoch a note speaks of is only read here: signature and form are checked by whoever compares.
        let found = notes(text)
            .filter(|note| note.lines().next() == Some(&log.to_string()))
            .filter_map(|note| {
                let said = note.lines().find_map(|line| line.strip_prefix("epoch "))?;
                let epoch = said.split(' ').next()?;
                Some((epoch.parse::<u64>().ok()?, note))
            })
            .filter(|(said, _)| epoch.is_none_or(|epoch| *said <= epoch))
            .max_by_key(|(said, _)| *said);
        found.map(|(_, note)| note.to_owned()).ok_or_else(|| SourceError::NoCheckpoint {
            place: self.name(),
            origin: log.to_string(),
            epoch,
        })
    }
}

/// Why bytes are not a file of signed notes. Signatures cover every byte, so nothing is mended on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotesFault {
    /// There is nothing in it.
    Empty,
    /// It begins with a byte-order mark.
    Mark,
    /// It is not UTF-8.
    Utf8,
    /// A line ends with carriage return and line feed.
    CarriageReturn {
        /// The line, from 1.
        line: usize,
    },
    /// It ends inside a note.
    Truncated {
        /// The last line, from 1.
        line: usize,
    },
    /// There is no note in it.
    NoNote {
        /// How many bytes it has.
        bytes: usize,
    },
}

impl fmt::Display for NotesFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "empty, expected signed checkpoints: get the file again"),
            Self::Mark => write!(
                f,
                "begins with a byte-order mark (ef bb bf), expected signed checkpoints as they were \
                 written: save the file as UTF-8 without a mark"
            ),
            Self::Utf8 => write!(f, "not UTF-8, expected signed checkpoints"),
            Self::CarriageReturn { line } => write!(
                f,
                "line {line} has a carriage return (Windows line endings), expected line feeds alone, \
                 since the signatures cover every byte: get the file again, or convert it (dos2unix)"
            ),
            Self::Truncated { line } => write!(
                f,
                "ends inside a note, at line {line}, expected a line of signatures after it: the file \
                 was cut off, get it again"
            ),
            Self::NoNote { bytes } => write!(
                f,
                "{bytes} bytes without a signed note, expected checkpoints as a ledger publishes them"
            ),
        }
    }
}

impl std::error::Error for NotesFault {}

impl NotesFault {
    /// The bytes as a text of whole signed notes. Whether a signature is good is for whoever opens a note.
    ///
    /// # Errors
    /// Returns what is wrong with the file.
    pub fn text(bytes: &[u8]) -> Result<&str, Self> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Self::Empty);
        }
        if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
            return Err(Self::Mark);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Self::Utf8)?;
        if let Some(at) = text.split('\n').position(|line| line.contains('\r')) {
            return Err(Self::CarriageReturn { line: at + 1 });
        }
        if !text.contains(SIGNATURE) && !is_checkpoint(text) {
            return Err(Self::NoNote { bytes: bytes.len() });
        }
        // The last lines are signatures, and what is before them are whole notes.
        let last = text.trim_end_matches('\n').rsplit("\n\n").next().unwrap_or_default();
        let ends = last.starts_with(SIGNATURE) && text.ends_with('\n');
        if ends && notes(text).all(is_whole) {
            Ok(text)
        } else {
            Err(Self::Truncated { line: text.lines().count() })
        }
    }
}

/// How a line of a signature begins.
const SIGNATURE: &str = "\u{2014} ";

fn is_whole(note: &str) -> bool {
    note.rsplit("\n\n").next().is_some_and(|lines| lines.starts_with(SIGNATURE))
}

/// Whether a text without signatures begins like a checkpoint: a log's name, and its size.
fn is_checkpoint(text: &str) -> bool {
    let mut lines = text.trim_start_matches('\n').lines();
    let name = lines.next().is_some_and(|name| name.parse::<LogName>().is_ok());
    name && lines.next().is_none_or(|size| size.parse::<u64>().is_ok())
}

/// The notes of a text: each is a body, an empty line, and the lines of its signatures.
fn notes(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches('\n');
        let body = rest.find("\n\n")? + 2;
        let signatures =
            rest[body..].split_inclusive('\n').take_while(|line| line.starts_with('\u{2014}'));
        let end = body + signatures.map(str::len).sum::<usize>();
        let (note, after) = rest.split_at(end);
        rest = after;
        Some(note)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn finds_the_checkpoint_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints");
        let note = |log: &str, epoch| {
            format!(
                "{log}\n5\nAAAA\nepoch {epoch} of 600 s\ntime 1\n\n\u{2014} a x\n\u{2014} b y\n"
            )
        };
        let text =
            [note("wufu/cards", 3), note("wufu/cards", 9), note("wufu/persons", 5)].join("\n");
        std::fs::write(&path, text).unwrap();
        let file = NoteFile::new(path);
        let cards = LogName::cards("wufu");
        for (epoch, expected) in [(None, 9), (Some(9), 9), (Some(8), 3), (Some(3), 3)] {
            assert_eq!(file.checkpoint(&cards, epoch).await.unwrap(), note("wufu/cards", expected));
        }
        let before = file.checkpoint(&cards, Some(2)).await;
        assert!(matches!(before, Err(SourceError::NoCheckpoint { epoch: Some(2), .. })));
        let other = file.checkpoint(&LogName::cards("wu"), None).await;
        assert!(matches!(other, Err(SourceError::NoCheckpoint { epoch: None, .. })));
    }

    /// A file of checkpoints that came over Windows, was cut off, was empty or was something else held "no checkpoint in
    /// force": whoever read that looked for a missing epoch.
    #[tokio::test]
    async fn what_is_wrong_with_a_file_of_notes_is_told() {
        let note = |epoch: u64| {
            format!("wufu/cards\n5\nAAAA\nepoch {epoch} of 600 s\ntime 1\n\n\u{2014} a x\n")
        };
        let good = [note(3), note(9)].join("\n");
        assert_eq!(NotesFault::text(good.as_bytes()), Ok(good.as_str()));
        let crlf = good.replace('\n', "\r\n");
        let cut = good.len() - 14;
        for (bytes, expected, told) in [
            (Vec::new(), NotesFault::Empty, "empty"),
            (b"\n\n".to_vec(), NotesFault::Empty, "empty"),
            ([b"\xef\xbb\xbf", good.as_bytes()].concat(), NotesFault::Mark, "byte-order mark"),
            (crlf.into_bytes(), NotesFault::CarriageReturn { line: 1 }, "carriage return"),
            (vec![0xff, 0xfe, b'w', 0], NotesFault::Utf8, "not UTF-8"),
            (good.as_bytes()[..cut].to_vec(), NotesFault::Truncated { line: 13 }, "cut off"),
            (good.trim_end().into(), NotesFault::Truncated { line: 15 }, "cut off"),
            (b"wufu/cards\n5\nAA".to_vec(), NotesFault::Truncated { line: 3 }, "cut off"),
            (b"# a readme\n\ntext\n".to_vec(), NotesFault::NoNote { bytes: 17 }, "17 bytes"),
        ] {
            assert_eq!(NotesFault::text(&bytes), Err(expected));
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("mirror.notes");
            std::fs::write(&path, &bytes).unwrap();
            let refused = NoteFile::new(&path).checkpoint(&LogName::cards("wufu"), None).await;
            let text = refused.unwrap_err().to_string();
            assert!(text.contains("mirror.notes") && text.contains(told), "{text}");
        }
    }
}
