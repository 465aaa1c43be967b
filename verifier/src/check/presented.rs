//! What is presented.

/// What somebody gives to a verifier. Nothing of it is believed.
#[derive(Clone, Copy, Debug)]
pub struct PresentedProof<'a> {
    /// The id of the key that the proof is said to be under, 32 bytes.
    pub key_id: &'a [u8],
    /// The public inputs, 32 bytes each, in order.
    pub public_inputs: &'a [u8],
    /// The proof, 128 bytes.
    pub proof: &'a [u8],
}
