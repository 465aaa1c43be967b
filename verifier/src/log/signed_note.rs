//! Signed notes in the form of C2SP `signed-note`: a text and lines of signatures.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::encoding::text::{self, Fault, NameError};

/// The longest note in bytes. Longer notes are refused before they are read.
pub const MAX_BYTES: usize = 1 << 20;

/// The largest number of signatures in one note.
pub const MAX_SIGNATURES: usize = 100;

/// The byte of the signature algorithm Ed25519.
const ED25519: u8 = 1;

/// Errors from signing or opening a note, and from reading a log key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteError {
    /// The note is longer than [`MAX_BYTES`].
    Long {
        /// Its length, in bytes.
        got: usize,
    },
    /// The note is not a text, an empty line and signature lines.
    Form,
    /// The name of a key is not one word of visible characters.
    Name {
        /// What is wrong with it.
        error: NameError,
    },
    /// The text form of a log key is malformed.
    Key,
    /// The hash in a log key's text is not the hash of its name and key.
    KeyHash {
        /// The hash in the text.
        got: String,
        /// The hash of its name and key.
        expected: String,
    },
    /// The expected key did not sign the note.
    Unsigned {
        /// The key's name.
        name: String,
    },
    /// A signature of the expected key does not fit the text.
    Signature {
        /// The key's name.
        name: String,
    },
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long { got } => write!(f, "note is {got} bytes, expected at most {MAX_BYTES}"),
            Self::Form => write!(f, "note is not a text, an empty line and signature lines"),
            Self::Name { error } => write!(f, "the name of a log key {error}"),
            Self::Key => write!(f, "log key is not of the form name+hash+base64"),
            Self::KeyHash { got, expected } => write!(
                f,
                "log key's hash is {got:?}, expected {expected} for its name and key: \
                 it was mistyped"
            ),
            Self::Unsigned { name } => write!(f, "note is not signed by {name}"),
            Self::Signature { name } => write!(f, "signature of {name} does not fit the note"),
        }
    }
}

impl core::error::Error for NoteError {}

/// Who may sign notes: a name and an Ed25519 key. For an organisation's logs, the name is the
/// organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    name: String,
    key: VerifyingKey,
}

impl LogKey {
    /// Creates a log key from a name and a key.
    ///
    /// # Errors
    /// Returns an error if the name is not one word (see [`text::check_word`]), or the key is weak.
    pub fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        text::check_word(name).map_err(|error| NoteError::Name { error })?;
        if key.is_weak() {
            return Err(NoteError::Key);
        }
        Ok(Self { name: name.into(), key })
    }

    /// Parses `name+hash+base64`, the form of C2SP and of Go's sumdb.
    ///
    /// # Errors
    /// Returns an error if the text is malformed, or its hash is not that of the name and key.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim_end().splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let key = Base64::decode_vec(key).map_err(|_| NoteError::Key)?;
        let Some((&ED25519, key)) = key.split_first() else { return Err(NoteError::Key) };
        let key: &[u8; 32] = key.try_into().map_err(|_| NoteError::Key)?;
        let key = Self::new(name, VerifyingKey::from_bytes(key).map_err(|_| NoteError::Key)?)?;
        let expected = format!("{:08x}", u32::from_be_bytes(key.hash()));
        if expected != hash {
            return Err(NoteError::KeyHash { got: hash.chars().take(8).collect(), expected });
        }
        Ok(key)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn tagged(&self) -> Vec<u8> {
        let mut tagged = Vec::from([ED25519]);
        tagged.extend_from_slice(self.key.as_bytes());
        tagged
    }

    fn hash(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update(b"\n")
            .chain_update(self.tagged())
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// Checks a note's signature and returns its text.
    ///
    /// # Errors
    /// Returns an error if the note is malformed, or not signed by this key. Signatures of other
    /// keys are skipped.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        if note.len() > MAX_BYTES {
            return Err(NoteError::Long { got: note.len() });
        }
        let at = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, signatures) = (&note[..at + 1], &note[at + 2..]);
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Form)?;
        if hides(note) || signatures.split('\n').count() > MAX_SIGNATURES {
            return Err(NoteError::Form);
        }
        let mut signed = false;
        for line in signatures.split('\n') {
            let rest = line.strip_prefix("\u{2014} ").ok_or(NoteError::Form)?;
            let (name, signature) = rest.split_once(' ').ok_or(NoteError::Form)?;
            let bytes = Base64::decode_vec(signature).map_err(|_| NoteError::Form)?;
            let (hash, signature) = bytes.split_first_chunk::<4>().ok_or(NoteError::Form)?;
            if text::check_word(name).is_err() {
                return Err(NoteError::Form);
            }
            // Verify our signature once: repeated ones would only cost time.
            if signed || name != self.name || *hash != self.hash() {
                continue;
            }
            let wrong = || NoteError::Signature { name: self.name.clone() };
            let signature = signature.try_into().map_err(|_| wrong())?;
            self.key.verify_strict(text.as_bytes(), &signature).map_err(|_| wrong())?;
            signed = true;
        }
        if signed { Ok(text) } else { Err(NoteError::Unsigned { name: self.name.clone() }) }
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = u32::from_be_bytes(self.hash());
        write!(f, "{}+{hash:08x}+{}", self.name, Base64::encode_string(&self.tagged()))
    }
}

/// Whether a note holds characters that are invisible or reorder the text, since notes are printed
/// as they are. Unusual spaces and unassigned characters are left to the readers of its lines.
fn hides(note: &str) -> bool {
    let hides = |c| {
        !matches!(
            text::fault(c),
            None | Some(Fault::Space | Fault::Unassigned | Fault::Private | Fault::Lost)
        )
    };
    note.chars().any(|c| c != '\n' && hides(c))
}

/// Signs a text under a name.
///
/// # Errors
/// Returns an error if the name cannot name a key, or if the text is empty, does not end with a
/// line feed, ends with an empty line, or holds hidden characters.
pub fn sign(name: &str, key: &SigningKey, text: &str) -> Result<String, NoteError> {
    let log_key = LogKey::new(name, key.verifying_key())?;
    if !text.ends_with('\n') || text == "\n" || text.ends_with("\n\n") || hides(text) {
        return Err(NoteError::Form);
    }
    let mut signature = Vec::from(log_key.hash());
    signature.extend_from_slice(&key.sign(text.as_bytes()).to_bytes());
    Ok(format!("{text}\n\u{2014} {name} {}\n", Base64::encode_string(&signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_published_example() {
        // From the example of Go's package golang.org/x/mod/sumdb/note.
        let key =
            LogKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
        let key = key.unwrap();
        let note = "If you think cryptography is the answer to your problem,\n\
            then you don't know what your problem is.\n\n\
            \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        assert_eq!(key.open(note).map(|text| text.lines().count()), Ok(2));
        assert_eq!(
            key.open(&note.replace("answer", "problem")),
            Err(NoteError::Signature { name: "PeterNeumann".into() })
        );
    }

    #[test]
    fn signs_what_it_opens_and_nothing_else() {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let key = LogKey::new("wufu", signing.verifying_key()).unwrap();
        let note = sign("wufu", &signing, "wufu/cards\n5\n").unwrap();
        assert_eq!(key.open(&note), Ok("wufu/cards\n5\n"));
        assert_eq!(LogKey::parse(&key.to_string()), Ok(key.clone()));

        let other = LogKey::new("wufu", SigningKey::from_bytes(&[8; 32]).verifying_key()).unwrap();
        assert_eq!(other.open(&note), Err(NoteError::Unsigned { name: "wufu".into() }));
        for end in 0..note.len() {
            if note.is_char_boundary(end) {
                assert!(key.open(&note[..end]).is_err(), "{end} bytes were read");
            }
        }
        assert_eq!(key.open(&format!("{note}x\n")), Err(NoteError::Form));
        assert!(LogKey::new("wu fu", signing.verifying_key()).is_err());
        for text in
            ["no line", "", "\n", "an empty last line\n\n", "a\rb\n", "a\u{202e}b\n", "a\u{200b}\n"]
        {
            assert_eq!(sign("wufu", &signing, text), Err(NoteError::Form), "{text:?}");
        }
        let line = note.split("\n\n").nth(1).unwrap();
        assert!(key.open(&format!("{note}{line}")).is_ok());
        assert_eq!(key.open(&format!("{note}{}", line.repeat(100))), Err(NoteError::Form));
        for bad in ["\u{2014} a\0b AAAAAAAA\n", "\u{2014}  AAAAAAAA\n", "\u{2014} a AAAAAAAA\r\n"] {
            assert_eq!(key.open(&format!("{note}{bad}")), Err(NoteError::Form), "{bad:?}");
        }
    }

    use alloc::string::ToString;
}
