//! A stand-in for the circuit of a gift, its keys, and a gift with a proof that a verifier accepts.

use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
use ark_ec::PrimeGroup;
use ark_ff::{Field, UniformRand};
use ark_groth16::{Groth16, ProvingKey, r1cs_to_qap::LibsnarkReduction};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, Result as R1csResult, Variable,
};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use ed25519_dalek::SigningKey;
use wufu_verifier::{
    CircuitName, Gift, GiftCheck, Proof, Root, Statement, VerifyError, VerifyingKey,
    check::PresentedProof,
    groth16::key::{KeyError, KeyPoints, Provenance, Reduction},
    log::{
        checkpoint::{Checkpoint, LogState},
        history::{LogHistory, Window},
    },
    statement::Binding,
};

pub type Ark = Groth16<Bn254, LibsnarkReduction>;

/// As many public inputs as a gift has, each one a square: a small stand-in for the circuit.
#[derive(Clone)]
pub struct Squares(pub Vec<Fr>);

impl ConstraintSynthesizer<Fr> for Squares {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> R1csResult<()> {
        let inputs: Vec<Variable> =
            self.0.iter().map(|x| cs.new_input_variable(|| Ok(*x))).collect::<R1csResult<_>>()?;
        for (variable, x) in inputs.into_iter().zip(&self.0) {
            let square = cs.new_witness_variable(|| Ok(x.square()))?;
            let one = |variable| LinearCombination(vec![(Fr::ONE, variable)]);
            cs.enforce_r1cs_constraint(|| one(variable), || one(variable), || one(square))?;
        }
        Ok(())
    }
}

pub fn rng() -> StdRng {
    StdRng::seed_from_u64(11)
}

/// A key for gifts with these four secrets.
pub fn toxic([alpha, beta, gamma, delta]: [Fr; 4]) -> ProvingKey<Bn254> {
    let key = Ark::generate_parameters_with_qap(
        Squares(vec![Fr::ONE; 4]),
        alpha,
        beta,
        gamma,
        delta,
        G1Projective::generator(),
        G2Projective::generator(),
        &mut rng(),
    );
    key.unwrap()
}

pub fn random() -> [Fr; 4] {
    let rng = &mut rng();
    [(); 4].map(|()| Fr::rand(rng))
}

pub fn points(key: &ark_groth16::VerifyingKey<Bn254>) -> KeyPoints {
    KeyPoints {
        alpha: key.alpha_g1,
        beta: key.beta_g2,
        gamma: key.gamma_g2,
        delta: key.delta_g2,
        inputs: key.gamma_abc_g1.clone(),
    }
}

pub fn verifying(points: KeyPoints) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::new(CircuitName::Gift, Provenance::Development, Reduction::Libsnark, points)
}

pub const ORG: &str = "wufu";
pub const PAYLOAD: &[u8] = b"to a friend";
pub const EXPIRY: u64 = 2_000;
pub const NOW: u64 = 1_900;

/// A log, a key, a gift and its proof, which a verifier accepts.
pub struct Scene {
    pub proving: ProvingKey<Bn254>,
    pub key: VerifyingKey,
    pub log: LogHistory,
    pub gift: Gift,
    pub proof: Proof,
}

impl Scene {
    pub fn new() -> Self {
        let proving = toxic(random());
        let key = verifying(points(&proving.vk)).unwrap();
        let rng = &mut rng();
        let root = Fr::rand(rng);
        let signing = SigningKey::from_bytes(&[7; 32]);
        let origin = "wufu/cards";
        let state = LogState { origin, size: 5, root: Root(root), epoch: 3, epoch_seconds: 600 };
        let mut log = LogHistory::new(origin);
        log.insert(Checkpoint::sign(ORG, &signing, &state).unwrap()).unwrap();
        let binding = binding(&key);
        let gift = Gift { root, nf_in: Fr::rand(rng), cm_out: Fr::rand(rng), ext: binding.ext() };
        let circuit = Squares(gift.public_inputs());
        let proof = Ark::create_random_proof_with_reduction(circuit, &proving, rng).unwrap();
        let proof = Proof::new(proof.a, proof.b, proof.c).unwrap();
        Self { proving, key, log, gift, proof }
    }

    pub fn check(&self, inputs: &[u8], proof: &[u8]) -> Result<(), VerifyError> {
        self.check_bound(inputs, proof, PAYLOAD, EXPIRY)
    }

    pub fn check_bound(
        &self,
        public_inputs: &[u8],
        proof: &[u8],
        payload: &[u8],
        expiry: u64,
    ) -> Result<(), VerifyError> {
        let (key, cards, window) = (&self.key, &self.log, Window::default());
        let check = GiftCheck { key, cards, org: ORG, now: NOW, window };
        let id = self.key.id();
        let presented = PresentedProof { key_id: id.as_bytes(), public_inputs, proof };
        check.verify(presented, payload, expiry).map(|_| ())
    }
}

pub fn binding(key: &VerifyingKey) -> Binding<'_> {
    Binding { verifier: ORG.as_bytes(), payload: PAYLOAD, expiry: EXPIRY, key_id: key.id() }
}
