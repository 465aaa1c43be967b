//! Messages as files: a line that names the message, then its protobuf. Every library reads this
//! form.
//!
//! # Shapes
//! `wufu-file/1 NAME LENGTH` and a line feed, then LENGTH bytes: the one encoding of the message
//! NAME, such as `wufu.v1.Envelope`. LENGTH is decimal, without leading zeros. Nothing follows.
//!
//! JSON is for people, and for programs that have feature `json`. It is protobuf's canonical JSON
//! with the member `"@type": "wufu.v1.Envelope"`, which may be left out where the reader expects
//! one kind of message.
//!
//! A reader that expects one kind of message also accepts its bare protobuf, without the line. That
//! is what gRPC carries, and what earlier versions wrote.

use core::fmt;

use wufu_verifier::Reason;

use crate::{
    error::ConvertError,
    limits::{self, MessageLimits},
    read, v1,
};

/// The first word of a file of this version. Neither a protobuf message nor JSON begins like it:
/// `w` would be a record of type 7.
pub const MAGIC: &str = "wufu-file/1";

/// The longest first line that a reader looks at. Those of today's messages are shorter than 64
/// bytes.
const MAX_HEAD: usize = 96;

/// Errors from reading a file that is not the expected message. They show nothing of the content
/// except how it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// The file is empty.
    Empty {
        /// What was expected.
        expected: &'static str,
    },
    /// The file holds another kind of message.
    Kind {
        /// The kind that the file claims to be.
        found: Kind,
        /// What was expected.
        expected: &'static str,
    },
    /// The first line is malformed.
    Head {
        /// What is wrong with it.
        found: &'static str,
    },
    /// The file does not have the length that its first line states.
    Length {
        /// The number of bytes after the first line.
        got: usize,
        /// The length that the first line states.
        expected: usize,
    },
    /// The file is JSON, and this build cannot read JSON.
    NoJson {
        /// What was expected.
        expected: &'static str,
    },
    /// The file does not say what it is, and several kinds of messages are possible.
    Untagged {
        /// What was expected.
        expected: &'static str,
    },
    /// The file is not a message in any of the three forms.
    Unrecognised {
        /// The number of bytes in the file.
        bytes: usize,
        /// How the file begins.
        found: FileStart,
        /// What was expected.
        expected: &'static str,
    },
    /// The JSON is refused.
    #[cfg(feature = "json")]
    Json(crate::json::JsonError),
    /// The message is refused.
    Message(ConvertError),
}

/// The kind of message that a file claims to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A message of this release, with its everyday name.
    Known(&'static str),
    /// A message that this release does not know.
    Unknown,
}

/// How a file begins that is not the expected message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileStart {
    /// Like a known format, with its name.
    Known(&'static str),
    /// With a mark that states a text's encoding.
    Mark {
        /// The bytes of the mark.
        bytes: &'static str,
        /// The name of the mark.
        name: &'static str,
    },
    /// Like a text.
    Text,
    /// With these bytes, three at most.
    Bytes(Vec<u8>),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { expected } => write!(f, "the file is empty, expected {expected}"),
            Self::Kind { found: Kind::Known(found), expected } => {
                write!(f, "this is {found}, expected {expected}")
            }
            Self::Kind { found: Kind::Unknown, expected } => {
                write!(f, "this is a message that this version does not know, expected {expected}")
            }
            Self::Head { found } => write!(
                f,
                "the first line {found}, expected \"{MAGIC} NAME LENGTH\" and a line feed"
            ),
            Self::Length { got, expected } if got < expected => write!(
                f,
                "the file is cut off: {got} bytes follow its first line, expected {expected}"
            ),
            Self::Length { got, expected } => {
                write!(f, "{got} bytes follow the first line, expected {expected}")
            }
            Self::NoJson { expected } => write!(
                f,
                "this is JSON, expected {expected} as a binary file (written without --json)"
            ),
            Self::Untagged { expected } => write!(
                f,
                "the file does not say what it is, expected {expected}: a file that begins with \
                 \"{MAGIC}\", or JSON with \"@type\""
            ),
            Self::Unrecognised { bytes, found, expected } => {
                write!(f, "not {expected}: expected protobuf or JSON, found {bytes} bytes ")?;
                match found {
                    FileStart::Known(found) => write!(f, "of {found}"),
                    FileStart::Mark { bytes, name } => {
                        write!(f, "starting {bytes} ({name}); save the file as UTF-8 without one")
                    }
                    FileStart::Text => write!(f, "of text"),
                    FileStart::Bytes(start) => {
                        write!(f, "starting")?;
                        start.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
                    }
                }
            }
            #[cfg(feature = "json")]
            Self::Json(error) => error.fmt(f),
            Self::Message(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FileError {}

impl From<ConvertError> for FileError {
    fn from(error: ConvertError) -> Self {
        Self::Message(error)
    }
}

#[cfg(feature = "json")]
impl From<crate::json::JsonError> for FileError {
    fn from(error: crate::json::JsonError) -> Self {
        Self::Json(error)
    }
}

impl FileError {
    /// Returns the reason code of this refusal.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Empty { .. } => Reason::FileEmpty,
            Self::Kind { .. } => Reason::FileKind,
            Self::Head { .. }
            | Self::Length { .. }
            | Self::NoJson { .. }
            | Self::Untagged { .. } => Reason::FileForm,
            Self::Unrecognised { .. } => Reason::MessageMalformed,
            #[cfg(feature = "json")]
            Self::Json(_) => Reason::MessageMalformed,
            Self::Message(error) => error.reason(),
        }
    }
}

/// The form of a file, judged by its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// A file of this version.
    File {
        /// The message's full name.
        name: &'a str,
        /// The protobuf of the message.
        body: &'a [u8],
    },
    /// JSON, from its first bracket on.
    Json(&'a [u8]),
    /// Anything else: bare protobuf, if it is a message at all.
    Bare,
}

/// Encodes a message as a file.
pub fn encode<M: MessageLimits>(message: &M) -> Vec<u8> {
    let length = message.encoded_len();
    let mut out = format!("{MAGIC} {} {length}\n", M::full_name()).into_bytes();
    out.reserve_exact(length);
    // Writing to a vector does not fail.
    let _ = message.encode(&mut out);
    out
}

/// Returns the form of a file, judged by its beginning. Use [`kind`] to learn which message it
/// holds.
///
/// # Errors
/// Returns an error if the file is empty, its first line is incomplete, or its length is not the
/// one that the line states.
pub fn form<'a>(bytes: &'a [u8], expected: &'static str) -> Result<Form<'a>, FileError> {
    if bytes.is_empty() {
        return Err(FileError::Empty { expected });
    }
    if let Some(Head { name, length, body }) = head(bytes)? {
        if body.len() != length {
            return Err(FileError::Length { got: body.len(), expected: length });
        }
        return Ok(Form::File { name, body });
    }
    let text = bytes.trim_ascii_start();
    Ok(if text.first() == Some(&b'{') { Form::Json(text) } else { Form::Bare })
}

/// A first line, and what follows it.
struct Head<'a> {
    name: &'a str,
    /// The length that the line states.
    length: usize,
    body: &'a [u8],
}

/// Reads the first line. Returns `None` if the bytes begin differently.
fn head(bytes: &[u8]) -> Result<Option<Head<'_>>, FileError> {
    let Some(rest) = bytes.strip_prefix(b"wufu-file/") else { return Ok(None) };
    let wrong = |found| FileError::Head { found };
    let rest = rest.strip_prefix(b"1 ").ok_or(wrong("belongs to another version"))?;
    let end = rest.iter().take(MAX_HEAD).position(|byte| *byte == b'\n');
    let (line, body) = rest.split_at(end.ok_or(wrong("does not end"))?);
    if line.ends_with(b"\r") {
        return Err(wrong("ends with a carriage return: the file was changed on its way"));
    }
    let line = str::from_utf8(line).map_err(|_| wrong("is not text"))?;
    let (name, length) = line.split_once(' ').ok_or(wrong("has no length"))?;
    let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    if name.is_empty() || !is_name(name) {
        return Err(wrong("does not name a message"));
    }
    let digits = length.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (length == "0" || !length.starts_with('0'));
    let length = length.parse().ok().filter(|_| canonical);
    let length = length.ok_or(wrong("has no length"))?;
    Ok(Some(Head { name, length, body: body.get(1..).unwrap_or_default() }))
}

/// Returns the full name of the message that a file claims to hold, or `None` if it does not say.
///
/// # Errors
/// Returns an error if the file is empty, or does not have the form that its beginning promises.
pub fn kind(bytes: &[u8], expected: &'static str) -> Result<Option<String>, FileError> {
    match form(bytes, expected)? {
        Form::File { name, .. } => Ok(Some(name.into())),
        #[cfg(feature = "json")]
        Form::Json(text) => Ok(crate::json::tag(text)?),
        #[cfg(not(feature = "json"))]
        Form::Json(_) => Err(FileError::NoJson { expected }),
        Form::Bare => Ok(None),
    }
}

/// The error for a file that holds the message `name` where another one was expected.
pub fn other_kind(name: &str, expected: &'static str) -> FileError {
    let found = limits::noun(name).map_or(Kind::Unknown, Kind::Known);
    FileError::Kind { found, expected }
}

/// The error for a file that does not say what it is, where several kinds of messages are possible.
pub fn untagged(bytes: &[u8], expected: &'static str) -> FileError {
    match beginning(bytes) {
        // It could be bare protobuf of any of these messages.
        FileStart::Text | FileStart::Bytes(_) => FileError::Untagged { expected },
        found => FileError::Unrecognised { bytes: bytes.len(), found, expected },
    }
}

/// Returns how long a file may be that begins like this, if it says what it is. A reader need not
/// read more.
pub fn longest(head: &[u8]) -> Option<usize> {
    limits::longest(self::head(head).ok().flatten()?.name)
}

/// Returns how many bytes of a file to read if `M` is expected: one more than its limit, so that a
/// file that is too long can be told from the longest one allowed.
pub fn worth_reading<M: MessageLimits>() -> u64 {
    M::LIMITS.bytes as u64 + 1
}

/// Reads a message from a file: in the form of this module, as bare protobuf, or, with feature
/// `json`, as JSON.
///
/// # Errors
/// Returns an error if the file is empty, is longer than such a message can be, claims to be
/// something else, or is not in the one accepted encoding.
pub fn decode<M: MessageLimits>(bytes: &[u8]) -> Result<M, FileError> {
    let expected = M::NOUN;
    // Check the kind before the length: a long file of another kind is reported as another kind.
    if let Ok(Some(Head { name, .. })) = head(bytes)
        && name != M::full_name()
    {
        return Err(other_kind(name, expected));
    }
    M::LIMITS.check_length(M::NAME, bytes.len())?;
    match form(bytes, expected)? {
        Form::File { body, .. } => Ok(read::decode(body)?),
        // A record's key and length can look like white space, and its content like a bracket.
        Form::Json(text) if text.len() < bytes.len() => match read::decode(bytes) {
            Ok(message) => Ok(message),
            Err(_) => from_json(text),
        },
        Form::Json(text) => from_json(text),
        Form::Bare => read::decode(bytes).map_err(|error| {
            let found = beginning(bytes);
            let is_told = match (&error, &found) {
                (ConvertError::Malformed { .. }, _) => true,
                // Text can parse as fields that no message has.
                (ConvertError::NotCanonical { .. }, found) => !matches!(found, FileStart::Bytes(_)),
                _ => false,
            };
            if is_told {
                FileError::Unrecognised { bytes: bytes.len(), found, expected }
            } else {
                error.into()
            }
        }),
    }
}

#[cfg(feature = "json")]
fn from_json<M: MessageLimits>(text: &[u8]) -> Result<M, FileError> {
    use crate::json::{JsonError, from_json};

    let text = str::from_utf8(text);
    let form = JsonError::Form { message: M::NAME, line: 0, column: 0 };
    match from_json(text.map_err(|_| form)?) {
        Err(JsonError::Kind { found }) => Err(other_kind(&found, M::NOUN)),
        other => Ok(other?),
    }
}

#[cfg(not(feature = "json"))]
fn from_json<M: MessageLimits>(_: &[u8]) -> Result<M, FileError> {
    Err(FileError::NoJson { expected: M::NOUN })
}

/// Classifies the beginning of a file that is not the expected message.
fn beginning(bytes: &[u8]) -> FileStart {
    let marks: [(&[u8], &str, &str); 3] = [
        (b"\xef\xbb\xbf", "ef bb bf", "a byte-order mark"),
        (b"\xff\xfe", "ff fe", "a byte-order mark of UTF-16"),
        (b"\xfe\xff", "fe ff", "a byte-order mark of UTF-16"),
    ];
    if let Some((_, bytes, name)) = marks.into_iter().find(|(mark, ..)| bytes.starts_with(mark)) {
        return FileStart::Mark { bytes, name };
    }
    let known: [(&[u8], &str); 9] = [
        (b"wufu-vk1", "a verifying key"),
        (b"wufu-pk1", "a proving key"),
        (b"wufu-pp1", "a prepared proving key"),
        (b"wufu-bk1", "a kit of blind mode"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"redb", "a redb database"),
        (b"\x1f\x8b", "a gzip file"),
        (b"PK\x03\x04", "a zip file"),
        (
            b"\x0a\0\0\0\x1d\0\0\0wufu",
            "a proof request's canonical bytes, which are signed and not kept",
        ),
    ];
    if let Some((_, name)) = known.into_iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return FileStart::Known(name);
    }
    // Only the head: the file may be long.
    let head = &bytes[..bytes.len().min(4096)];
    match str::from_utf8(head) {
        Ok(text) if text.contains("\n\n\u{2014} ") => FileStart::Known("signed notes"),
        Ok(text) if !text.contains(|c: char| c.is_control() && !c.is_whitespace()) => {
            FileStart::Text
        }
        _ => FileStart::Bytes(head[..head.len().min(3)].to_vec()),
    }
}

/// Reads an envelope from a file as a verifier does: all of it except the proof's points, which the
/// check reads.
///
/// # Errors
/// Returns the errors of [`decode`] and of
/// [`Envelope::without_points`](crate::Envelope::without_points).
pub fn envelope(bytes: &[u8]) -> Result<crate::Envelope, FileError> {
    Ok(crate::Envelope::without_points(decode::<v1::Envelope>(bytes)?)?)
}

/// Reads a request from a file and checks its signature.
///
/// # Errors
/// Returns the errors of [`decode`], and an error if a field is out of range or the signature is
/// not the verifier's.
pub fn request(bytes: &[u8]) -> Result<wufu_verifier::ProofRequest, FileError> {
    decode::<v1::ProofRequest>(bytes)?.try_into().map_err(FileError::Message)
}
