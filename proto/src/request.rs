//! Conversions of signed requests.

use wufu_verifier::{
    CircuitName, ProofRequest,
    check::request::{MAX_KEYS, Question, RequestError},
};

use crate::{error::ConvertError, read, v1};

impl TryFrom<v1::ProofRequest> for ProofRequest {
    type Error = ConvertError;

    /// Checks the signature as well.
    fn try_from(message: v1::ProofRequest) -> Result<Self, ConvertError> {
        let verifier = read::array("verifier", &message.verifier)?;
        if message.circuit != CircuitName::Donation.as_str() {
            return Err(RequestError::Circuit.into());
        }
        let origin = read::origin("origin", &message.origin)?;
        let policy = read::some("policy", message.policy)?.try_into()?;
        let challenge = read::array("challenge", &message.challenge)?;
        read::count("key ids", message.key_ids.len(), 1, MAX_KEYS)?;
        let key_ids: Result<Vec<_>, _> =
            message.key_ids.iter().map(|id| read::key_id("key id", id)).collect();
        let signature = read::array("signature", &message.signature)?;
        let question = Question {
            purpose: message.purpose,
            origin,
            policy,
            challenge,
            expiry: message.expiry,
            key_ids: key_ids?,
        };
        Ok(Self::new(verifier, question, signature)?)
    }
}

impl From<&ProofRequest> for v1::ProofRequest {
    fn from(request: &ProofRequest) -> Self {
        let question = request.question();
        Self {
            verifier: request.verifier().to_vec(),
            purpose: question.purpose.clone(),
            circuit: CircuitName::Donation.as_str().into(),
            origin: question.origin.clone(),
            policy: Some((&question.policy).into()),
            challenge: question.challenge.to_vec(),
            expiry: question.expiry,
            key_ids: question.key_ids.iter().map(|id| id.as_bytes().to_vec()).collect(),
            signature: request.signature().to_vec(),
        }
    }
}
