//! The engine of arkworks: `ark-groth16` with cached matrices, handed a full assignment.

use ark_bn254::{Bn254, Fr};
use ark_groth16::{Groth16, r1cs_to_qap::LibsnarkReduction};
use ark_relations::utils::matrix::Matrix;
use wufu_circuits::{r1cs::Assignment, registry_entry};
use wufu_verifier::{Proof, VerifyingKey, groth16::key::Reduction};

use super::{Engine, EngineError};
use crate::{ProvingKey, iden3::CircomReduction, r1cs};

/// `ark-groth16`, unchanged: the reference for every other engine.
pub struct ArkEngine {
    key: ProvingKey,
    matrices: [Matrix<Fr>; 3],
    wires: usize,
}

impl ArkEngine {
    /// The engine for a key.
    ///
    /// # Cost
    /// One pass over the circuit, and memory for its rows: some 40 MB for Five Fu beside the key.
    pub fn new(key: ProvingKey) -> Self {
        let shape = registry_entry(key.circuit()).shape();
        Self { matrices: r1cs::matrices(&shape), wires: shape.wires(), key }
    }

    /// The key.
    pub fn key(&self) -> &ProvingKey {
        &self.key
    }
}

impl Engine for ArkEngine {
    fn name(&self) -> &'static str {
        "ark-groth16"
    }

    fn verifying_key(&self) -> &VerifyingKey {
        self.key.verifying_key()
    }

    fn rows(&self) -> usize {
        self.matrices[0].len()
    }

    fn prove(&self, assignment: &Assignment, r: Fr, s: Fr) -> Result<Proof, EngineError> {
        let got = assignment.z().len();
        if got != self.wires {
            return Err(EngineError::Wires { got, expected: self.wires });
        }
        let public = self.key.circuit().public_inputs() + 1;
        let prove = match self.key.verifying_key().reduction() {
            Reduction::Libsnark => {
                Groth16::<Bn254, LibsnarkReduction>::create_proof_with_reduction_and_matrices
            }
            Reduction::Circom => {
                Groth16::<Bn254, CircomReduction>::create_proof_with_reduction_and_matrices
            }
        };
        let (z, rows) = (assignment.z(), self.rows());
        let proof = prove(self.key.points(), r, s, &self.matrices, public, rows, z);
        let proof = proof.map_err(|_| EngineError::Domain)?;
        Ok(Proof::new(proof.a, proof.b, proof.c)?)
    }
}
