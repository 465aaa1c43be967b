//! A proof before its check: as it is kept, and as it is presented.

use alloc::vec::Vec;

use crate::{
    groth16::proof::Proof,
    statement::{KeyId, Statement},
};

/// A proof that nobody verified, with its public inputs and the key that it claims to be made
/// under. Messages, envelopes and wallets hold one, each with what else it knows.
///
/// It is not what a check accepted: [`Verified`](super::Verified) holds the statement of a proof
/// that was checked, and no proof. Nor is it what a prover made and verified itself, which has the
/// statement and the points instead of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedProof {
    /// The id of the verifying key that the proof claims to be made under.
    pub key_id: KeyId,
    /// The public inputs, 32 bytes each, in order.
    pub public_inputs: Vec<u8>,
    /// The proof, 128 bytes.
    pub proof: Vec<u8>,
}

impl UnverifiedProof {
    /// Encodes a statement and its proof.
    pub fn new<S: Statement>(statement: &S, proof: &Proof, key_id: KeyId) -> Self {
        Self { key_id, public_inputs: statement.encode(), proof: proof.encode() }
    }

    /// Returns what a verifier checks.
    pub fn presented(&self) -> PresentedProof<'_> {
        let Self { key_id, public_inputs, proof } = self;
        PresentedProof { key_id: key_id.as_bytes(), public_inputs, proof }
    }
}

/// What somebody presents to a verifier. None of it is trusted, not even the length of the key id.
#[derive(Clone, Copy, Debug)]
pub struct PresentedProof<'a> {
    /// The id of the verifying key that the proof claims to be made under, 32 bytes.
    pub key_id: &'a [u8],
    /// The public inputs, 32 bytes each, in order.
    pub public_inputs: &'a [u8],
    /// The proof, 128 bytes.
    pub proof: &'a [u8],
}
