//! Checks a request's messages while they arrive: the length that each declares, and its number of
//! fields.

use tonic::Status;

use crate::methods::Method;

/// gRPC's frame header: the compression flag and the length.
const HEADER: usize = 5;

/// Follows gRPC's framing through the bytes of a request.
pub(crate) struct Frames {
    most: usize,
    fields: Option<usize>,
    header: [u8; HEADER],
    filled: usize,
    // Bytes still to come of the message whose header was read last.
    left: usize,
    count: Option<Fields>,
}

impl Frames {
    pub(crate) fn new(method: &Method) -> Self {
        let (most, fields) = (method.request_bytes, method.fields);
        Self { most, fields, header: [0; HEADER], filled: 0, left: 0, count: None }
    }

    /// Checks the next bytes. Calls `begins` with the length of each message before any of it is
    /// stored.
    ///
    /// # Errors
    /// Returns an error if a message is too long or has too many fields, or if `begins` refuses it.
    pub(crate) fn look(
        &mut self,
        mut bytes: &[u8],
        mut begins: impl FnMut(usize) -> Result<(), Status>,
    ) -> Result<(), Status> {
        while !bytes.is_empty() {
            if self.left > 0 {
                let (message, rest) = bytes.split_at(self.left.min(bytes.len()));
                if let Some(fields) = &mut self.count {
                    fields.look(message)?;
                }
                self.left -= message.len();
                bytes = rest;
                continue;
            }
            self.header[self.filled] = bytes[0];
            (self.filled, bytes) = (self.filled + 1, &bytes[1..]);
            if self.filled < HEADER {
                continue;
            }
            self.filled = 0;
            let [compressed, length @ ..] = self.header;
            let length = u32::from_be_bytes(length);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > self.most {
                let text = format!("message is {length} bytes, expected at most {}", self.most);
                return Err(Status::out_of_range(text));
            }
            begins(length)?;
            self.left = length;
            // A compressed message is refused without being read: no service accepts one.
            self.count = self.fields.filter(|_| compressed == 0).map(Fields::new);
        }
        Ok(())
    }
}

/// Counts the top-level fields of a protobuf message.
struct Fields {
    most: usize,
    count: usize,
    at: FieldPosition,
}

/// What the next byte belongs to. A varint carries its value and the number of bits so far.
#[derive(Clone, Copy)]
enum FieldPosition {
    Tag(u64, u32),
    Number,
    Length(u64, u32),
    Skip(u64),
}

impl Fields {
    fn new(most: usize) -> Self {
        Self { most, count: 0, at: FieldPosition::Tag(0, 0) }
    }

    fn look(&mut self, mut bytes: &[u8]) -> Result<(), Status> {
        while let Some(&byte) = bytes.first() {
            if let FieldPosition::Skip(left) = self.at {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                bytes = &bytes[here..];
                let left = left - here as u64;
                self.at =
                    if left == 0 { FieldPosition::Tag(0, 0) } else { FieldPosition::Skip(left) };
                continue;
            }
            bytes = &bytes[1..];
            let (ends, low) = (byte < 0x80, u64::from(byte & 0x7f));
            // A value that does not fit is malformed. The decoder reports it.
            let with = |value: u64, bits: u32| value | low.checked_shl(bits).unwrap_or(0);
            self.at = match self.at {
                FieldPosition::Tag(value, bits) if ends => self.field(with(value, bits))?,
                FieldPosition::Tag(value, bits) => {
                    FieldPosition::Tag(with(value, bits), bits.saturating_add(7))
                }
                FieldPosition::Length(value, bits) if ends => match with(value, bits) {
                    0 => FieldPosition::Tag(0, 0),
                    length => FieldPosition::Skip(length),
                },
                FieldPosition::Length(value, bits) => {
                    FieldPosition::Length(with(value, bits), bits.saturating_add(7))
                }
                FieldPosition::Number if ends => FieldPosition::Tag(0, 0),
                at => at,
            };
        }
        Ok(())
    }

    fn field(&mut self, tag: u64) -> Result<FieldPosition, Status> {
        self.count += 1;
        if self.count > self.most {
            // The entries that follow are not counted.
            let text = format!("{} entries, expected at most {}", self.count, self.most);
            return Err(Status::invalid_argument(text));
        }
        Ok(match tag & 7 {
            0 => FieldPosition::Number,
            1 => FieldPosition::Skip(8),
            2 => FieldPosition::Length(0, 0),
            // A group. Its fields count as the message's own.
            3 | 4 => FieldPosition::Tag(0, 0),
            5 => FieldPosition::Skip(4),
            // Malformed: the decoder stops here.
            _ => FieldPosition::Skip(u64::MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(message: &[u8]) -> Vec<u8> {
        [&[0][..], &(message.len() as u32).to_be_bytes(), message].concat()
    }

    /// Tries every way of cutting the bytes into pieces.
    fn look(method: &Method, bytes: &[u8]) -> Result<Vec<usize>, String> {
        let mut outcomes = Vec::new();
        for cut in 1..=bytes.len().clamp(1, 9) {
            let (mut frames, mut lengths) = (Frames::new(method), Vec::new());
            let looked = bytes.chunks(cut).try_for_each(|piece| {
                frames.look(piece, |length| {
                    lengths.push(length);
                    Ok(())
                })
            });
            outcomes.push(looked.map(|()| lengths).map_err(|status| status.message().to_owned()));
        }
        assert!(outcomes.windows(2).all(|two| two[0] == two[1]), "{outcomes:?}");
        outcomes.remove(0)
    }

    /// Rows of docs/failures.md: 39.
    #[test]
    fn a_message_is_refused_by_its_declared_length() {
        let method = Method::open(100);
        let two = [framed(&[1; 100]), framed(&[])].concat();
        assert_eq!(look(&method, &two), Ok(vec![100, 0]));
        let long = look(&method, &[0, 0, 0, 0, 101]);
        assert_eq!(long, Err("message is 101 bytes, expected at most 100".into()));
        assert!(look(&method, &[0, 255, 255, 255, 255]).is_err());
        assert_eq!(look(&method, &[0, 0, 0, 0]), Ok(vec![]));
    }

    /// Rows of docs/failures.md: 39.
    #[test]
    fn entries_are_counted_before_they_are_decoded() {
        let method = Method { fields: Some(3), ..Method::open(1 << 20) };
        // Three fields of every kind. One of them has fields of its own.
        let nested = [&[0x0a, 0x06][..], &[0x0a, 0, 0x0a, 0, 0x0a, 0]].concat();
        let number = [0x10, 0x80, 0x80, 0x01];
        let fixed = [0x19, 0x0a, 0, 0x0a, 0, 0x0a, 0, 0x0a, 0];
        let message = [&nested[..], &number, &fixed].concat();
        assert_eq!(look(&method, &framed(&message)), Ok(vec![message.len()]));
        let four = [&message[..], &[0x0a, 0]].concat();
        let refused = Err("4 entries, expected at most 3".into());
        assert_eq!(look(&method, &framed(&four)), refused);
        assert_eq!(look(&method, &framed(&[0x0a, 0].repeat(4))), refused);
        // Each message starts its own count.
        let twice = [framed(&message), framed(&message)].concat();
        assert_eq!(look(&method, &twice), Ok(vec![message.len(); 2]));
        // Malformed bytes are left to the decoder.
        for bad in [&[0x0f; 40][..], &[0xff; 40], &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]] {
            assert_eq!(look(&method, &framed(bad)), Ok(vec![bad.len()]));
        }
    }
}
