//! Why an assignment is not shared.

use wufu_verifier::KeyId;

use crate::secrets::NotBlind;

/// Why an assignment is not shared. Nothing was masked then, and no token used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// The circuit has no secret that nobody guesses.
    #[error(transparent)]
    NotBlind(#[from] NotBlind),
    /// The assignment is not of the key's circuit. This is the caller's mistake.
    #[error("assignment has {got} wires, expected {expected}")]
    Wires {
        /// How many wires it has.
        got: usize,
        /// How many the circuit has.
        expected: usize,
    },
    /// The assignment has another number of public inputs than the circuit. This is the caller's mistake.
    #[error("assignment has {got} public inputs, expected {expected}")]
    Public {
        /// How many it has.
        got: usize,
        /// How many the circuit has.
        expected: usize,
    },
    /// The rows of the assignment are not as many as the circuit has. This is the caller's mistake.
    #[error("assignment has {got} rows, expected {expected}")]
    Rows {
        /// How many rows it has.
        got: usize,
        /// How many the circuit has.
        expected: usize,
    },
    /// The assignment is false. This is the caller's mistake.
    #[error("the assignment does not satisfy {failing} of {rows} rows")]
    False {
        /// How many rows do not hold.
        failing: usize,
        /// How many there are.
        rows: usize,
    },
    /// Without a token there is no mask.
    #[error("no token, expected one from each dealer")]
    NoToken,
    /// A token is for another key.
    #[error("token is for key {got}, expected {expected}")]
    Key {
        /// The key that it is for.
        got: KeyId,
        /// The key that is proved under.
        expected: KeyId,
    },
    /// Two tokens have one seed.
    #[error("two tokens have one seed, expected different ones")]
    OneSeed,
    /// The arithmetic refused what it was handed. This is our bug.
    #[error(transparent)]
    Kernel(#[from] bn254x8::Error),
    /// The domain is larger than the field allows. This is our bug: no circuit comes near.
    #[error("the circuit is too large for the field")]
    Domain,
}
