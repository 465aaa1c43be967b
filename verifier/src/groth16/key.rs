//! Verifying keys.

use alloc::vec::Vec;
use core::fmt;

use ark_bn254::{Bn254, Fq12, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup, pairing::Pairing};
use ark_ff::Field;

use crate::{
    encoding::canonical::Writer,
    groth16::{
        arithmetic::{self, Lines},
        comb::Comb,
        point::{PointError, check_point, decode_point, encode_point},
        proof::Proof,
    },
    statement::{
        CircuitName,
        id::{CircuitId, KeyId},
    },
};

/// The BLAKE3 context of key ids.
pub const KEY_ID_CONTEXT: &str = "wufu 2026-11 key id v1";

/// How the quotient polynomial of the proof is laid out. Verification is the same for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// libsnark's layout, that of `ark_groth16::LibsnarkReduction`.
    Libsnark,
    /// snarkjs's layout, that of a `.zkey`.
    Circom,
}

/// How the key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// By a ceremony whose transcript was checked.
    Ceremony,
    /// By one command on one machine, whose owner can forge every statement.
    Development,
}

/// Which keys a verifier accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Only keys of a ceremony.
    CeremonyOnly,
    /// Development keys as well. Whoever made such a key can forge proofs under it.
    AcceptDevelopment,
}

/// Errors from reading a verifying key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The wrong number of bytes for its circuit.
    Length {
        /// The number of bytes.
        got: usize,
        /// The expected number.
        expected: usize,
    },
    /// The bytes do not begin like a verifying key of this version.
    Magic,
    /// A byte that selects an option has no meaning.
    Choice {
        /// The option.
        field: &'static str,
        /// The byte.
        got: u8,
    },
    /// No circuit of this release has this id.
    UnknownCircuit {
        /// The id.
        got: CircuitId,
    },
    /// A point is refused.
    Point(PointError),
    /// `alpha` or `beta` is a generator: the first phase was left out, so any statement can be
    /// forged.
    NoFirstPhase {
        /// The point.
        point: &'static str,
    },
    /// `beta = ±gamma` or `beta = ±delta`: `B` can stand for the other point, so any statement can
    /// be forged.
    BetaIsShared,
    /// `gamma = ±delta`: the second phase was left out, so any statement can be forged.
    GammaIsDelta,
    /// `delta` is a generator: the second phase was left out, so any statement can be forged.
    DeltaIsGenerator,
    /// `gamma` is a generator in a key that is not from snarkjs. (In every snarkjs key it is.)
    GammaIsGenerator,
    /// The number of input points is not the statement's number of public inputs plus one.
    InputPoints {
        /// The number of points.
        got: usize,
        /// The expected number.
        expected: usize,
    },
    /// A development key, and the verifier accepts only ceremony keys.
    Development,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got, expected } => {
                write!(f, "verifying key is {got} bytes, expected {expected}")
            }
            Self::Magic => write!(f, "not a verifying key of version 1"),
            Self::Choice { field, got } => write!(f, "{field} is {got}, expected 0 or 1"),
            Self::UnknownCircuit { got } => write!(f, "circuit {got} is not part of this release"),
            Self::Point(error) => write!(f, "verifying key's {error}"),
            Self::NoFirstPhase { point } => {
                write!(f, "{point} is a generator: anything can be forged")
            }
            Self::BetaIsShared => {
                write!(f, "beta is plus or minus gamma or delta: anything can be forged")
            }
            Self::GammaIsDelta => write!(f, "gamma is plus or minus delta: anything can be forged"),
            Self::DeltaIsGenerator => write!(f, "delta is a generator: anything can be forged"),
            Self::GammaIsGenerator => {
                write!(f, "gamma is a generator in a key that is not from snarkjs")
            }
            Self::InputPoints { got, expected } => {
                write!(f, "verifying key has {got} input points, expected {expected}")
            }
            Self::Development => {
                write!(f, "this is a development key, and only ceremony keys are accepted")
            }
        }
    }
}

impl core::error::Error for KeyError {}

impl From<PointError> for KeyError {
    fn from(error: PointError) -> Self {
        Self::Point(error)
    }
}

/// The points of a verifying key, not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPoints {
    /// `[alpha]` in G1.
    pub alpha: G1Affine,
    /// `[beta]` in G2.
    pub beta: G2Affine,
    /// `[gamma]` in G2.
    pub gamma: G2Affine,
    /// `[delta]` in G2.
    pub delta: G2Affine,
    /// One point for the leading one, and one for each public input.
    pub inputs: Vec<G1Affine>,
}

/// A verifying key that is safe to use: it cannot be built from a key that would allow forgeries.
///
/// # Shapes
/// Encoded: `wufu-vk1` (8 bytes), provenance (1), reduction (1), circuit id (32), `alpha` (32),
/// `beta`, `gamma`, `delta` (64 each), then one point (32) for the leading one and for each public
/// input.
#[derive(Clone)]
pub struct VerifyingKey {
    id: KeyId,
    circuit: CircuitName,
    provenance: Provenance,
    reduction: Reduction,
    points: KeyPoints,
    alpha_beta: Fq12,
    /// The lines of `-gamma` and `-delta`.
    pub(crate) lines: Lines,
    /// The tables of the leading one and the inputs.
    pub(crate) inputs: Comb,
    /// The tables of `alpha`, for batches.
    pub(crate) alpha: Comb,
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("id", &self.id)
            .field("circuit", &self.circuit)
            .field("provenance", &self.provenance)
            .finish_non_exhaustive()
    }
}

const MAGIC: &[u8; 8] = b"wufu-vk1";
const HEADER: usize = 8 + 1 + 1 + 32;

impl VerifyingKey {
    /// Creates a key from its points, and checks it.
    ///
    /// # Errors
    /// Returns an error if a point is the identity, off its curve or outside its subgroup, or if
    /// the number of input points does not fit the circuit. It also returns an error if anything
    /// could be forged: two of `beta`, `gamma`, `delta` are the same up to sign, or one of `alpha`,
    /// `beta`, `delta` is a generator. In a snarkjs key `gamma` may be a generator: phase 1 leaves
    /// it at that, and `delta` alone separates `C` from the inputs. In other keys it means that
    /// something was left out.
    pub fn new(
        circuit: CircuitName,
        provenance: Provenance,
        reduction: Reduction,
        points: KeyPoints,
    ) -> Result<Self, KeyError> {
        let expected = circuit.public_inputs() + 1;
        if points.inputs.len() != expected {
            return Err(KeyError::InputPoints { got: points.inputs.len(), expected });
        }
        check_point("alpha", &points.alpha)?;
        for (name, point) in
            [("beta", &points.beta), ("gamma", &points.gamma), ("delta", &points.delta)]
        {
            check_point(name, point)?;
        }
        // An input whose point is the identity would not be bound.
        points.inputs.iter().try_for_each(|point| check_point("input point", point))?;
        check_relations(&points, reduction)?;
        let bytes = encode(circuit, provenance, reduction, &points);
        let message = Writer::new()
            .bytes(circuit.id().as_bytes())
            .bytes(&[reduction_byte(reduction)])
            .bytes(&bytes)
            .finish();
        Ok(Self {
            id: KeyId(blake3::derive_key(KEY_ID_CONTEXT, &message)),
            circuit,
            provenance,
            reduction,
            alpha_beta: Bn254::pairing(points.alpha, points.beta).0,
            lines: Lines::new([-points.gamma, -points.delta]),
            inputs: Comb::new(&points.inputs),
            alpha: Comb::new(&[points.alpha]),
            points,
        })
    }

    /// Decodes a key.
    ///
    /// # Errors
    /// Returns the errors of [`VerifyingKey::new`]. It also returns an error if the bytes are
    /// malformed, or if the key is a development key and `trust` does not accept those.
    ///
    /// # Cost
    /// One pairing and the checks of its points: some milliseconds. Keep the value.
    pub fn decode(bytes: &[u8], trust: Trust) -> Result<Self, KeyError> {
        let short = KeyError::Length { got: bytes.len(), expected: HEADER };
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or(short.clone())?;
        if magic != MAGIC {
            return Err(KeyError::Magic);
        }
        let (&[provenance, reduction], rest) =
            rest.split_first_chunk::<2>().ok_or(short.clone())?;
        let (circuit, rest) = rest.split_first_chunk::<32>().ok_or(short)?;
        let provenance = match provenance {
            0 => Provenance::Ceremony,
            1 => Provenance::Development,
            got => return Err(KeyError::Choice { field: "provenance", got }),
        };
        let reduction = match reduction {
            0 => Reduction::Libsnark,
            1 => Reduction::Circom,
            got => return Err(KeyError::Choice { field: "reduction", got }),
        };
        if provenance == Provenance::Development && trust == Trust::CeremonyOnly {
            return Err(KeyError::Development);
        }
        let got = CircuitId(*circuit);
        let circuit = CircuitName::ALL
            .into_iter()
            .find(|circuit| circuit.id() == got)
            .ok_or(KeyError::UnknownCircuit { got })?;
        let expected = HEADER + 32 + 3 * 64 + 32 * (circuit.public_inputs() + 1);
        if bytes.len() != expected {
            return Err(KeyError::Length { got: bytes.len(), expected });
        }
        let points = KeyPoints {
            alpha: decode_point("alpha", &rest[..32])?,
            beta: decode_point("beta", &rest[32..96])?,
            gamma: decode_point("gamma", &rest[96..160])?,
            delta: decode_point("delta", &rest[160..224])?,
            inputs: rest[224..]
                .chunks_exact(32)
                .map(|chunk| decode_point("input point", chunk))
                .collect::<Result<_, _>>()?,
        };
        Self::new(circuit, provenance, reduction, points)
    }

    /// Encodes the key.
    pub fn encode(&self) -> Vec<u8> {
        encode(self.circuit, self.provenance, self.reduction, &self.points)
    }

    /// The key's id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The circuit that the key is for.
    pub fn circuit(&self) -> CircuitName {
        self.circuit
    }

    /// How the key was made.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// The QAP reduction that proofs under it use.
    pub fn reduction(&self) -> Reduction {
        self.reduction
    }

    /// The points.
    pub fn points(&self) -> &KeyPoints {
        &self.points
    }

    /// Checks the pairing equation: `e(A, B) = e(alpha, beta) · e(inputs, gamma) · e(C, delta)`.
    ///
    /// `inputs` is without the leading one. A wrong number of inputs does not satisfy it. The
    /// equation alone says little: applications need one of the checks of [`crate::check`].
    ///
    /// # Cost
    /// A sum of multiples of the key's points from tables, three Miller loops (the lines of two are
    /// stored with the key), one final exponentiation.
    ///
    /// # Source
    /// Groth, "On the Size of Pairing-Based Non-interactive Arguments" (2016), section 3.2.
    #[must_use]
    pub fn equation_holds(&self, inputs: &[Fr], proof: &Proof) -> bool {
        let Some(sum) = self.sum(inputs) else { return false };
        self.is_one(self.lines.miller_product([sum, proof.c], (proof.a, proof.b)))
    }

    /// The same for points of which B may be outside its subgroup. Returns `None` if it is.
    pub(crate) fn equation_holds_checked(
        &self,
        inputs: &[Fr],
        (a, b, c): (G1Affine, G2Affine, G1Affine),
    ) -> Option<bool> {
        let Some(sum) = self.sum(inputs) else { return Some(false) };
        self.lines.miller_product_checked([sum, c], (a, b)).map(|product| self.is_one(product))
    }

    /// The lengths are compared. A zip would read missing inputs as zeros.
    fn sum(&self, inputs: &[Fr]) -> Option<G1Affine> {
        let scalars = [&[Fr::ONE], inputs].concat();
        self.inputs.sum(&scalars).map(CurveGroup::into_affine)
    }

    /// Whether a product of Miller loops, times that of alpha and beta, gives one.
    fn is_one(&self, product: Fq12) -> bool {
        arithmetic::final_exponentiation(product) == Some(self.alpha_beta)
    }
}

/// Refuses points that show that a phase of the set-up was left out.
///
/// Each case is a forgery: `gamma = delta` gives A = alpha, B = beta, C = -inputs; `beta = delta`
/// gives A = inputs, B = gamma, C = -alpha; `beta = gamma` gives A = alpha + inputs, B = gamma + t
/// delta, C = t A; with signs as needed.
fn check_relations(points: &KeyPoints, reduction: Reduction) -> Result<(), KeyError> {
    let KeyPoints { alpha, beta, gamma, delta, .. } = *points;
    let same = |one: G2Affine, other: G2Affine| one == other || one == -other;
    let generator = G2Affine::generator();
    if alpha == G1Affine::generator() || alpha == -G1Affine::generator() {
        return Err(KeyError::NoFirstPhase { point: "alpha" });
    }
    if same(beta, generator) {
        return Err(KeyError::NoFirstPhase { point: "beta" });
    }
    if same(gamma, delta) {
        return Err(KeyError::GammaIsDelta);
    }
    if same(beta, gamma) || same(beta, delta) {
        return Err(KeyError::BetaIsShared);
    }
    if same(delta, generator) {
        return Err(KeyError::DeltaIsGenerator);
    }
    if same(gamma, generator) && reduction != Reduction::Circom {
        return Err(KeyError::GammaIsGenerator);
    }
    Ok(())
}

const fn reduction_byte(reduction: Reduction) -> u8 {
    match reduction {
        Reduction::Libsnark => 0,
        Reduction::Circom => 1,
    }
}

fn encode(
    circuit: CircuitName,
    provenance: Provenance,
    reduction: Reduction,
    points: &KeyPoints,
) -> Vec<u8> {
    let provenance = match provenance {
        Provenance::Ceremony => 0,
        Provenance::Development => 1,
    };
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&[provenance, reduction_byte(reduction)]);
    out.extend_from_slice(circuit.id().as_bytes());
    out.extend(encode_point(&points.alpha));
    for point in [&points.beta, &points.gamma, &points.delta] {
        out.extend(encode_point(point));
    }
    for point in &points.inputs {
        out.extend(encode_point(point));
    }
    out
}
