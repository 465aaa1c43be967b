//! Proofs of arbitrary statements, under a key with a known trapdoor. They are for tests of what
//! comes after verification.

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, UniformRand};
use rand::{SeedableRng, rngs::StdRng};
use wufu_proto::claim::Claim;
use wufu_verifier::{
    CircuitName, FiveFu, Proof, Statement, VerifyingKey,
    groth16::key::{KeyPoints, Provenance, Reduction},
    log::checkpoint::Checkpoint,
    statement::{self, Binding, CLAIM, ClaimRoots},
};

/// A key for Five Fu, and the secret that lets its holder prove false statements.
pub struct Trapdoor {
    pub key: VerifyingKey,
    alpha: Fr,
    beta: Fr,
    gamma: Fr,
    delta: Fr,
    inputs: Vec<Fr>,
}

/// The content of a forged claim.
#[derive(Clone, Copy)]
pub struct Says<'a> {
    pub org: &'a str,
    pub cards: &'a Checkpoint,
    pub persons: &'a Checkpoint,
    /// The person's nullifier, then those of kinds 0 to 4.
    pub nullifiers: [u64; 6],
    pub payout: &'a [u8],
    pub expiry: u64,
}

impl Trapdoor {
    pub fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut scalar = || Fr::rand(&mut rng);
        let (alpha, beta, gamma, delta) = (scalar(), scalar(), scalar(), scalar());
        let inputs: Vec<Fr> = (0..=CircuitName::FiveFu.public_inputs()).map(|_| scalar()).collect();
        let points = KeyPoints {
            alpha: g1(alpha),
            beta: g2(beta),
            gamma: g2(gamma),
            delta: g2(delta),
            inputs: inputs.iter().copied().map(g1).collect(),
        };
        let (provenance, reduction) = (Provenance::Development, Reduction::Libsnark);
        let key = VerifyingKey::new(CircuitName::FiveFu, provenance, reduction, points).unwrap();
        Self { key, alpha, beta, gamma, delta, inputs }
    }

    /// A proof of any statement. Each `blinding` gives a different proof.
    pub fn prove(&self, statement: &FiveFu, blinding: u64) -> Proof {
        let mut rng = StdRng::seed_from_u64(blinding);
        let (a, b) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
        let public = statement.public_inputs();
        let sum = public.iter().zip(&self.inputs[1..]).map(|(x, input)| *x * input).sum::<Fr>();
        let known = self.alpha * self.beta + self.gamma * (self.inputs[0] + sum);
        let c = (a * b - known) * self.delta.inverse().unwrap();
        Proof::new(g1(a), g2(b), g1(c)).unwrap()
    }

    pub fn claim(&self, says: &Says<'_>, blinding: u64) -> Claim {
        let verifier = says.org.as_bytes();
        let scope = statement::scope(verifier, CLAIM);
        let anchor = statement::anchor(
            ClaimRoots { cards: says.cards.root(), persons: says.persons.root() },
            scope,
        )
        .fr();
        let (payload, expiry, key_id) = (says.payout, says.expiry, self.key.id());
        let ext = Binding { verifier, payload, expiry, key_id }.ext();
        let [nf_p, nf_0, nf_1, nf_2, nf_3, nf_4] = says.nullifiers.map(Fr::from);
        let statement = FiveFu { anchor, nf_p, nf_0, nf_1, nf_2, nf_3, nf_4, ext };
        let proof = self.prove(&statement, blinding);
        Claim::new(key_id, statement, &proof, payload.to_vec(), expiry).unwrap()
    }
}

fn g1(scalar: Fr) -> G1Affine {
    (G1Affine::generator() * scalar).into_affine()
}

fn g2(scalar: Fr) -> G2Affine {
    (G2Affine::generator() * scalar).into_affine()
}
