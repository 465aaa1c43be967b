//! The interface of proof engines, and their errors.

use ark_bn254::Fr;
use wufu_verifier::{Proof, VerifyingKey, groth16::proof::ProofError};

use crate::AssignmentRef;

/// Why an engine did not produce a proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The assignment has another number of wires than the engine's circuit. This is the caller's
    /// mistake.
    #[error("assignment has {got} wires, expected {expected}")]
    Wires {
        /// Number of wires in the assignment.
        got: usize,
        /// Number of wires in the circuit.
        expected: usize,
    },
    /// The assignment has another number of public inputs than the engine's circuit. This is the
    /// caller's mistake.
    #[error("assignment has {got} public inputs, expected {expected}")]
    Public {
        /// Number of public inputs in the assignment.
        got: usize,
        /// Number of public inputs in the circuit.
        expected: usize,
    },
    /// The assignment has another number of rows than the engine's circuit. This is the caller's
    /// mistake.
    #[error("assignment has {got} rows, expected {expected}")]
    Rows {
        /// Number of rows in the assignment.
        got: usize,
        /// Number of rows in the circuit.
        expected: usize,
    },
    /// The assignment does not satisfy the circuit, so nothing was computed. This is the caller's
    /// mistake.
    #[error("the assignment does not satisfy {failing} of {rows} rows")]
    False {
        /// Number of rows that do not hold.
        failing: usize,
        /// Number of rows.
        rows: usize,
    },
    /// The arithmetic rejected its input. This is our bug.
    #[error(transparent)]
    Kernel(#[from] bn254x8::Error),
    /// The field has no evaluation domain of this size. This is our bug: no circuit comes near the
    /// limit.
    #[error("the circuit is too large for the field")]
    Domain,
    /// The proof has a point that must not be used: `r` and `s` were not random, or the key is
    /// broken.
    #[error("the proof is unusable: {0}")]
    Proof(#[from] ProofError),
}

/// Computes Groth16 proofs under one key. It holds everything that does not depend on the witness.
///
/// An engine need not check whether the assignment is true. A false assignment leads to an error or
/// to a proof that does not verify. Callers check the assignment before and the proof after.
pub trait Engine: Send + Sync {
    /// The engine's name and configuration, for people.
    fn name(&self) -> &str;

    /// The key under which its proofs verify.
    fn verifying_key(&self) -> &VerifyingKey;

    /// Number of rows in the circuit.
    fn rows(&self) -> usize;

    /// The proof for an assignment, blinded by `r` and `s`. All engines give the same proof, bit
    /// for bit.
    ///
    /// # Errors
    /// Returns an error if the assignment is false or belongs to another circuit, or if the proof
    /// is unusable.
    fn prove(&self, assignment: AssignmentRef<'_>, r: Fr, s: Fr) -> Result<Proof, EngineError>;
}
