//! Messages as files: a line that says what the file is, then its protobuf. Every library reads this form.
//!
//! # Shapes
//! `wufu-file/1 NAME LENGTH` and a line feed, then LENGTH bytes: the one encoding of the message NAME, as `wufu.v1.Envelope`.
//! LENGTH is decimal, without leading zeros. Nothing follows.
//!
//! JSON is for people, and for programs that have feature `json`: protobuf's canonical JSON with the member
//! `"@type": "wufu.v1.Envelope"`, which may be left out where one kind of message is expected.
//!
//! The bare protobuf of a message, without the line, is still read where one kind of message is expected: it is what travels
//! in gRPC, and what earlier versions wrote.

use core::fmt;

use wufu_verifier::Reason;

use crate::{
    error::ConvertError,
    limits::{self, MessageLimits},
    read, v1,
};

/// How a file of this version begins. No protobuf message and no JSON begins like it: `w` would be a record of type 7.
pub const MAGIC: &str = "wufu-file/1";

/// The longest first line that is looked at. Those of today's messages are shorter than 64 bytes.
const MAX_HEAD: usize = 96;

/// Why a file is not the message that was expected. It shows nothing of a file's content but how it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// There are no bytes.
    Empty {
        /// What was expected.
        expected: &'static str,
    },
    /// A message of another kind.
    Kind {
        /// What it says that it is.
        found: Kind,
        /// What was expected.
        expected: &'static str,
    },
    /// The first line is not the one of a file.
    Head {
        /// What is wrong with it.
        found: &'static str,
    },
    /// The file is not as long as its first line says.
    Length {
        /// How many bytes follow the line.
        got: usize,
        /// How many it says.
        expected: usize,
    },
    /// JSON, which is not compiled in here.
    NoJson {
        /// What was expected.
        expected: &'static str,
    },
    /// It does not say what it is, and several kinds of messages could be meant.
    Untagged {
        /// What was expected.
        expected: &'static str,
    },
    /// Neither a file, nor protobuf, nor JSON of the message.
    Unrecognised {
        /// How many bytes there are.
        bytes: usize,
        /// How it begins.
        found: FileStart,
        /// What was expected.
        expected: &'static str,
    },
    /// Its JSON.
    #[cfg(feature = "json")]
    Json(crate::json::JsonError),
    /// Its message.
    Message(ConvertError),
}

/// The kind of message that a file says it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of this release, as people call it.
    Known(&'static str),
    /// None of this release.
    Unknown,
}

/// How a file begins that is nothing of ours, or something else of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileStart {
    /// As something that is known.
    Known(&'static str),
    /// As a mark of how a text is encoded.
    Mark {
        /// Its bytes.
        bytes: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// As a text.
    Text,
    /// As anything: up to three bytes.
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
                "the file does not say what it is, expected {expected}: a file that begins with \"{MAGIC}\", or JSON with \"@type\""
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
    /// The code of this refusal.
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

/// The form that a file has, as its beginning says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// A file of this version.
    File {
        /// The message's full name.
        name: &'a str,
        /// Its protobuf.
        body: &'a [u8],
    },
    /// JSON, from its first bracket on.
    Json(&'a [u8]),
    /// Anything else: bare protobuf, if it is a message at all.
    Bare,
}

/// The bytes of a file that holds a message.
pub fn encode<M: MessageLimits>(message: &M) -> Vec<u8> {
    let length = message.encoded_len();
    let mut out = format!("{MAGIC} {} {length}\n", M::full_name()).into_bytes();
    out.reserve_exact(length);
    // A vector has room for everything.
    let _ = message.encode(&mut out);
    out
}

/// The form of a file, by its beginning. Whether it is one kind of message or the other is [`kind`]'s to say.
///
/// # Errors
/// Returns an error if the file is empty, its first line is not complete, or it is not as long as that line says.
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
    /// The length that it says.
    length: usize,
    body: &'a [u8],
}

/// Reads the first line. `None` when the bytes begin otherwise.
fn head(bytes: &[u8]) -> Result<Option<Head<'_>>, FileError> {
    let Some(rest) = bytes.strip_prefix(b"wufu-file/") else { return Ok(None) };
    let wrong = |found| FileError::Head { found };
    let rest = rest.strip_prefix(b"1 ").ok_or(wrong("is one of another version"))?;
    let end = rest.iter().take(MAX_HEAD).position(|byte| *byte == b'\n');
    let (line, body) = rest.split_at(end.ok_or(wrong("does not end"))?);
    if line.ends_with(b"\r") {
        return Err(wrong("ends with a carriage return: the file was changed on its way"));
    }
    let line = str::from_utf8(line).map_err(|_| wrong("is not text"))?;
    let (name, length) = line.split_once(' ').ok_or(wrong("has no length"))?;
    let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    if name.is_empty() || !is_name(name) {
        return Err(wrong("has no name of a message"));
    }
    let digits = length.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (length == "0" || !length.starts_with('0'));
    let length = length.parse().ok().filter(|_| canonical);
    let length = length.ok_or(wrong("has no length"))?;
    Ok(Some(Head { name, length, body: body.get(1..).unwrap_or_default() }))
}

/// The full name of the message that a file says it holds; `None` where it does not say.
///
/// # Errors
/// Returns an error if the file is empty, or is not of the form that its beginning promises.
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

/// The error for a file that holds a message of this full name, where another was expected.
pub fn other_kind(name: &str, expected: &'static str) -> FileError {
    let found = limits::noun(name).map_or(Kind::Unknown, Kind::Known);
    FileError::Kind { found, expected }
}

/// The error for a file that does not say what it is, where one of several kinds of messages was expected.
pub fn untagged(bytes: &[u8], expected: &'static str) -> FileError {
    match beginning(bytes) {
        // It could be bare protobuf, of one message or the other.
        FileStart::Text | FileStart::Bytes(_) => FileError::Untagged { expected },
        found => FileError::Unrecognised { bytes: bytes.len(), found, expected },
    }
}

/// How long a file that begins like this may be, if it says what it is: so that no more of it is read.
pub fn longest(head: &[u8]) -> Option<usize> {
    limits::longest(self::head(head).ok().flatten()?.name)
}

/// How many bytes of a file are worth reading, if `M` is expected: one more than its limit, so that a
/// longer file is told from the longest one.
pub fn worth_reading<M: MessageLimits>() -> u64 {
    M::LIMITS.bytes as u64 + 1
}

/// Reads a message from a file: in the form of this module, as bare protobuf, or, with feature `json`, as JSON.
///
/// # Errors
/// Returns an error if the file is longer than any such message, is empty, says that it is something else, or is not the one
/// encoding of its message.
pub fn decode<M: MessageLimits>(bytes: &[u8]) -> Result<M, FileError> {
    let expected = M::NOUN;
    // What it is before how long it is: a long file of another kind is of another kind.
    if let Ok(Some(Head { name, .. })) = head(bytes)
        && name != M::full_name()
    {
        return Err(other_kind(name, expected));
    }
    M::LIMITS.check_length(M::NAME, bytes.len())?;
    match form(bytes, expected)? {
        Form::File { body, .. } => Ok(read::decode(body)?),
        // A record's key and length can be white space, and its content a bracket.
        Form::Json(text) if text.len() < bytes.len() => match read::decode(bytes) {
            Ok(message) => Ok(message),
            Err(_) => from_json(text),
        },
        Form::Json(text) => from_json(text),
        Form::Bare => read::decode(bytes).map_err(|error| {
            let found = beginning(bytes);
            let is_told = match (&error, &found) {
                (ConvertError::Malformed { .. }, _) => true,
                // Texts can be read as fields that nothing has.
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

/// How a file begins that is not what was expected.
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
    // Only the head of it: a file may be long.
    let head = &bytes[..bytes.len().min(4096)];
    match str::from_utf8(head) {
        Ok(text) if text.contains("\n\n\u{2014} ") => FileStart::Known("signed notes"),
        Ok(text) if !text.contains(|c: char| c.is_control() && !c.is_whitespace()) => {
            FileStart::Text
        }
        _ => FileStart::Bytes(head[..head.len().min(3)].to_vec()),
    }
}

/// Reads an envelope's file as a verifier does: all of it but the proof's points, which the check reads.
///
/// # Errors
/// As [`decode`], and as [`Envelope::without_points`](crate::Envelope::without_points).
pub fn envelope(bytes: &[u8]) -> Result<crate::Envelope, FileError> {
    Ok(crate::Envelope::without_points(decode::<v1::Envelope>(bytes)?)?)
}

/// Reads a request's file, and checks its signature.
///
/// # Errors
/// As [`decode`], and when a field is out of its bounds or the signature is not the verifier's.
pub fn request(bytes: &[u8]) -> Result<wufu_verifier::ProofRequest, FileError> {
    decode::<v1::ProofRequest>(bytes)?.try_into().map_err(FileError::Message)
}
