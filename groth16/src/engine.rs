//! What computes a proof.

use ark_bn254::Fr;
use wufu_verifier::{Proof, VerifyingKey, groth16::proof::ProofError};

use crate::AssignmentRef;

/// Why an engine gives no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The assignment is not of the engine's circuit. This is the caller's mistake.
    #[error("assignment has {got} wires, expected {expected}")]
    Wires {
        /// How many wires it has.
        got: usize,
        /// How many the circuit has.
        expected: usize,
    },
    /// The assignment has another number of public inputs than the engine's circuit. This is the caller's mistake.
    #[error("assignment has {got} public inputs, expected {expected}")]
    Public {
        /// How many it has.
        got: usize,
        /// How many the circuit has.
        expected: usize,
    },
    /// The rows of the assignment are not as many as the engine's circuit has. This is the caller's mistake.
    #[error("assignment has {got} rows, expected {expected}")]
    Rows {
        /// How many rows it has.
        got: usize,
        /// How many the circuit has.
        expected: usize,
    },
    /// The assignment is false: nothing was computed of it. This is the caller's mistake.
    #[error("the assignment does not satisfy {failing} of {rows} rows")]
    False {
        /// How many rows do not hold.
        failing: usize,
        /// How many there are.
        rows: usize,
    },
    /// The arithmetic refused what it was handed. This is our bug.
    #[error(transparent)]
    Kernel(#[from] bn254x8::Error),
    /// The domain is larger than the field allows. This is our bug: no circuit comes near.
    #[error("the circuit is too large for the field")]
    Domain,
    /// The proof is not one of points that may be used: r and s were not random, or the key is broken.
    #[error("the proof is unusable: {0}")]
    Proof(#[from] ProofError),
}

/// Computes Groth16 proofs under one key. It holds everything that does not depend on the witness.
///
/// An engine need not check whether the assignment is true: a false one gives an error or a proof
/// that does not verify. Callers check before and after.
pub trait Engine: Send + Sync {
    /// Its name, and what there is to know of how it works, for people.
    fn name(&self) -> &str;

    /// The key that its proofs verify under.
    fn verifying_key(&self) -> &VerifyingKey;

    /// Rows of the circuit.
    fn rows(&self) -> usize;

    /// The proof for an assignment, blinded by `r` and `s`: the same, bit for bit, from every engine.
    ///
    /// # Errors
    /// When the assignment is of another circuit or false, or the proof comes out unusable.
    fn prove(&self, assignment: AssignmentRef<'_>, r: Fr, s: Fr) -> Result<Proof, EngineError>;
}
