//! Keys whose secrets are known, and proofs made with these secrets: as good as proofs of a
//! circuit, and quick to make. They are for tests, since whoever knows a key's secrets can forge.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{Field, UniformRand};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use wufu_verifier::{
    CircuitName, Proof, VerifyingKey,
    groth16::key::{KeyPoints, Provenance, Reduction},
};

/// A key with its secrets.
pub struct Trapdoor {
    pub key: VerifyingKey,
    alpha: Fr,
    beta: Fr,
    gamma: Fr,
    delta: Fr,
    inputs: Vec<Fr>,
}

pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

pub fn g1(scalar: Fr) -> G1Affine {
    (G1Projective::generator() * scalar).into_affine()
}

pub fn g2(scalar: Fr) -> G2Affine {
    (G2Projective::generator() * scalar).into_affine()
}

impl Trapdoor {
    pub fn new(circuit: CircuitName, seed: u64) -> Self {
        let rng = &mut rng(seed);
        let [alpha, beta, gamma, delta] = [(); 4].map(|()| Fr::rand(rng));
        let inputs: Vec<Fr> = (0..=circuit.public_inputs()).map(|_| Fr::rand(rng)).collect();
        let points = KeyPoints {
            alpha: g1(alpha),
            beta: g2(beta),
            gamma: g2(gamma),
            delta: g2(delta),
            inputs: inputs.iter().map(|input| g1(*input)).collect(),
        };
        let (development, libsnark) = (Provenance::Development, Reduction::Libsnark);
        let key = VerifyingKey::new(circuit, development, libsnark, points).unwrap();
        Self { key, alpha, beta, gamma, delta, inputs }
    }

    /// The scalars of A, B and C of a proof of these inputs.
    pub fn scalars(&self, inputs: &[Fr], rng: &mut StdRng) -> [Fr; 3] {
        let sum: Fr =
            self.inputs[1..].iter().zip(inputs).map(|(point, input)| *point * input).sum();
        let (a, b) = (Fr::rand(rng), Fr::rand(rng));
        let rest = a * b - self.alpha * self.beta - self.gamma * (self.inputs[0] + sum);
        [a, b, rest * self.delta.inverse().unwrap()]
    }

    pub fn prove(&self, inputs: &[Fr], rng: &mut StdRng) -> Proof {
        proof(self.scalars(inputs, rng))
    }
}

pub fn proof([a, b, c]: [Fr; 3]) -> Proof {
    Proof::new(g1(a), g2(b), g1(c)).unwrap()
}
