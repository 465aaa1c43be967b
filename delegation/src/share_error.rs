//! Errors from masking an assignment.

use wufu_verifier::KeyId;

use crate::secrets::NotBlind;

/// Errors from masking an assignment. Nothing was masked, and no token was used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// The circuit has no secret that nobody can guess.
    #[error(transparent)]
    NotBlind(#[from] NotBlind),
    /// The assignment does not belong to the key's circuit. This is the caller's mistake.
    #[error("assignment has {got} wires, expected {expected}")]
    Wires {
        /// The number of wires in the assignment.
        got: usize,
        /// The number of wires in the circuit.
        expected: usize,
    },
    /// The number of public inputs is not the circuit's. This is the caller's mistake.
    #[error("assignment has {got} public inputs, expected {expected}")]
    Public {
        /// The number in the assignment.
        got: usize,
        /// The number in the circuit.
        expected: usize,
    },
    /// The number of rows is not the circuit's. This is the caller's mistake.
    #[error("assignment has {got} rows, expected {expected}")]
    Rows {
        /// The number in the assignment.
        got: usize,
        /// The number in the circuit.
        expected: usize,
    },
    /// The assignment is false. This is the caller's mistake.
    #[error("the assignment does not satisfy {failing} of {rows} rows")]
    False {
        /// The number of rows that do not hold.
        failing: usize,
        /// The number of rows.
        rows: usize,
    },
    /// There is no token, and so no mask.
    #[error("no token, expected one from each dealer")]
    NoToken,
    /// A token is for another key.
    #[error("token is for key {got}, expected {expected}")]
    Key {
        /// The key that the token is for.
        got: KeyId,
        /// The key that is proved under.
        expected: KeyId,
    },
    /// Two tokens have the same seed.
    #[error("two tokens have one seed, expected different ones")]
    OneSeed,
    /// The arithmetic refused its input. This is our bug.
    #[error(transparent)]
    Kernel(#[from] bn254x8::Error),
    /// The domain is larger than the field allows. This is our bug: no circuit comes near.
    #[error("the circuit is too large for the field")]
    Domain,
}
