//! From an assignment to a request, and from its answer to a proof.

use std::fmt;

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInt, PrimeField, UniformRand};
use rand::{CryptoRng, RngCore, rngs::OsRng};
use wufu_circuits::r1cs::Assignment;
use wufu_verifier::{Proof, groth16::proof::ProofError};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    key::BlindKey, mask::subtract, secrets::secrets, shape::Shape, share_error::ShareError,
    sums::FourSums, token::Token,
};

/// Errors from turning an evaluator's answer into a proof. The job is over: a second answer to the
/// same request would be a second guess.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// A point of the proof is refused.
    #[error("the sums give no proof: {0}")]
    Proof(#[from] ProofError),
    /// The proof does not verify, because the evaluator's sums, a token's sums or the kit are
    /// wrong.
    #[error("the sums give a proof that does not verify")]
    Equation,
}

/// The two numbers that make a proof zero-knowledge. They are wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Blinding {
    r: Fr,
    s: Fr,
}

impl Blinding {
    /// Draws fresh numbers, for one proof.
    pub fn random(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        Self { r: Fr::rand(rng), s: Fr::rand(rng) }
    }

    /// Creates the blinding from given numbers, for tests that compare proofs.
    pub fn new(r: Fr, s: Fr) -> Self {
        Self { r, s }
    }
}

impl fmt::Debug for Blinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blinding")
    }
}

/// A masked assignment: the request to send, and the job that waits for the answer.
#[derive(Debug)]
pub struct Shared {
    /// What the evaluator gets. To anybody without the seeds these are uniform values.
    pub request: Request,
    /// Makes a proof from the answer.
    pub pending: BlindedJob,
}

/// The bytes of a request. It does not print them.
///
/// # Shapes
/// [`Shape::request_bytes`] bytes, as [`Shape::read`] reads them.
#[derive(Clone, PartialEq, Eq)]
pub struct Request(Vec<u8>);

impl Request {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("bytes", &self.0.len()).finish()
    }
}

impl BlindKey {
    /// Masks an assignment with the masks of all tokens, and uses them up.
    ///
    /// # Errors
    /// Returns an error if the circuit may not be proved in blind mode; if the assignment is of
    /// another circuit or does not satisfy a row; or if there are no tokens, or tokens for another
    /// key or with the same seed.
    ///
    /// # Cost
    /// Four transforms, and for each token one keyed BLAKE3 output of 42 bytes for each value.
    pub fn share(&self, assignment: &Assignment, tokens: Vec<Token>) -> Result<Shared, ShareError> {
        self.share_with(assignment, tokens, Blinding::random(&mut OsRng))
    }

    /// [`BlindKey::share`] with a given blinding.
    ///
    /// # Errors
    /// Returns the errors of [`BlindKey::share`].
    pub fn share_with(
        &self,
        assignment: &Assignment,
        tokens: Vec<Token>,
        blinding: Blinding,
    ) -> Result<Shared, ShareError> {
        let shape = self.shape();
        secrets(shape.circuit())?;
        check(shape, assignment)?;
        check_tokens(shape, &tokens)?;

        let mut first = Zeroizing::new(Vec::with_capacity(shape.rows() + shape.public()));
        first.extend_from_slice(assignment.az());
        first.extend_from_slice(&assignment.z()[..shape.public()]);
        let mut values = Zeroizing::new(Vec::with_capacity(shape.values()));
        values.extend(assignment.private().iter().map(|value| value.into_bigint()));
        values.resize(shape.values(), BigInt::default());
        let products = &mut values[shape.private()..];
        self.ntt()?.coset_products(&first, assignment.bz(), products)?;
        drop(first);
        tokens.iter().for_each(|token| subtract(token.seed(), shape, &mut values));

        let mut request = Vec::with_capacity(shape.request_bytes());
        let limbs = values.iter().flat_map(|value| value.0);
        limbs.for_each(|limb| request.extend_from_slice(&limb.to_le_bytes()));
        let pending = BlindedJob {
            key: self.clone(),
            public: assignment.public().to_vec(),
            known: self.known(&assignment.z()[..shape.public()], &tokens),
            blinding,
        };
        Ok(Shared { request: Request(request), pending })
    }

    /// Returns the part of the sums that no evaluator computes: public wires, and masks.
    fn known(&self, public: &[Fr], tokens: &[Token]) -> RunningSums {
        let mut known = RunningSums::default();
        for (value, bases) in public.iter().zip(&self.kit().wires) {
            let times = value.into_bigint();
            // Most are the identity: a public wire is in few rows.
            if !bases.a.is_zero() {
                known.a += bases.a.mul_bigint(times);
            }
            if !bases.b1.is_zero() {
                known.b1 += bases.b1.mul_bigint(times);
            }
            if !bases.b2.is_zero() {
                known.b2 += bases.b2.mul_bigint(times);
            }
            if !bases.lh.is_zero() {
                known.lh += bases.lh.mul_bigint(times);
            }
        }
        tokens.iter().for_each(|token| known.add(token.sums()));
        known
    }
}

/// Refuses an assignment that is not of this circuit or not true.
fn check(shape: &Shape, assignment: &Assignment) -> Result<(), ShareError> {
    let (got, expected) = (assignment.z().len(), shape.wires());
    if got != expected {
        return Err(ShareError::Wires { got, expected });
    }
    let (got, expected) = (assignment.public().len(), shape.public() - 1);
    if got != expected {
        return Err(ShareError::Public { got, expected });
    }
    let rows = shape.rows();
    let [az, bz, cz] = [assignment.az(), assignment.bz(), assignment.cz()];
    for column in [az, bz, cz] {
        if column.len() != rows {
            return Err(ShareError::Rows { got: column.len(), expected: rows });
        }
    }
    let failing = (0..rows).filter(|at| az[*at] * bz[*at] != cz[*at]).count();
    if failing > 0 {
        return Err(ShareError::False { failing, rows });
    }
    Ok(())
}

fn check_tokens(shape: &Shape, tokens: &[Token]) -> Result<(), ShareError> {
    if tokens.is_empty() {
        return Err(ShareError::NoToken);
    }
    for (place, token) in tokens.iter().enumerate() {
        let (got, expected) = (token.key_id(), shape.key_id());
        if got != expected {
            return Err(ShareError::Key { got, expected });
        }
        if tokens[..place].iter().any(|other| other.seed() == token.seed()) {
            return Err(ShareError::OneSeed);
        }
    }
    Ok(())
}

/// Sums that are still being added to.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
struct RunningSums {
    a: G1Projective,
    b1: G1Projective,
    b2: G2Projective,
    lh: G1Projective,
}

impl RunningSums {
    fn add(&mut self, sums: &FourSums) {
        self.a += sums.a;
        self.b1 += sums.b1;
        self.b2 += sums.b2;
        self.lh += sums.lh;
    }
}

/// A job that waits for the evaluator's sums. It holds the blinding of the proof, and is wiped when
/// dropped.
pub struct BlindedJob {
    key: BlindKey,
    public: Vec<Fr>,
    known: RunningSums,
    blinding: Blinding,
}

impl BlindedJob {
    /// Returns the proof, verified under the key and the public inputs. Each job accepts one
    /// answer.
    ///
    /// # Errors
    /// Returns an error if the proof does not verify, or a point of it is refused.
    ///
    /// # Cost
    /// Five multiples in G1, one in G2, and a verification.
    pub fn finish(mut self, answer: &FourSums) -> Result<Proof, AnswerError> {
        self.known.add(answer);
        let (sums, kit) = (&self.known, self.key.kit());
        let Blinding { r, s } = self.blinding;
        let a = sums.a + kit.alpha + kit.delta_g1 * r;
        let b1 = sums.b1 + kit.beta_g1 + kit.delta_g1 * s;
        let b2 = sums.b2 + kit.beta_g2 + kit.delta_g2 * s;
        let c = sums.lh + a * s + b1 * r - kit.delta_g1 * (r * s);
        let proof = Proof::new(a.into_affine(), b2.into_affine(), c.into_affine())?;
        if !self.key.verifying_key().equation_holds(&self.public, &proof) {
            return Err(AnswerError::Equation);
        }
        Ok(proof)
    }
}

impl fmt::Debug for BlindedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlindedJob").field("key", &self.key).finish_non_exhaustive()
    }
}
