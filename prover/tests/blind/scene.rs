//! A small circuit with a key of its own, and everybody who takes part in a proof.

use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
use ark_ec::PrimeGroup as _;
use ark_ff::UniformRand as _;
use ark_groth16::{
    Groth16, Proof as ArkProof, ProvingKey,
    r1cs_to_qap::{LibsnarkReduction, R1CSToQAP},
};
use bn254x8::Backend;
use ed25519_dalek::SigningKey;
use rand::rngs::StdRng;
use wufu_circuits::{
    Assignment, Clause, R1cs,
    r1cs::{Declaration, Mode, Size},
};
use wufu_delegation::{BlindKey, Blinding, FourSums, MaskSeed, Shared, Token};
use wufu_groth16::prepared::{DEFAULT_BUDGET, Options, Queries, Workspaces};
use wufu_prover::{blind, keys};
use wufu_verifier::{
    CircuitName, Proof, VerifyingKey,
    groth16::key::{KeyPoints, Provenance, Reduction},
};

use crate::matrices::{CircomReduction, Rows, matrices};

/// The bit's position among the wires.
pub const BIT: usize = 6;

/// A circuit with as many public inputs as a gift, and one assignment: a secret, a bit, and their
/// products with the inputs.
pub fn small(public: [Fr; 4], secret: Fr, bit: bool) -> (R1cs, Assignment) {
    circuit(Fr::from(1u64), public, secret, bit)
}

/// Another circuit, of the same size.
pub fn sibling() -> R1cs {
    let zero = Fr::from(0u64);
    circuit(Fr::from(2u64), [zero; 4], zero, false).0
}

fn circuit(factor: Fr, public: [Fr; 4], secret: Fr, bit: bool) -> (R1cs, Assignment) {
    let (declaration, inputs) = Declaration::new(Mode::Both, Size::default(), public);
    let mut b = declaration.begin(Clause::F1);
    let mut x = b.wire(secret);
    let bit = b.wire(Fr::from(bit));
    b.product_is_zero(&bit, &bit.plus_constant(-Fr::from(1u64)));
    for input in &inputs {
        let sum = x.plus(&input.times(factor));
        x = b.product(&sum, &sum);
        x = b.product(&x, &input.plus(&bit));
    }
    b.finish()
}

/// Everybody who takes part in proving one circuit under one key.
pub struct Scene {
    pub shape: R1cs,
    pub points: ProvingKey<Bn254>,
    pub queries: Queries,
    pub wallet: BlindKey,
    workspaces: Workspaces,
    dealer: SigningKey,
}

impl Scene {
    /// All with one backend, and a key drawn from `rng`.
    pub fn new(shape: R1cs, reduction: Reduction, backend: Backend, rng: &mut StdRng) -> Self {
        let circuit = Rows(&shape);
        // Uses the standard generators. Otherwise a kit's points in the two groups would not be the
        // same multiple.
        let generate = match reduction {
            Reduction::Libsnark => {
                Groth16::<Bn254, LibsnarkReduction>::generate_parameters_with_qap
            }
            Reduction::Circom => Groth16::<Bn254, CircomReduction>::generate_parameters_with_qap,
        };
        let [alpha, beta, gamma, delta] = [(); 4].map(|()| Fr::rand(rng));
        let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
        let points = generate(circuit, alpha, beta, gamma, delta, g1, g2, rng).unwrap();
        let verifying = VerifyingKey::new(
            CircuitName::Gift,
            Provenance::Development,
            reduction,
            KeyPoints {
                alpha: points.vk.alpha_g1,
                beta: points.vk.beta_g2,
                gamma: points.vk.gamma_g2,
                delta: points.vk.delta_g2,
                inputs: points.vk.gamma_abc_g1.clone(),
            },
        );
        let verifying = verifying.unwrap();
        let queries = prepare(&shape, &points, reduction, backend);
        let kit = blind::kit_of(&queries, &verifying).unwrap();
        let size = Size { rows: shape.rows(), wires: shape.wires() };
        let wallet = BlindKey::with_size(size, verifying, kit, backend).unwrap();
        let (workspaces, dealer) = (Workspaces::new(), SigningKey::from_bytes(&[7; 32]));
        Self { shape, points, queries, wallet, workspaces, dealer }
    }

    /// The same wallet, with servers that use these points in place of the key's.
    pub fn altered(&self, points: ProvingKey<Bn254>) -> Self {
        let (shape, wallet) = (self.shape.clone(), self.wallet.clone());
        let queries =
            prepare(&shape, &points, wallet.verifying_key().reduction(), wallet.backend());
        let (workspaces, dealer) = (Workspaces::new(), self.dealer.clone());
        Self { shape, points, queries, wallet, workspaces, dealer }
    }

    /// The sums over a seed's masks.
    pub fn masks(&self, seed: &MaskSeed) -> FourSums {
        let shape = self.wallet.shape();
        blind::over_masks(&self.queries, shape, seed, &self.workspaces).unwrap()
    }

    /// An honest dealer's token.
    pub fn token(&self, seed: u64) -> Token {
        let sums = self.masks(&numbered(seed));
        self.token_with(seed, sums)
    }

    /// A token with arbitrary sums.
    pub fn token_with(&self, seed: u64, sums: FourSums) -> Token {
        Token::issue(&self.dealer, self.wallet.kit().key_id(), numbered(seed), sums, u64::MAX)
    }

    /// An honest evaluator's answer.
    pub fn answer(&self, request: &[u8]) -> FourSums {
        let shape = self.wallet.shape();
        blind::evaluate(&self.queries, shape, request, &self.workspaces).unwrap()
    }

    pub fn share(&self, assignment: &Assignment, tokens: Vec<Token>, (r, s): (Fr, Fr)) -> Shared {
        self.wallet.share_with(assignment, tokens, Blinding::new(r, s)).unwrap()
    }

    /// The points of the prepared engine's proof.
    pub fn points_of(&self, assignment: &Assignment, (r, s): (Fr, Fr)) -> ArkProof<Bn254> {
        self.queries.prove(keys::values(assignment), r, s, &self.workspaces).unwrap()
    }

    /// The proof of the prepared engine.
    pub fn local(&self, assignment: &Assignment, blinding: (Fr, Fr)) -> Proof {
        let proof = self.points_of(assignment, blinding);
        Proof::new(proof.a, proof.b, proof.c).unwrap()
    }

    /// The proof of ark-groth16.
    pub fn arkworks(&self, assignment: &Assignment, blinding: (Fr, Fr)) -> Proof {
        match self.wallet.verifying_key().reduction() {
            Reduction::Libsnark => self.prove::<LibsnarkReduction>(assignment, blinding),
            Reduction::Circom => self.prove::<CircomReduction>(assignment, blinding),
        }
    }

    fn prove<Q: R1CSToQAP>(&self, assignment: &Assignment, (r, s): (Fr, Fr)) -> Proof {
        let proof = Groth16::<Bn254, Q>::create_proof_with_reduction_and_matrices(
            &self.points,
            r,
            s,
            &matrices(&self.shape),
            self.shape.public_inputs() + 1,
            self.shape.rows(),
            assignment.z(),
        );
        let proof = proof.unwrap();
        Proof::new(proof.a, proof.b, proof.c).unwrap()
    }
}

fn prepare(
    shape: &R1cs,
    points: &ProvingKey<Bn254>,
    reduction: Reduction,
    backend: Backend,
) -> Queries {
    let options = Options { backend, budget: DEFAULT_BUDGET };
    Queries::new(points, reduction, keys::rows(shape), options, &|_| ()).unwrap()
}

/// The seed with this number.
pub fn numbered(seed: u64) -> MaskSeed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    MaskSeed::from_bytes(bytes)
}
