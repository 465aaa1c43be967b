//! What somebody presents to a verifier.

/// What somebody presents to a verifier. None of it is trusted.
#[derive(Clone, Copy, Debug)]
pub struct PresentedProof<'a> {
    /// The id of the verifying key that the proof claims to be made under, 32 bytes.
    pub key_id: &'a [u8],
    /// The public inputs, 32 bytes each, in order.
    pub public_inputs: &'a [u8],
    /// The proof, 128 bytes.
    pub proof: &'a [u8],
}
