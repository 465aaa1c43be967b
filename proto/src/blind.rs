//! What a wallet asks dealers and evaluators, and what they answer. Seeds, sums and masked numbers
//! are plain bytes here; the crate `wufu-delegation` interprets them.

use core::mem;

use wufu_verifier::KeyId;
use zeroize::Zeroizing;

use crate::{error::ConvertError, read, v1};

/// The format of tokens, masks and sums. Both sides refuse any other format.
pub const FORMAT: u32 = 1;
/// The largest number of tokens in one call.
pub const MAX_TOKENS: usize = 16;
/// Bytes of masked numbers in each message. The last message may have fewer.
pub const CHUNK: usize = 64 * 1024;
/// Length of an evaluator's answer, in bytes.
pub const SUMS: usize = 160;
/// The longest token, in bytes.
const TOKEN: usize = 1024;

fn format(got: u32) -> Result<(), ConvertError> {
    let expected = "1, as this release has it";
    if got == FORMAT {
        Ok(())
    } else {
        Err(ConvertError::Choice { field: "format of blind mode", got: got.into(), expected })
    }
}

/// A request to a dealer for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deal {
    /// The key that the proofs will be made under.
    pub key_id: KeyId,
    /// The number of tokens, 1 to [`MAX_TOKENS`].
    pub count: usize,
}

impl TryFrom<v1::DealRequest> for Deal {
    type Error = ConvertError;

    fn try_from(message: v1::DealRequest) -> Result<Self, ConvertError> {
        format(message.format)?;
        let count = usize::try_from(message.count).unwrap_or(usize::MAX);
        read::count("tokens", count, 1, MAX_TOKENS)?;
        Ok(Self { key_id: read::key_id("key id", &message.key_id)?, count })
    }
}

impl From<Deal> for v1::DealRequest {
    fn from(deal: Deal) -> Self {
        let count = u32::try_from(deal.count).unwrap_or(u32::MAX);
        Self { format: FORMAT, key_id: deal.key_id.as_bytes().to_vec(), count }
    }
}

/// A dealer's tokens, not checked yet: each carries a signature.
#[derive(Clone, PartialEq, Eq)]
pub struct DealtTokens(pub Vec<Zeroizing<Vec<u8>>>);

impl core::fmt::Debug for DealtTokens {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Dealt({})", self.0.len())
    }
}

impl TryFrom<v1::DealResponse> for DealtTokens {
    type Error = ConvertError;

    fn try_from(mut message: v1::DealResponse) -> Result<Self, ConvertError> {
        format(message.format)?;
        read::count("tokens", message.tokens.len(), 1, MAX_TOKENS)?;
        let tokens: Vec<_> =
            mem::take(&mut message.tokens).into_iter().map(Zeroizing::new).collect();
        for token in &tokens {
            read::length("token", token.len(), 1, TOKEN)?;
        }
        Ok(Self(tokens))
    }
}

impl From<DealtTokens> for v1::DealResponse {
    fn from(dealt: DealtTokens) -> Self {
        let tokens = dealt.0.into_iter().map(|mut token| mem::take(&mut *token));
        Self { format: FORMAT, tokens: tokens.collect() }
    }
}

/// The first message to an evaluator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The key that the sums are computed over.
    pub key_id: KeyId,
}

impl TryFrom<v1::EvaluateRequest> for Head {
    type Error = ConvertError;

    fn try_from(message: v1::EvaluateRequest) -> Result<Self, ConvertError> {
        format(message.format)?;
        read::length("masked numbers in the head", message.masked.len(), 0, 0)?;
        Ok(Self { key_id: read::key_id("key id", &message.key_id)? })
    }
}

impl From<Head> for v1::EvaluateRequest {
    fn from(head: Head) -> Self {
        Self { format: FORMAT, key_id: head.key_id.as_bytes().to_vec(), masked: Vec::new() }
    }
}

/// Appends the masked numbers of one message after the head. It must carry [`CHUNK`] bytes, or
/// whatever is left of `total`.
///
/// # Errors
/// Returns an error if the message has another length, exceeds `total`, or carries a second head.
pub fn append(
    to: &mut Vec<u8>,
    total: usize,
    message: &v1::EvaluateRequest,
) -> Result<(), ConvertError> {
    read::length("a second head", message.key_id.len(), 0, 0)?;
    if message.format != 0 {
        let got = message.format.into();
        return Err(ConvertError::Choice { field: "a second format", got, expected: "0" });
    }
    let expected = total.saturating_sub(to.len()).min(CHUNK);
    if expected == 0 {
        let got = to.len().saturating_add(message.masked.len());
        return Err(ConvertError::Length { field: "masked numbers", got, min: total, max: total });
    }
    read::length("a message of masked numbers", message.masked.len(), expected, expected)?;
    to.extend_from_slice(&message.masked);
    Ok(())
}

/// Checks that all masked numbers have arrived.
///
/// # Errors
/// Returns an error if some are missing.
pub fn complete(got: usize, total: usize) -> Result<(), ConvertError> {
    read::length("masked numbers", got, total, total)
}

/// Splits masked numbers into messages, head first. Everybody who proves under a key sends messages
/// of the same sizes.
pub fn messages(key_id: KeyId, masked: &[u8]) -> Vec<v1::EvaluateRequest> {
    let chunk = |bytes: &[u8]| v1::EvaluateRequest {
        format: 0,
        key_id: Vec::new(),
        masked: bytes.to_vec(),
    };
    core::iter::once(Head { key_id }.into()).chain(masked.chunks(CHUNK).map(chunk)).collect()
}

/// An evaluator's answer, not checked yet: only the proof made from it shows whether it is right.
#[derive(Clone, PartialEq, Eq)]
pub struct EvaluatedSums(pub Zeroizing<[u8; SUMS]>);

impl core::fmt::Debug for EvaluatedSums {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Evaluated(..)")
    }
}

impl TryFrom<v1::EvaluateResponse> for EvaluatedSums {
    type Error = ConvertError;

    fn try_from(message: v1::EvaluateResponse) -> Result<Self, ConvertError> {
        format(message.format)?;
        Ok(Self(Zeroizing::new(read::array("sums", &message.sums)?)))
    }
}

impl From<&EvaluatedSums> for v1::EvaluateResponse {
    fn from(evaluated: &EvaluatedSums) -> Self {
        Self { format: FORMAT, sums: evaluated.0.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: KeyId = KeyId([7; 32]);

    /// Rows of docs/failures.md: 20.
    #[test]
    fn another_format_is_refused_by_whoever_reads_it() {
        for other in [0, 2, u32::MAX] {
            let said = |error: ConvertError| {
                assert!(error.to_string().contains("format of blind mode is"), "{error}");
                assert!(error.to_string().contains("expected 1"), "{error}");
            };
            let deal = v1::DealRequest { format: other, ..Deal { key_id: KEY, count: 1 }.into() };
            said(Deal::try_from(deal).unwrap_err());
            let mut dealt = v1::DealResponse::from(DealtTokens(vec![Zeroizing::new(vec![1])]));
            dealt.format = other;
            said(DealtTokens::try_from(dealt).unwrap_err());
            let mut head = v1::EvaluateRequest::from(Head { key_id: KEY });
            head.format = other;
            said(Head::try_from(head).unwrap_err());
            let mut evaluated =
                v1::EvaluateResponse::from(&EvaluatedSums(Zeroizing::new([0; SUMS])));
            evaluated.format = other;
            said(EvaluatedSums::try_from(evaluated).unwrap_err());
        }
    }

    /// Rows of docs/failures.md: 5.
    #[test]
    fn counts_and_lengths_are_exact() {
        for count in [0, MAX_TOKENS + 1] {
            assert!(Deal::try_from(v1::DealRequest::from(Deal { key_id: KEY, count })).is_err());
        }
        let most = Deal { key_id: KEY, count: MAX_TOKENS };
        assert_eq!(Deal::try_from(v1::DealRequest::from(most)), Ok(most));
        for length in [0, SUMS - 1, SUMS + 1] {
            let message = v1::EvaluateResponse { format: FORMAT, sums: vec![0; length] };
            assert!(EvaluatedSums::try_from(message).is_err(), "{length}");
        }
        let total = CHUNK + 96;
        let messages = messages(KEY, &vec![5; total]);
        assert_eq!(messages.len(), 3);
        assert_eq!(Head::try_from(messages[0].clone()), Ok(Head { key_id: KEY }));
        let mut got = Vec::new();
        append(&mut got, total, &messages[1]).unwrap();
        // Too short, too long, with a second head, and the first message once more.
        let last =
            |length| v1::EvaluateRequest { format: 0, key_id: Vec::new(), masked: vec![5; length] };
        for bad in [last(0), last(95), last(97), messages[0].clone(), messages[1].clone()] {
            assert!(append(&mut got.clone(), total, &bad).is_err());
        }
        assert!(complete(got.len(), total).is_err());
        append(&mut got, total, &messages[2]).unwrap();
        assert_eq!(got, vec![5; total]);
        assert_eq!(complete(got.len(), total), Ok(()));
        assert!(append(&mut got, total, &last(1)).is_err(), "beyond the end");
    }
}
