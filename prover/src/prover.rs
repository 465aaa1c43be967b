//! From a witness to a verified proof.

use std::{fmt, sync::Arc};

use ark_bn254::Fr;
use ark_ff::UniformRand;
use rand::{CryptoRng, RngCore};
use wufu_circuits::{Circuit, ClauseError};
use wufu_groth16::{Engine, EngineError};
use wufu_verifier::{CircuitName, KeyId, Proof, Statement, VerifyingKey};
use zeroize::Zeroize as _;

use crate::keys;

/// Why there is no proof. It reveals nothing about the witness, except which clause is false.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The statement is false. The witness is refused before any proving work.
    #[error(transparent)]
    False(#[from] ClauseError),
    /// The key is for another circuit. This is the caller's mistake.
    #[error("the key is for {got}, expected one for {expected}")]
    Circuit {
        /// The key's circuit.
        got: CircuitName,
        /// The statement's circuit.
        expected: CircuitName,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The proof does not verify, so it is not handed out. This is our bug, or the key is damaged.
    #[error("the proof does not verify, so it is not handed out")]
    Unverified,
    /// The caller asked to stop.
    #[error("stopped before {0:?}")]
    Stopped(Stage),
}

/// How far the work on a proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The witness is being checked, and the wires are being computed.
    Checking,
    /// The proof is being computed.
    Proving,
    /// The proof is being verified.
    Verifying,
}

/// A statement with its proof, which verifies under the prover's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvedStatement<S> {
    /// The statement that was proved.
    pub statement: S,
    /// The proof.
    pub proof: Proof,
    /// The key that the proof verifies under.
    pub key_id: KeyId,
}

/// Proves one circuit's statements with one key.
#[derive(Clone)]
pub struct Prover {
    engine: Arc<dyn Engine>,
}

impl fmt::Debug for Prover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prover")
            .field("engine", &self.engine.name())
            .field("key", self.engine.verifying_key())
            .finish()
    }
}

impl Prover {
    /// Creates a prover that uses this engine.
    pub fn new(engine: impl Engine + 'static) -> Self {
        Self { engine: Arc::new(engine) }
    }

    /// The engine.
    pub fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// The key that proofs verify under.
    pub fn verifying_key(&self) -> &VerifyingKey {
        self.engine.verifying_key()
    }

    /// Checks the instance, proves it with fresh randomness, and verifies the proof. Calls `stage`
    /// at the beginning of each stage.
    ///
    /// # Errors
    /// Returns an error if the instance is false or of another circuit, or if the proof does not
    /// verify.
    ///
    /// # Cost
    /// Uses all threads of the rayon pool in which it is called.
    pub fn prove<C: Circuit>(
        &self,
        instance: &C,
        rng: &mut (impl CryptoRng + RngCore),
        mut stage: impl FnMut(Stage),
    ) -> Result<ProvedStatement<C::Public>, ProveError> {
        self.prove_while(instance, rng, |next| {
            stage(next);
            true
        })
    }

    /// Does the same as [`Prover::prove`], but starts a stage only if `go_on` returns `true` for
    /// it. A stage is not interrupted once it has begun.
    ///
    /// # Errors
    /// As [`Prover::prove`], and if `go_on` stopped the work.
    pub fn prove_while<C: Circuit>(
        &self,
        instance: &C,
        rng: &mut (impl CryptoRng + RngCore),
        mut go_on: impl FnMut(Stage) -> bool,
    ) -> Result<ProvedStatement<C::Public>, ProveError> {
        let mut stage = |next| if go_on(next) { Ok(()) } else { Err(ProveError::Stopped(next)) };
        let key = self.verifying_key();
        if key.circuit() != C::NAME {
            return Err(ProveError::Circuit { got: key.circuit(), expected: C::NAME });
        }
        stage(Stage::Checking)?;
        let statement = instance.check()?.clone();
        let assignment = instance.assign();
        stage(Stage::Proving)?;
        let (mut r, mut s) = (Fr::rand(rng), Fr::rand(rng));
        let proof = self.engine.prove(keys::values(&assignment), r, s);
        // Anyone who knows these values and the proof can test guesses at the witness.
        r.zeroize();
        s.zeroize();
        drop(assignment);
        let proof = proof?;
        stage(Stage::Verifying)?;
        if !key.equation_holds(&statement.public_inputs(), &proof) {
            return Err(ProveError::Unverified);
        }
        Ok(ProvedStatement { statement, proof, key_id: key.id() })
    }
}
