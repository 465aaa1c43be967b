//! What a client of a Unix socket calls its server.
//!
//! gRPC's C core, and so Python, Ruby and C++, sends the socket's percent-encoded path as
//! `:authority`; others send the path itself. Neither is an authority in HTTP's grammar, and the
//! HTTP/2 library refuses the call with PROTOCOL_ERROR before anybody sees it. So these characters
//! are replaced as the bytes arrive, one for one. Nothing here looks at the authority.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::UnixStream,
};

use crate::transport::Transport;

/// The length of HTTP/2's preface, which comes before the first frame.
const PREFACE: u64 = 24;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;
const AUTHORITY: &[u8] = b":authority";
/// `:authority` in HPACK's static table.
const AUTHORITY_INDEX: u64 = 1;

/// An accepted connection of a Unix socket, whose clients may send its path as `:authority`.
pub fn unix_transport(stream: UnixStream) -> Box<dyn Transport> {
    Box::new(UnixTransport { stream, scanner: Scanner::default() })
}

struct UnixTransport {
    stream: UnixStream,
    scanner: Scanner,
}

impl AsyncRead for UnixTransport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if let Some(new) = buffer.filled_mut().get_mut(before..) {
            this.scanner.pass(new);
        }
        read
    }
}

impl AsyncWrite for UnixTransport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Follows a client's HTTP/2 frames, and the header fields in them.
struct Scanner {
    place: Place,
    // Bytes of the current frame that are still to come, and how many of them are padding.
    left: u64,
    padding: u64,
    kind: u8,
    flags: u8,
    fields: Fields,
}

/// What the next byte is.
enum Place {
    /// Bytes that say nothing about header fields, up to a frame's header.
    Skip(u64),
    /// A byte of a frame's header.
    Header(u8),
    /// The length of a frame's padding.
    Padding,
    /// A byte of a frame's priority, of which this many are left.
    Priority(u8),
    /// A byte of header fields.
    Fields,
}

impl Default for Scanner {
    fn default() -> Self {
        let (place, fields) = (Place::Skip(PREFACE), Fields::Start);
        Self { place, left: 0, padding: 0, kind: 0, flags: 0, fields }
    }
}

impl Scanner {
    /// Follows these bytes, and replaces what no authority may contain.
    fn pass(&mut self, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Place::Skip(count) = &mut self.place {
                let skipped = usize::try_from(*count).unwrap_or(usize::MAX).min(rest.len());
                *count -= skipped as u64;
                if *count == 0 {
                    self.place = Place::Header(0);
                }
                rest = rest.split_at_mut(skipped).1;
                continue;
            }
            let Some((byte, after)) = rest.split_first_mut() else { return };
            self.step(byte);
            rest = after;
        }
    }

    fn step(&mut self, byte: &mut u8) {
        match self.place {
            Place::Skip(_) => {}
            Place::Header(n) => {
                match n {
                    0..=2 => self.left = (self.left << 8 | u64::from(*byte)) & 0x00ff_ffff,
                    3 => self.kind = *byte,
                    4 => self.flags = *byte,
                    _ => {}
                }
                if n < 8 {
                    self.place = Place::Header(n + 1);
                } else {
                    self.begin();
                }
                return;
            }
            Place::Padding => {
                self.padding = u64::from(*byte);
                self.left = self.left.saturating_sub(1);
                self.begin_priority();
            }
            Place::Priority(left) => {
                self.left = self.left.saturating_sub(1);
                self.place = if left > 1 { Place::Priority(left - 1) } else { Place::Fields };
            }
            Place::Fields => {
                self.left = self.left.saturating_sub(1);
                self.fields.step(byte);
            }
        }
        if self.left <= self.padding {
            self.end();
        }
    }

    /// A frame's header is complete.
    fn begin(&mut self) {
        self.padding = 0;
        match self.kind {
            HEADERS if self.left > 0 => {
                // Fields never continue from an earlier frame of this kind.
                self.fields = Fields::Start;
                if self.flags & PADDED != 0 {
                    self.place = Place::Padding;
                } else {
                    self.begin_priority();
                }
            }
            CONTINUATION if self.left > 0 => self.place = Place::Fields,
            _ => self.end(),
        }
    }

    fn begin_priority(&mut self) {
        self.place = if self.flags & PRIORITY != 0 { Place::Priority(5) } else { Place::Fields };
    }

    /// What is left of the frame has no fields.
    fn end(&mut self) {
        self.place = if self.left == 0 { Place::Header(0) } else { Place::Skip(self.left) };
        self.left = 0;
    }
}

/// What the next byte of header fields is (HPACK, RFC 7541).
enum Fields {
    /// The beginning of a field.
    Start,
    /// A further byte of an integer, whose value does not matter. Then comes this.
    Integer(After),
    /// The beginning of a name.
    Name,
    /// The beginning of a value, and whether it is the authority's.
    Value(bool),
    /// A further byte of a string's length.
    Length { text: Text, length: u64, shift: u32 },
    /// A byte of a string.
    Text { text: Text, left: u64 },
    /// The client has sent something else. Nothing is changed any more.
    Lost,
}

#[derive(Clone, Copy)]
enum After {
    Start,
    Value,
}

/// What a string is.
#[derive(Clone, Copy)]
enum Text {
    /// A name, and how much of it is the beginning of `:authority`. `None` if it is another.
    Name(Option<usize>),
    /// A value, and whether it is a plain authority.
    Value(bool),
}

impl Fields {
    fn step(&mut self, byte: &mut u8) {
        let b = *byte;
        *self = match *self {
            Self::Start => match b {
                // An indexed field, or a new size of the table.
                0x80.. => integer(b, 0x7f, After::Start),
                0x20..=0x3f => integer(b, 0x1f, After::Start),
                // A name of a table, or a new one.
                0x40..=0x7f => literal(b, 0x3f),
                0x00..=0x1f => literal(b, 0x0f),
            },
            Self::Integer(after) if b & 0x80 != 0 => Self::Integer(after),
            Self::Integer(After::Start) => Self::Start,
            Self::Integer(After::Value) => Self::Value(false),
            Self::Name => string(b, Text::Name(Some(0))),
            Self::Value(is_authority) => string(b, Text::Value(is_authority)),
            Self::Length { text, length, shift } => {
                // No header list is as long as 2^28 bytes.
                let length = length + (u64::from(b & 0x7f) << shift);
                match (b & 0x80 != 0, shift < 21) {
                    (true, true) => Self::Length { text, length, shift: shift + 7 },
                    (true, false) => Self::Lost,
                    (false, _) => Self::Text { text, left: length },
                }
            }
            Self::Text { text, left } => {
                let text = text.step(byte);
                if left > 1 { Self::Text { text, left: left - 1 } } else { text.after() }
            }
            Self::Lost => Self::Lost,
        };
    }
}

fn integer(byte: u8, mask: u8, after: After) -> Fields {
    match after {
        _ if byte & mask == mask => Fields::Integer(after),
        After::Start => Fields::Start,
        After::Value => Fields::Value(false),
    }
}

fn literal(byte: u8, mask: u8) -> Fields {
    match u64::from(byte & mask) {
        0 => Fields::Name,
        AUTHORITY_INDEX => Fields::Value(true),
        _ => integer(byte, mask, After::Value),
    }
}

/// The beginning of a string. A compressed one is not looked at: it cannot be changed byte by byte.
fn string(byte: u8, text: Text) -> Fields {
    let text = match text {
        _ if byte & 0x80 == 0 => text,
        Text::Name(_) => Text::Name(None),
        Text::Value(_) => Text::Value(false),
    };
    match u64::from(byte & 0x7f) {
        0 => text.after(),
        0x7f => Fields::Length { text, length: 0x7f, shift: 0 },
        left => Fields::Text { text, left },
    }
}

impl Text {
    fn step(self, byte: &mut u8) -> Self {
        match self {
            Self::Name(known) => {
                let known = known.filter(|known| AUTHORITY.get(*known) == Some(byte));
                Self::Name(known.map(|known| known + 1))
            }
            Self::Value(is_authority) => {
                let is_fit = byte.is_ascii_alphanumeric() || b"-._~:[]".contains(byte);
                if is_authority && !is_fit {
                    *byte = b'-';
                }
                self
            }
        }
    }

    /// What comes after the string.
    fn after(self) -> Fields {
        match self {
            Self::Name(known) => Fields::Value(known == Some(AUTHORITY.len())),
            Self::Value(_) => Fields::Start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], body].concat()
    }

    fn text(text: &[u8]) -> Vec<u8> {
        [&[u8::try_from(text.len()).unwrap_or(0x7e)], text].concat()
    }

    /// A client's bytes, with this authority in every form that is not compressed.
    fn sent(authority: &[u8]) -> Vec<u8> {
        let path = [&[0x44][..], &text(b"/a.B/Get%2F")].concat();
        let by_index = [&path[..], &[0x41], &text(authority)].concat();
        let by_name =
            [&[0x40][..], &text(b":authority"), &text(authority), &[0x82, 0xff, 0x80, 0x01]];
        let other = [&[0x00][..], &text(b":authoritx"), &text(b"%2F"), &[0x3f, 0xe1, 0x1f]];
        let (by_name, other) = (by_name.concat(), other.concat());
        let long = [&[0x5f, 0x7f, 0x49][..], &[b'%'; 200]].concat();
        let padded = [&[3, 0, 0, 0, 0, 7][..], &by_name, b"%%%"].concat();
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        for (kind, flags, body) in [
            (4, 0, &b"%2F%2F"[..]),
            (HEADERS, 4, &by_index),
            (0, 1, b"A%2F/%"),
            (HEADERS, 4 | PADDED | PRIORITY, &padded),
            (HEADERS, 0, &other),
            (CONTINUATION, 0, &[]),
            (CONTINUATION, 0, &long),
            (CONTINUATION, 4, &by_index),
            (4, 1, &[]),
            (HEADERS, 4, &by_name),
        ] {
            bytes.extend(frame(kind, flags, body));
        }
        bytes
    }

    #[test]
    fn only_authorities_are_changed_however_they_arrive() {
        let (came, expected) = (sent(b"%2Frun/w x.sock"), sent(b"-2Frun-w-x.sock"));
        assert_ne!(came, expected);
        for step in [1, 2, 3, 7, 64, came.len()] {
            let (mut scanner, mut bytes) = (Scanner::default(), came.clone());
            bytes.chunks_mut(step).for_each(|piece| scanner.pass(piece));
            assert_eq!(bytes, expected, "{step}");
        }
        for usual in [&b"localhost:7182"[..], b"[::1]:7", b"a.example"] {
            let mut bytes = sent(usual);
            Scanner::default().pass(&mut bytes);
            assert_eq!(bytes, sent(usual));
        }
    }

    /// Whatever comes, it is passed on in the same length, and nothing panics.
    #[test]
    fn any_bytes_pass() {
        let mut state = 1u32;
        for round in 0..200 {
            let (mut scanner, mut bytes) = (Scanner::default(), sent(b"%"));
            for byte in &mut bytes {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if state >> 24 < round {
                    *byte = (state >> 16) as u8;
                }
            }
            let length = bytes.len();
            scanner.pass(&mut bytes);
            assert_eq!(bytes.len(), length);
        }
    }
}
