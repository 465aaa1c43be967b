//! What computes a proof.

mod ark;

use ark_bn254::Fr;
use wufu_circuits::r1cs::Assignment;
use wufu_verifier::{Proof, VerifyingKey, proof::ProofError};

pub use ark::ArkEngine;

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
    /// The domain is larger than the field allows. This is our bug: no circuit comes near.
    #[error("the circuit is too large for the field")]
    Domain,
    /// The proof is not one of points that may be used: r and s were not random, or the key is broken.
    #[error("the proof is unusable: {0}")]
    Proof(#[from] ProofError),
}

/// Computes Groth16 proofs under one key. It holds everything that does not depend on the witness.
///
/// An engine does not look whether the assignment is true: a false one gives a proof that does not verify. [`crate::Prover`]
/// looks before and after.
pub trait Engine: Send + Sync {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// The key that its proofs verify under.
    fn verifying_key(&self) -> &VerifyingKey;

    /// Rows of the circuit.
    fn rows(&self) -> usize;

    /// The proof for an assignment, blinded by `r` and `s`: the same, bit for bit, from every engine.
    ///
    /// # Errors
    /// When the assignment is of another circuit, or the proof comes out unusable.
    fn prove(&self, assignment: &Assignment, r: Fr, s: Fr) -> Result<Proof, EngineError>;
}
