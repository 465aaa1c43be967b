//! Checkpoints in a file: from a newspaper, a friend or a copied mirror.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use wufu_verifier::log::{name::LogName, notes};

use super::{CheckpointSource, SourceError};

/// A file of signed checkpoints, for comparison. Each ends with an empty line after its signatures,
/// or at the end of the file.
#[derive(Clone, Debug)]
pub struct NoteFile {
    path: PathBuf,
}

impl NoteFile {
    /// The file at this path. It is read at every use.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads the bytes of a file, but not many more than a file of notes may have.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(notes::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[tonic::async_trait]
impl CheckpointSource for NoteFile {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    async fn checkpoint(&self, log: &LogName, epoch: Option<u64>) -> Result<String, SourceError> {
        let path = self.path.clone();
        let bytes = tokio::task::spawn_blocking(move || read(&path)).await;
        let bytes = bytes.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
        let bytes = bytes.map_err(|error| SourceError::File { path: self.path.clone(), error })?;
        let found = notes::decode(&bytes)
            .map_err(|fault| SourceError::Notes { path: self.path.clone(), fault })?;
        // Only the epoch of a note is read here. The caller checks its form and signature.
        let found = found
            .into_iter()
            .filter(|note| note.lines().next() == Some(&log.to_string()))
            .filter_map(|note| {
                let said = note.lines().find_map(|line| line.strip_prefix("epoch "))?;
                let epoch = said.split(' ').next()?;
                Some((epoch.parse::<u64>().ok()?, note))
            })
            .filter(|(said, _)| epoch.is_none_or(|epoch| *said <= epoch))
            .max_by_key(|(said, _)| *said);
        found.map(|(_, note)| note.to_owned()).ok_or_else(|| SourceError::NoCheckpoint {
            from: self.name(),
            origin: log.to_string(),
            epoch,
        })
    }
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

    /// For a file of checkpoints that came from Windows, was cut off, empty or something else, the
    /// error was "no checkpoint in force", and people looked for a missing epoch.
    #[tokio::test]
    async fn what_is_wrong_with_a_file_of_notes_is_told() {
        let note = |epoch: u64| {
            format!("wufu/cards\n5\nAAAA\nepoch {epoch} of 600 s\ntime 1\n\n\u{2014} a x\n")
        };
        let good = [note(3), note(9)].join("\n");
        let crlf = good.replace('\n', "\r\n");
        let cut = good.len() - 14;
        for (bytes, told) in [
            (Vec::new(), "empty"),
            (b"\n\n".to_vec(), "empty"),
            ([b"\xef\xbb\xbf", good.as_bytes()].concat(), "byte-order mark"),
            (crlf.into_bytes(), "carriage return"),
            (vec![0xff, 0xfe, b'w', 0], "not UTF-8"),
            (good.as_bytes()[..cut].to_vec(), "cut off"),
            // Cut within the signature line of the first note, which is of another log than the
            // requested one.
            (b"wufu/persons\n5\nAA\n\n\xe2\x80\x94 wufu Ab".to_vec(), "cut off"),
            (good.as_bytes()[..good.len() - 1].to_vec(), "cut off"),
            (b"wufu/persons\n5\nAA\n\n\xe2\x80\x94 wufu Ab\n".to_vec(), "get its notes again"),
            (b"wufu/cards\n5\nAA".to_vec(), "cut off"),
            (b"# a readme\n\ntext\n".to_vec(), "17 bytes"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("mirror.notes");
            std::fs::write(&path, &bytes).unwrap();
            let refused = NoteFile::new(&path).checkpoint(&LogName::cards("wufu"), None).await;
            let text = refused.unwrap_err().to_string();
            assert!(text.contains("mirror.notes") && text.contains(told), "{text}");
        }
    }
}
