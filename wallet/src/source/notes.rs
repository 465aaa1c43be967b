//! Checkpoints in a file: from a newspaper, a friend, a mirror that was copied.

use std::path::{Path, PathBuf};

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
        let text = tokio::fs::read_to_string(&self.path).await;
        let text = text.map_err(|error| SourceError::File { path: self.path.clone(), error })?;
        // Which epoch a note speaks of is only read here: signature and form are checked by whoever compares.
        let found = notes(&text)
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
}
