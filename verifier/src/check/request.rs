//! Signed requests, in which a verifier asks for a proof.

use alloc::{string::String, vec::Vec};
use core::fmt;

use ark_bn254::Fr;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::{
    encoding::{
        canonical::{CanonicalError, Reader, Writer},
        text::{self, NameError},
    },
    hash::element::Scope,
    statement::{
        self, CLAIM, CircuitName,
        id::KeyId,
        policy::{Policy, PolicyError},
    },
};

/// The first field of what is signed.
const CONTEXT: &str = "wufu 2026-11 proof request v1";

/// The largest number of keys in a request.
pub const MAX_KEYS: usize = 16;
/// The longest purpose or origin, in bytes.
pub const MAX_TEXT: usize = text::MAX_NAME;

/// Errors from signing or reading a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// The bytes are malformed.
    Canonical(CanonicalError),
    /// The first field is not that of this version.
    Context,
    /// The circuit is unknown, or a request may not ask for it.
    Circuit,
    /// The policy is refused.
    Policy(PolicyError),
    /// The purpose or origin is empty or too long, or the purpose is reserved for claims.
    Text {
        /// The field.
        field: &'static str,
        /// Its length, in bytes.
        got: usize,
    },
    /// The purpose or origin is not a name: people read both before they answer.
    Name {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        error: NameError,
    },
    /// There are no key ids, too many, or a broken one.
    Keys {
        /// Their length together, in bytes.
        got: usize,
    },
    /// The verifier's key is not an Ed25519 key.
    Verifier,
    /// The signature is not the verifier's.
    Signature,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Canonical(error) => error.fmt(f),
            Self::Context => write!(f, "not a proof request of version 1"),
            Self::Circuit => write!(f, "a request may ask for a donation only"),
            Self::Policy(error) => error.fmt(f),
            Self::Text { field, got } => write!(
                f,
                "{field} is {got} bytes, expected 1 to {MAX_TEXT}, all visible, and not the \
                 reserved {CLAIM:?}"
            ),
            Self::Name { field, error } => write!(f, "{field} {error}"),
            Self::Keys { got } => {
                write!(f, "key ids are {got} bytes, expected 32 each, 1 to {MAX_KEYS} of them")
            }
            Self::Verifier => write!(f, "verifier is not an Ed25519 key"),
            Self::Signature => write!(f, "signature is not the verifier's"),
        }
    }
}

impl core::error::Error for RequestError {}

impl From<CanonicalError> for RequestError {
    fn from(error: CanonicalError) -> Self {
        Self::Canonical(error)
    }
}

impl From<PolicyError> for RequestError {
    fn from(error: PolicyError) -> Self {
        Self::Policy(error)
    }
}

/// What a verifier asks, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What the answer is for. Answers to one verifier for two purposes cannot be linked.
    pub purpose: String,
    /// The donation log, such as `org/donations/1`.
    pub origin: String,
    /// The donations that the verifier accepts.
    pub policy: Policy,
    /// Fresh random bytes, so that an old answer does not fit.
    pub challenge: [u8; 32],
    /// When the request expires, in Unix seconds.
    pub expiry: u64,
    /// The verifying keys that the verifier accepts, the preferred one first.
    pub key_ids: Vec<KeyId>,
}

/// A signed request for a proof of a donation. The signature is checked when the value is created,
/// so every value is valid.
///
/// (A Five Fu proof shows the nullifiers of its cards and is made only for claims, so nobody may
/// request one.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofRequest {
    verifier: VerifyingKey,
    question: Question,
    signature: Signature,
}

impl ProofRequest {
    /// Signs a question.
    ///
    /// # Errors
    /// Returns an error if a field is out of range.
    pub fn sign(key: &SigningKey, question: Question) -> Result<Self, RequestError> {
        check(&question)?;
        let verifier = key.verifying_key();
        let signature = key.sign(&message(&verifier, &question).finish());
        Ok(Self { verifier, question, signature })
    }

    /// Returns the bytes that a verifier signs, for a key that is kept elsewhere.
    /// [`ProofRequest::new`] takes the signature.
    ///
    /// # Errors
    /// Returns an error if a field is out of range, or `verifier` is not an Ed25519 key.
    pub fn signed_bytes(verifier: &[u8; 32], question: &Question) -> Result<Vec<u8>, RequestError> {
        check(question)?;
        let verifier = VerifyingKey::from_bytes(verifier).map_err(|_| RequestError::Verifier)?;
        Ok(message(&verifier, question).finish())
    }

    /// Creates a request from its parts.
    ///
    /// # Errors
    /// Returns an error if a field is out of range, or the signature is not the verifier's.
    pub fn new(
        verifier: [u8; 32],
        question: Question,
        signature: [u8; 64],
    ) -> Result<Self, RequestError> {
        check(&question)?;
        let verifier = VerifyingKey::from_bytes(&verifier).map_err(|_| RequestError::Verifier)?;
        let signature = Signature::from_bytes(&signature);
        verifier
            .verify_strict(&message(&verifier, &question).finish(), &signature)
            .map_err(|_| RequestError::Signature)?;
        Ok(Self { verifier, question, signature })
    }

    /// The verifier's signature.
    pub fn signature(&self) -> [u8; 64] {
        self.signature.to_bytes()
    }

    /// Encodes the request.
    ///
    /// # Shapes
    /// Canonical bytes of ten fields: context, verifier (32), purpose, circuit, origin, policy
    /// (canonical bytes), challenge (32), expiry, key ids (32 each), signature (64, over the
    /// canonical bytes of the nine before it).
    pub fn encode(&self) -> Vec<u8> {
        message(&self.verifier, &self.question).bytes(&self.signature.to_bytes()).finish()
    }

    /// Decodes a request and checks its signature.
    ///
    /// # Errors
    /// Returns an error if the bytes are malformed, a field is out of range, or the signature is
    /// not the verifier's.
    pub fn decode(bytes: &[u8]) -> Result<Self, RequestError> {
        let mut reader = Reader::new(bytes, 10)?;
        if reader.text("context")? != CONTEXT {
            return Err(RequestError::Context);
        }
        let verifier = reader.array("verifier")?;
        let purpose = reader.text("purpose")?;
        if reader.text("circuit")? != CircuitName::Donation.as_str() {
            return Err(RequestError::Circuit);
        }
        let origin = reader.text("origin")?;
        let policy = Policy::decode(reader.bytes("policy")?)?;
        let challenge = reader.array("challenge")?;
        let expiry = reader.u64("expiry")?;
        let ids = reader.bytes("key ids")?;
        let signature = reader.array("signature")?;
        reader.finish()?;

        let (chunks, []) = ids.as_chunks::<32>() else {
            return Err(RequestError::Keys { got: ids.len() });
        };
        let key_ids = chunks.iter().copied().map(KeyId).collect();
        let question = Question { purpose, origin, policy, challenge, expiry, key_ids };
        Self::new(verifier, question, signature)
    }

    /// The key that signed it, which is the verifier's id.
    pub fn verifier(&self) -> &[u8; 32] {
        self.verifier.as_bytes()
    }

    /// The question.
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// Returns the scope of an answer.
    pub fn scope(&self) -> Scope {
        statement::scope(self.verifier(), &self.question.purpose)
    }

    /// Returns the `ext` of an answer proved under `key_id`.
    pub fn ext(&self, key_id: KeyId) -> Fr {
        let payload = &self.question.challenge;
        let expiry = self.question.expiry;
        statement::Binding { verifier: self.verifier(), payload, expiry, key_id }.ext()
    }
}

fn check(question: &Question) -> Result<(), RequestError> {
    for (field, text) in [("purpose", &question.purpose), ("origin", &question.origin)] {
        if text.is_empty() || text.len() > MAX_TEXT {
            return Err(RequestError::Text { field, got: text.len() });
        }
    }
    let wrong = |field| move |error| RequestError::Name { field, error };
    text::check_name(&question.purpose).map_err(wrong("purpose"))?;
    text::check_word(&question.origin).map_err(wrong("origin"))?;
    if question.purpose == CLAIM {
        return Err(RequestError::Text { field: "purpose", got: CLAIM.len() });
    }
    let keys = question.key_ids.len();
    if keys == 0 || keys > MAX_KEYS {
        return Err(RequestError::Keys { got: 32 * keys });
    }
    Ok(())
}

/// The nine fields that are signed.
fn message(verifier: &VerifyingKey, question: &Question) -> Writer {
    let key_ids: Vec<u8> = question.key_ids.iter().flat_map(|id| id.0).collect();
    Writer::new()
        .text(CONTEXT)
        .bytes(verifier.as_bytes())
        .text(&question.purpose)
        .text(CircuitName::Donation.as_str())
        .text(&question.origin)
        .bytes(&question.policy.encode())
        .bytes(&question.challenge)
        .u64(question.expiry)
        .bytes(&key_ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::{
        policy::{Bounds, ProjectSet},
        record::ProjectKey,
    };

    fn question() -> Question {
        Question {
            purpose: "tax relief 2026".into(),
            origin: "cerf/donations/1".into(),
            policy: Policy {
                projects: ProjectSet::new([ProjectKey::new(1, 1).unwrap()]).unwrap(),
                amount: Bounds::ANY_AMOUNT,
                time: Bounds::ANY_TIME,
            },
            challenge: [5; 32],
            expiry: 2_000_000_000,
            key_ids: Vec::from([KeyId([1; 32])]),
        }
    }

    #[test]
    fn round_trip() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let request = ProofRequest::sign(&key, question()).unwrap();
        assert_eq!(ProofRequest::decode(&request.encode()), Ok(request));
    }

    /// A verifier whose key is in a device signs the same bytes as one whose key is in memory.
    #[test]
    fn a_signature_made_elsewhere_makes_the_same_request() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let verifier = key.verifying_key().to_bytes();
        let signed = ProofRequest::signed_bytes(&verifier, &question()).unwrap();
        let signature = key.sign(&signed).to_bytes();
        let made = ProofRequest::new(verifier, question(), signature);
        assert_eq!(made, ProofRequest::sign(&key, question()));
        let bad = Question { purpose: String::new(), ..question() };
        let refused = ProofRequest::signed_bytes(&verifier, &bad);
        assert!(matches!(refused, Err(RequestError::Text { .. })), "{refused:?}");
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let bytes = ProofRequest::sign(&key, question()).unwrap().encode();
        for index in 0..bytes.len() {
            let mut other = bytes.clone();
            other[index] ^= 1;
            assert!(ProofRequest::decode(&other).is_err(), "byte {index} may change");
            assert!(ProofRequest::decode(&bytes[..index]).is_err());
        }
    }

    /// Rows of docs/failures.md: 34.
    #[test]
    fn the_purpose_of_claims_is_reserved() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let claim = Question { purpose: CLAIM.into(), ..question() };
        let expected = RequestError::Text { field: "purpose", got: 5 };
        assert_eq!(ProofRequest::sign(&key, claim), Err(expected));
        for purpose in ["", &"a".repeat(257)] {
            let bad = Question { purpose: purpose.into(), ..question() };
            assert!(matches!(ProofRequest::sign(&key, bad), Err(RequestError::Text { .. })));
        }
        let none = Question { key_ids: Vec::new(), ..question() };
        assert_eq!(ProofRequest::sign(&key, none), Err(RequestError::Keys { got: 0 }));
    }

    /// Rows of docs/failures.md: 53.
    /// A wallet shows purpose and origin before it answers. A verifier signed "tax" and U+061C, or
    /// two purposes that look the same and have two scopes. Signing refuses them now, and so does
    /// reading somebody else's request.
    #[test]
    fn a_deceptive_purpose_or_origin_is_refused() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let verifier = key.verifying_key();
        let purposes =
            [" ", "a\nb", "a\u{202e}b", "a\u{61c}", "a\u{ad}b", "\u{3164}", "a\u{e0041}"];
        let forms = ["cafe\u{301}", "a  b", "a ", "a\u{a0}b"];
        let purposes = purposes.into_iter().chain(forms);
        let purposes =
            purposes.map(|purpose| ("purpose", Question { purpose: purpose.into(), ..question() }));
        let origins = ["cerf/donations/1\u{200b}", "ce rf/donations/1", "cafe\u{301}/donations/1"];
        let origins =
            origins.map(|origin| ("origin", Question { origin: origin.into(), ..question() }));
        for (field, bad) in purposes.chain(origins) {
            let refused =
                |error| matches!(error, RequestError::Name { field: got, .. } if got == field);
            assert!(refused(ProofRequest::sign(&key, bad.clone()).unwrap_err()), "{bad:?}");
            let signature = key.sign(&message(&verifier, &bad).finish()).to_bytes();
            let bytes = message(&verifier, &bad).bytes(&signature).finish();
            assert!(refused(ProofRequest::decode(&bytes).unwrap_err()), "{bad:?}");
            assert!(refused(ProofRequest::new(verifier.to_bytes(), bad, signature).unwrap_err()));
        }
        let bad = Question { purpose: "tax \u{202e}feiler".into(), ..question() };
        let told = alloc::format!("{}", ProofRequest::sign(&key, bad).unwrap_err());
        assert_eq!(
            told,
            "purpose holds U+202E at character 5, which changes the direction of text"
        );
    }
}
