//! The arkworks engine: `ark-groth16` with cached matrices and a full assignment.

use ark_bn254::{Bn254, Fr};
use ark_groth16::{Groth16, r1cs_to_qap::LibsnarkReduction};
use ark_relations::utils::matrix::Matrix;
use wufu_groth16::{AssignmentRef, Engine, EngineError, ProvingKey, R1csRef};
use wufu_verifier::{Proof, VerifyingKey, groth16::key::Reduction};

use crate::{CircomReduction, rows::matrices};

/// `ark-groth16`, unchanged: the reference for every other engine.
pub struct ArkEngine {
    key: ProvingKey,
    matrices: [Matrix<Fr>; 3],
    wires: usize,
}

impl ArkEngine {
    /// Makes an engine for a key and the rows of its circuit. With other rows, its proofs do not
    /// verify.
    ///
    /// # Cost
    /// Memory for a copy of the rows: about 40 MB for 2^15 rows, in addition to the key.
    pub fn new(key: ProvingKey, rows: R1csRef<'_>) -> Self {
        Self { matrices: matrices(rows), wires: rows.wires, key }
    }

    /// The proving key.
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

    fn prove(&self, assignment: AssignmentRef<'_>, r: Fr, s: Fr) -> Result<Proof, EngineError> {
        let got = assignment.z.len();
        if got != self.wires {
            return Err(EngineError::Wires { got, expected: self.wires });
        }
        let public = self.key.points().vk.gamma_abc_g1.len();
        let prove = match self.key.verifying_key().reduction() {
            Reduction::Libsnark => {
                Groth16::<Bn254, LibsnarkReduction>::create_proof_with_reduction_and_matrices
            }
            Reduction::Circom => {
                Groth16::<Bn254, CircomReduction>::create_proof_with_reduction_and_matrices
            }
        };
        let (z, rows) = (assignment.z, self.rows());
        let proof = prove(self.key.points(), r, s, &self.matrices, public, rows, z);
        let proof = proof.map_err(|_| EngineError::Domain)?;
        Ok(Proof::new(proof.a, proof.b, proof.c)?)
    }
}
