//! Checkpoints: what a log signs, once an epoch.

use alloc::{format, string::String};
use core::fmt;

use ark_ff::Zero;
use base64ct::{Base64, Encoding};
use ed25519_dalek::SigningKey;

use crate::{
    encoding::{
        decimal,
        field::{self, FieldError},
    },
    hash::element::Root,
    log::{
        name::Log,
        signed_note::{self, LogKey, NoteError},
    },
};

/// Errors from signing or opening a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The signed note is refused.
    Note(NoteError),
    /// The text is not the five lines of a checkpoint.
    Form {
        /// The line that is missing or malformed.
        line: &'static str,
    },
    /// The log belongs to another organisation than the key that signed it.
    Origin {
        /// The log.
        got: String,
        /// The organisation.
        org: String,
    },
    /// The root is not a field element.
    Root(FieldError),
    /// The root is zero, which no log has.
    ZeroRoot,
    /// The note is longer than a checkpoint may be.
    Long {
        /// Its length, in bytes.
        got: usize,
    },
    /// Its time is not when its epoch begins, or its epochs have no length.
    Schedule {
        /// The epoch.
        epoch: u64,
        /// The length of an epoch, in seconds.
        seconds: u64,
        /// The time that it states.
        time: u64,
    },
}

/// The longest note of a checkpoint in bytes, co-signatures included.
pub const MAX_BYTES: usize = 16 * 1024;

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(error) => error.fmt(f),
            Self::Form { line } => write!(f, "checkpoint's line {line} is missing or malformed"),
            Self::Origin { got, org } => {
                write!(f, "checkpoint is of {got:?}, expected a log of {org:?}")
            }
            Self::Root(error) => error.fmt(f),
            Self::ZeroRoot => write!(f, "checkpoint's root is zero"),
            Self::Long { got } => {
                write!(f, "checkpoint is {got} bytes, expected at most {MAX_BYTES}")
            }
            Self::Schedule { epoch, seconds, time } => {
                write!(f, "epoch {epoch} of {seconds} s each is said to begin at {time} s")
            }
        }
    }
}

impl core::error::Error for CheckpointError {}

impl From<NoteError> for CheckpointError {
    fn from(error: NoteError) -> Self {
        Self::Note(error)
    }
}

/// The state of a log at an epoch, signed by its operator. Only [`Checkpoint::open`] and
/// [`Checkpoint::sign`] create one.
///
/// # Shapes
/// A signed note of five lines: origin (`org/cards`, `org/persons` or `org/donations/N`), size,
/// root (base64 of 32 bytes, little-endian), `epoch N of S s`, `time T`. Epochs follow a schedule,
/// `T = N · S`, so an operator cannot sign more often than it announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Root,
    epoch: u64,
    epoch_seconds: u64,
    time: u64,
    signer: LogKey,
    note: String,
}

/// What a checkpoint states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogState<'a> {
    /// The log's name, such as `org/cards`.
    pub origin: &'a str,
    /// The number of leaves.
    pub size: u64,
    /// The root of the tree over the leaves.
    pub root: Root,
    /// The epoch from which this state is in force.
    pub epoch: u64,
    /// The length of an epoch in seconds: epoch N begins N times that after 1 January 1970.
    pub epoch_seconds: u64,
}

impl Checkpoint {
    /// Signs the state of a log, as `org`.
    ///
    /// # Errors
    /// Returns an error if the origin is not a log of `org`, or the root is zero.
    pub fn sign(
        org: &str,
        key: &SigningKey,
        state: &LogState<'_>,
    ) -> Result<Self, CheckpointError> {
        let root = Base64::encode_string(&state.root.to_bytes());
        let LogState { origin, size, epoch, epoch_seconds, .. } = state;
        let time = epoch.saturating_mul(*epoch_seconds);
        let text =
            format!("{origin}\n{size}\n{root}\nepoch {epoch} of {epoch_seconds} s\ntime {time}\n");
        let note = signed_note::sign(org, key, &text)?;
        // Through the same checks as everybody's.
        Self::open(&LogKey::new(org, key.verifying_key())?, &note)
    }

    /// Opens a signed checkpoint of one of the organisation's logs.
    ///
    /// # Errors
    /// Returns an error if the note is not signed by `key`, is malformed, is of another
    /// organisation, or has a root that is not one.
    pub fn open(key: &LogKey, note: &str) -> Result<Self, CheckpointError> {
        if note.len() > MAX_BYTES {
            return Err(CheckpointError::Long { got: note.len() });
        }
        let text = key.open(note)?;
        let mut lines = text.lines();
        let mut line = |name| lines.next().ok_or(CheckpointError::Form { line: name });
        let origin = line("origin")?;
        let size = integer("size", line("size")?)?;
        let root = line("root")?;
        let epoch = line("epoch")?.strip_prefix("epoch ").and_then(|rest| rest.strip_suffix(" s"));
        let epoch = epoch.and_then(|rest| rest.split_once(" of "));
        let (epoch, seconds) = epoch.ok_or(CheckpointError::Form { line: "epoch" })?;
        let (epoch, seconds) = (integer("epoch", epoch)?, integer("epoch", seconds)?);
        let time = line("time")?.strip_prefix("time ");
        let time = integer("time", time.ok_or(CheckpointError::Form { line: "time" })?)?;
        if lines.next().is_some() {
            return Err(CheckpointError::Form { line: "end" });
        }
        if seconds == 0 || epoch.checked_mul(seconds) != Some(time) {
            return Err(CheckpointError::Schedule { epoch, seconds, time });
        }
        // The key of `a` does not sign for the organisation `a/b`.
        if Log::from_origin(key.name(), origin).is_none() {
            let (got, org) = (origin.into(), key.name().into());
            return Err(CheckpointError::Origin { got, org });
        }
        let form = CheckpointError::Form { line: "root" };
        let root = Base64::decode_vec(root).map_err(|_| form)?;
        let root = field::decode("root", &root).map_err(CheckpointError::Root)?;
        if root.is_zero() {
            return Err(CheckpointError::ZeroRoot);
        }
        Ok(Self {
            origin: origin.into(),
            size,
            root: Root(root),
            epoch,
            epoch_seconds: seconds,
            time,
            signer: key.clone(),
            note: note.into(),
        })
    }

    /// The key that signed it.
    pub fn signer(&self) -> &LogKey {
        &self.signer
    }

    /// The length of an epoch, in seconds.
    pub fn epoch_seconds(&self) -> u64 {
        self.epoch_seconds
    }

    /// The log's name, such as `org/cards`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree over the leaves.
    pub fn root(&self) -> Root {
        self.root
    }

    /// The epoch from which this state is in force.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// When the epoch began, in Unix seconds.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// The signed note.
    pub fn note(&self) -> &str {
        &self.note
    }
}

fn integer(name: &'static str, digits: &str) -> Result<u64, CheckpointError> {
    decimal::parse(digits).ok_or(CheckpointError::Form { line: name })
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;

    use super::*;

    fn state() -> LogState<'static> {
        LogState {
            origin: "wufu/cards",
            size: 5,
            root: Root(Fr::from(7u64)),
            epoch: 3,
            epoch_seconds: 600,
        }
    }

    #[test]
    fn round_trip_and_refusals() {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let key = LogKey::new("wufu", signing.verifying_key()).unwrap();
        let checkpoint = Checkpoint::sign("wufu", &signing, &state()).unwrap();
        assert_eq!(Checkpoint::open(&key, checkpoint.note()), Ok(checkpoint.clone()));
        assert_eq!((checkpoint.size(), checkpoint.epoch(), checkpoint.time()), (5, 3, 1800));

        for origin in [
            "other/cards",
            "wufu",
            "wufu/",
            "wufucards",
            "wufu/b/cards",
            "wufu/donations/0",
            "wufu/donations/01",
        ] {
            let other = Checkpoint::sign("wufu", &signing, &LogState { origin, ..state() });
            assert!(matches!(other, Err(CheckpointError::Origin { .. })), "{origin}");
        }
        let open = |text: &str| {
            Checkpoint::open(&key, &signed_note::sign("wufu", &signing, text).unwrap())
        };
        let root = Base64::encode_string(&field::encode(&Fr::from(7u64)));
        let good = format!("wufu/cards\n5\n{root}\nepoch 3 of 600 s\ntime 1800\n");
        assert!(open(&good).is_ok());
        for (from, to) in [
            ("\n5\n", "\n05\n"),
            ("epoch 3", "epoch +3"),
            (" of 600 s", ""),
            ("time 1800\n", ""),
            ("\n5\n", "\n-5\n"),
        ] {
            let bad = open(&good.replace(from, to));
            assert!(matches!(bad, Err(CheckpointError::Form { .. })), "{from:?} to {to:?}");
        }
        assert!(open(&format!("{good}more\n")).is_err());
        // Epochs without length would all begin at once.
        let none = good.replace("600 s", "0 s").replace("1800", "0");
        assert!(matches!(open(&none), Err(CheckpointError::Schedule { .. })));
        for (from, to) in
            [("time 1800", "time 1801"), ("of 600 s", "of 0 s"), ("3 of", "30744573456182587 of")]
        {
            let bad = open(&good.replace(from, to));
            assert!(matches!(bad, Err(CheckpointError::Schedule { .. })), "{from:?} to {to:?}");
        }
        let co_signed =
            format!("{}{}", checkpoint.note(), "\u{2014} other AAAAAAAA\n".repeat(1000));
        assert!(matches!(Checkpoint::open(&key, &co_signed), Err(CheckpointError::Long { .. })));
    }

    /// Rows of docs/failures.md: 15.
    #[test]
    fn a_zero_root_is_refused() {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let zero = LogState { root: Root(Fr::from(0u64)), ..state() };
        assert_eq!(Checkpoint::sign("wufu", &signing, &zero), Err(CheckpointError::ZeroRoot));
    }
}
