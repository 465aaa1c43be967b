//! Limits on messages: bytes, and items of repeated fields. Both are checked before anything is
//! decoded.
//!
//! Two bytes of protobuf can encode an empty item that takes over a hundred bytes in memory: four
//! million empty grants once became half a gigabyte. So the items are counted in the encoded bytes
//! first, which takes no memory.

use prost::{Message, Name};
use wufu_verifier::{ProjectSet, check::request::MAX_KEYS};

use crate::{error::ConvertError, v1};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The largest number of entries in one append, of all kinds together.
pub const MAX_ENTRIES: usize = 65_536;

/// The longest envelope, request or policy, in bytes. One with 4,096 projects takes 43 KiB in
/// protobuf and 150 KiB in indented JSON.
pub const MAX_ENVELOPE: usize = 200 * KIB;

/// A limit on the items of repeated fields.
#[derive(Clone, Copy, Debug)]
pub struct RepeatedLimits {
    /// What error messages call the items.
    pub name: &'static str,
    /// The fields that lead to the message that holds them. Empty for the message itself.
    pub within: &'static [u32],
    /// The repeated fields, counted together.
    pub fields: &'static [u32],
    /// Whether the items are integers, which protobuf may pack into one record.
    pub packed: bool,
    /// The smallest number, used only in the text of the error.
    pub min: usize,
    /// The largest number.
    pub max: usize,
}

/// The limits of a message.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest form in bytes, whether protobuf, file or JSON.
    pub bytes: usize,
    /// The limits of its repeated fields, at any depth.
    pub repeated: &'static [RepeatedLimits],
}

impl Limits {
    /// Checks a message's protobuf without decoding it.
    ///
    /// # Errors
    /// Returns an error if the bytes are longer than such a message can be, or hold more items.
    /// Bytes that are not protobuf pass: the decoder refuses them, and reads no further than they
    /// were counted here.
    ///
    /// # Cost
    /// One pass for each entry of `repeated`, and no memory.
    pub fn check(&self, message: &'static str, bytes: &[u8]) -> Result<(), ConvertError> {
        self.check_length(message, bytes.len())?;
        for RepeatedLimits { name, within, fields, packed, min, max } in self.repeated {
            let got = count(bytes, within, fields, *packed);
            if got > *max {
                return Err(ConvertError::Count { field: name, got, min: *min, max: *max });
            }
        }
        Ok(())
    }

    /// Checks only a length, before a file is read or a text is parsed.
    ///
    /// # Errors
    /// Returns an error if it is longer than such a message can be.
    pub fn check_length(&self, message: &'static str, got: usize) -> Result<(), ConvertError> {
        let max = self.bytes;
        if got > max { Err(ConvertError::Long { message, got, max }) } else { Ok(()) }
    }

    /// Returns the largest number of items of all kinds together.
    pub fn items(&self) -> usize {
        self.repeated.iter().map(|repeated| repeated.max).sum()
    }
}

/// A message with limits. Every message of this package is one.
pub trait MessageLimits: Message + Name + Default {
    /// What people call such a message, with its article.
    const NOUN: &'static str;
    /// The limits of such a message.
    const LIMITS: Limits;
}

/// Returns what people call the message of this full name.
pub(crate) fn noun(full_name: &str) -> Option<&'static str> {
    known(full_name).map(|(_, noun, _)| *noun)
}

/// Returns the longest form of the message of this full name, in bytes.
pub(crate) fn longest(full_name: &str) -> Option<usize> {
    known(full_name).map(|(.., limits)| limits.bytes)
}

fn known(full_name: &str) -> Option<&'static (&'static str, &'static str, Limits)> {
    let name = full_name.strip_prefix("wufu.v1.")?;
    ALL.iter().find(|(known, ..)| *known == name)
}

const fn repeated(
    name: &'static str,
    within: &'static [u32],
    fields: &'static [u32],
    max: usize,
) -> RepeatedLimits {
    RepeatedLimits { name, within, fields, packed: false, min: 0, max }
}

/// The limit on a policy's projects. `within` leads to the policy.
const fn projects(within: &'static [u32]) -> RepeatedLimits {
    let max = ProjectSet::PLACES;
    RepeatedLimits { name: "projects", within, fields: &[1], packed: true, min: 1, max }
}

const fn key_ids(within: &'static [u32]) -> RepeatedLimits {
    RepeatedLimits { min: 1, ..repeated("key ids", within, &[8], MAX_KEYS) }
}

const fn entries(within: &'static [u32]) -> RepeatedLimits {
    RepeatedLimits { min: 1, ..repeated("entries", within, &[1, 2, 3], MAX_ENTRIES) }
}

macro_rules! limits {
    ($($message:ident: $noun:literal, $bytes:expr $(, $repeated:expr)*;)+) => {
        /// Every message: its name, what people call it, its limits.
        const ALL: &[(&str, &str, Limits)] =
            &[$((stringify!($message), $noun, <v1::$message as MessageLimits>::LIMITS)),+];

        $(impl MessageLimits for v1::$message {
            const NOUN: &'static str = $noun;
            const LIMITS: Limits = Limits { bytes: $bytes, repeated: &[$($repeated),*] };
        })+
    };
}

// The exact counts are checked where the message is converted. Where they depend on other fields,
// as the epochs of an envelope do on its circuit, the limits here are wider.
limits! {
    Address: "an address", 4 * KIB;
    ShardPath: "a shard's path", 4 * KIB;
    CardGrant: "a card grant", 16 * KIB;
    PersonGrant: "a person grant", 16 * KIB;
    DonationReceipt: "a donation receipt", 16 * KIB;
    Gift: "a gift", 16 * KIB;
    Voucher: "a voucher", 16 * KIB;
    Policy: "a policy", MAX_ENVELOPE, projects(&[]);
    ProofRequest: "a proof request", MAX_ENVELOPE, projects(&[5]), key_ids(&[]);
    ClaimBinding: "a claim's binding", 4 * KIB;
    LogEpoch: "an epoch of a log", 4 * KIB;
    Envelope: "an envelope", MAX_ENVELOPE,
        projects(&[7, 5]), key_ids(&[7]), repeated("epochs", &[], &[9], 16);

    GetLedgerInfoRequest: "a question for a ledger", KIB;
    GetLedgerInfoResponse: "a ledger's description", 64 * KIB, repeated("logs", &[], &[4], 256);
    LogInfo: "a log's description", 4 * KIB;
    GetCheckpointRequest: "a question for a checkpoint", KIB;
    GetCheckpointResponse: "an answer with a checkpoint", 64 * KIB;
    ListCheckpointsRequest: "a question for checkpoints", KIB;
    ListCheckpointsResponse: "an answer with checkpoints", 8 * MIB, repeated("notes", &[], &[1], 4096);
    GetRoofRequest: "a question for a roof", KIB;
    GetRoofResponse: "a roof", 8 * MIB;
    GetShardRequest: "a question for a shard", KIB;
    GetShardResponse: "a shard", 8 * MIB;
    GetProjectsRequest: "a question for projects", KIB;
    GetProjectsResponse: "an answer with projects", 8 * MIB;
    CardIssue: "a card to issue", 4 * KIB;
    PersonRegistration: "a person to register", 4 * KIB;
    DonationEntry: "a donation to enter", 16 * KIB;
    AppendRequest: "an append request", 8 * MIB, entries(&[]);
    AppendResponse: "a list of grants", 64 * MIB, entries(&[]);
    ListGrantsRequest: "a question for grants", 4 * KIB;
    ListGrantsResponse: "an answer with grants", 64 * MIB, entries(&[1]);
    SubmitClaimRequest: "a claim", 4 * KIB;
    SubmitClaimResponse: "an answer to a claim", 64 * KIB;
    ClaimAdmitted: "an admission of a claim", 64 * KIB;
    ClaimSpent: "a refusal of a claim", 64 * KIB;

    GetInfoRequest: "a question for a prover", KIB;
    GetInfoResponse: "a prover's description", 64 * KIB, repeated("circuits", &[], &[2], 64);
    ProvingCircuit: "a circuit's description", 16 * KIB;
    MembershipPath: "a membership path", 16 * KIB;
    CardOpening: "a card's opening", 16 * KIB;
    FiveFuWitness: "a witness", 64 * KIB, repeated("cards", &[], &[2], 16);
    DonationWitness: "a witness", MAX_ENVELOPE, projects(&[8]);
    GiftWitness: "a witness", 64 * KIB;
    Witness: "a witness", MAX_ENVELOPE, repeated("cards", &[1], &[2], 16), projects(&[2, 8]);
    ProveRequest: "a question for a proof", MAX_ENVELOPE,
        repeated("cards", &[2, 1], &[2], 16), projects(&[2, 2, 8]);
    ProveResponse: "a proof", 4 * KIB;
    ProveTimings: "a proof's timings", KIB;
    ProveStreamRequest: "a question for a proof", MAX_ENVELOPE,
        repeated("cards", &[2, 1], &[2], 16), projects(&[2, 2, 8]);
    ProveStreamResponse: "a proof's progress", 4 * KIB;

    DealRequest: "a question for tokens", KIB;
    DealResponse: "an answer with tokens", 64 * KIB, repeated("tokens", &[], &[2], 64);
    EvaluateRequest: "masked numbers", 128 * KIB;
    EvaluateResponse: "sums", KIB;
}

/// Counts the items of these fields in the messages to which `within` leads. If a singular field
/// holds several messages, the decoder merges them, so their items are counted together.
fn count(bytes: &[u8], within: &[u32], fields: &[u32], packed: bool) -> usize {
    let records = Records(bytes);
    let Some((first, within)) = within.split_first() else {
        let found = records.filter(|(field, _)| fields.contains(field));
        return found
            .map(|(_, content)| match content {
                Some(content) if packed => content.iter().filter(|byte| **byte < 0x80).count(),
                _ => 1,
            })
            .fold(0, usize::saturating_add);
    };
    records
        .filter(|(field, _)| field == first)
        .map(|(_, content)| count(content.unwrap_or_default(), within, fields, packed))
        .fold(0, usize::saturating_add)
}

/// The records of a message: field numbers, and the content of those that have a length. The
/// iterator ends with the bytes, or where they are not protobuf. It walks through groups as if
/// their fields were the message's own; no message here has groups.
struct Records<'a>(&'a [u8]);

impl<'a> Records<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
            if *byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, bytes: u64) -> Option<&'a [u8]> {
        let (content, rest) = self.0.split_at_checked(usize::try_from(bytes).ok()?)?;
        self.0 = rest;
        Some(content)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (u32, Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = u32::try_from(self.varint()?).ok()?;
        let content = match key & 7 {
            0 => self.varint().map(|_| None)?,
            1 => self.take(8).map(|_| None)?,
            2 => {
                let length = self.varint()?;
                // If the content is cut off, stop: the decoder allocates only for what is there.
                Some(self.take(length)?)
            }
            3 | 4 => None,
            5 => self.take(4).map(|_| None)?,
            _ => return None,
        };
        Some((key >> 3, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(field: u8, times: usize) -> Vec<u8> {
        [field << 3 | 2, 0].repeat(times)
    }

    /// Rows of docs/failures.md: 39.
    /// 4,000,000 empty grants are 8 MB, and took 600 MB once they were decoded.
    #[test]
    fn items_are_counted_before_they_are_decoded() {
        let limits = v1::AppendResponse::LIMITS;
        let most = [records(1, 30_000), records(2, 30_000), records(3, 5_536)].concat();
        assert_eq!(limits.check("AppendResponse", &most), Ok(()));
        for field in [1, 2, 3] {
            let more = [&most[..], &records(field, 1)].concat();
            let (got, min, max) = (65_537, 1, 65_536);
            let refused = Err(ConvertError::Count { field: "entries", got, min, max });
            assert_eq!(limits.check("AppendResponse", &more), refused);
        }
        let flood = records(1, 4_000_000);
        let refused = limits.check("AppendResponse", &flood);
        assert!(matches!(refused, Err(ConvertError::Count { got: 4_000_000, .. })), "{refused:?}");
    }

    /// Rows of docs/failures.md: 39.
    /// Packed or one by one, in one policy or in many that the decoder merges.
    #[test]
    fn projects_are_counted_however_they_are_written() {
        let limits = v1::ProofRequest::LIMITS;
        let record = |field: u8, content: &[u8]| {
            let mut out = vec![field << 3 | 2];
            prost::encoding::encode_varint(content.len() as u64, &mut out);
            out.extend_from_slice(content);
            out
        };
        let policies = |keys: &[u8]| record(5, keys);
        let packed = policies(&record(1, &[1; 4096]));
        let single = policies(&[8, 1].repeat(4096));
        let many = policies(&[8, 1]).repeat(4096);
        for most in [packed, single, many] {
            assert_eq!(limits.check("ProofRequest", &most), Ok(()));
            let more = [&most[..], &policies(&[8, 1])].concat();
            let refused = limits.check("ProofRequest", &more);
            let expected =
                matches!(refused, Err(ConvertError::Count { field: "projects", got: 4097, .. }));
            assert!(expected, "{refused:?}");
        }
    }

    /// Rows of docs/failures.md: 39.
    #[test]
    fn what_is_longer_than_its_kind_is_refused_unread() {
        let long = vec![0xff; MAX_ENVELOPE + 1];
        let refused = crate::decode::<v1::Envelope>(&long).unwrap_err();
        let (got, max) = (MAX_ENVELOPE + 1, MAX_ENVELOPE);
        assert_eq!(refused, ConvertError::Long { message: "Envelope", got, max });
        let refused = crate::decode::<v1::Envelope>(&long[..MAX_ENVELOPE]).unwrap_err();
        assert_eq!(refused, ConvertError::Malformed { message: "Envelope" });
    }

    /// Rows of docs/failures.md: 39.
    /// Every message of the package has limits, and they cover every repeated field at every depth.
    #[cfg(feature = "json")]
    #[test]
    fn no_field_that_repeats_is_forgotten() {
        use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

        fn walk(message: &MessageDescriptor, within: &mut Vec<u32>, limits: &Limits) {
            for field in message.fields() {
                let found = limits.repeated.iter().find(|repeated| {
                    repeated.within == *within && repeated.fields.contains(&field.number())
                });
                if field.is_list() {
                    let found = found.unwrap_or_else(|| panic!("{field:?} in {within:?}"));
                    let is_number =
                        !matches!(field.kind(), Kind::Message(_) | Kind::Bytes | Kind::String);
                    assert_eq!(found.packed, is_number, "{field:?}");
                } else {
                    assert!(found.is_none(), "{field:?} does not repeat");
                }
                if let Kind::Message(inner) = field.kind() {
                    if field.is_list() {
                        // Nothing inside a repeated item may repeat again: the counts would
                        // multiply.
                        walk(&inner, &mut vec![u32::MAX], &Limits { bytes: 0, repeated: &[] });
                    } else {
                        within.push(field.number());
                        walk(&inner, within, limits);
                        within.pop();
                    }
                }
            }
        }

        let pool = DescriptorPool::decode(crate::DESCRIPTORS).unwrap();
        let messages = pool.all_messages().filter(|message| message.package_name() == "wufu.v1");
        let mut seen = 0;
        for message in messages {
            let (.., limits) = ALL.iter().find(|(name, ..)| *name == message.name()).unwrap();
            walk(&message, &mut Vec::new(), limits);
            seen += 1;
        }
        assert_eq!(seen, ALL.len());
    }
}
