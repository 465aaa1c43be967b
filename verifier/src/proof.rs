//! Groth16 proofs as bytes: `A ‖ B ‖ C`, 128 bytes.

use alloc::vec::Vec;
use core::{fmt, iter};

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};

use crate::{
    arithmetic,
    key::VerifyingKey,
    points::{self, Points},
};

/// Why bytes are not a curve point that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PointError {
    /// Not a point of the curve and of its subgroup of order r, or not its canonical bytes.
    Invalid {
        /// Which point.
        point: &'static str,
    },
    /// The identity, which no honest proof or key contains.
    Identity {
        /// Which point.
        point: &'static str,
    },
}

impl fmt::Display for PointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { point } => {
                write!(f, "{point} is not the canonical encoding of a point of the group")
            }
            Self::Identity { point } => write!(f, "{point} is the identity"),
        }
    }
}

impl core::error::Error for PointError {}

/// Decodes one compressed point: on the curve, in the subgroup, not the identity, and written as we would write it.
pub(crate) fn decode_point<P>(point: &'static str, bytes: &[u8]) -> Result<P, PointError>
where
    P: AffineRepr + CanonicalDeserialize + CanonicalSerialize,
{
    // Checks curve and subgroup.
    canonical(point, bytes, P::deserialize_compressed(bytes).ok())
}

/// What was decoded, if it is not the identity and is written as we would write it.
fn canonical<P>(point: &'static str, bytes: &[u8], decoded: Option<P>) -> Result<P, PointError>
where
    P: AffineRepr + CanonicalSerialize,
{
    let decoded = decoded.ok_or(PointError::Invalid { point })?;
    // Decoding drops x when the infinity flag is set.
    if encode_point(&decoded) != bytes {
        return Err(PointError::Invalid { point });
    }
    if decoded.is_zero() {
        return Err(PointError::Identity { point });
    }
    Ok(decoded)
}

/// Checks one point that did not come as bytes: on the curve, in the subgroup, not the identity.
pub(crate) fn check_point<P>(point: &'static str, given: &P) -> Result<(), PointError>
where
    P: AffineRepr + CanonicalDeserialize + CanonicalSerialize,
{
    // Compression forgets most of y: a point off the curve would come back as another one.
    let decoded: P = decode_point(point, &encode_point(given))?;
    if decoded == *given { Ok(()) } else { Err(PointError::Invalid { point }) }
}

/// Encodes one compressed point.
pub(crate) fn encode_point<P: CanonicalSerialize>(point: &P) -> Vec<u8> {
    let mut out = Vec::with_capacity(point.compressed_size());
    // Writing to a vector cannot fail; were it to, no bytes would match these.
    if point.serialize_compressed(&mut out).is_err() {
        out.clear();
    }
    out
}

/// Why bytes are not a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// The wrong number of bytes.
    Length {
        /// How many there were.
        got: usize,
    },
    /// One of the points.
    Point(PointError),
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got } => write!(f, "proof is {got} bytes, expected {}", Proof::BYTES),
            Self::Point(error) => write!(f, "proof's {error}"),
        }
    }
}

impl core::error::Error for ProofError {}

/// A Groth16 proof whose points are on the curve, in the subgroup, and not the identity.
///
/// It says nothing until it is verified, and it is no identity: anybody can re-randomise it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub(crate) a: G1Affine,
    pub(crate) b: G2Affine,
    pub(crate) c: G1Affine,
}

impl Proof {
    /// Length of an encoded proof.
    pub const BYTES: usize = 128;

    /// The proof with these points.
    ///
    /// # Errors
    /// When one of them is the identity, off the curve or outside the subgroup.
    pub fn new(a: G1Affine, b: G2Affine, c: G1Affine) -> Result<Self, ProofError> {
        check_point("A", &a).map_err(ProofError::Point)?;
        check_point("B", &b).map_err(ProofError::Point)?;
        check_point("C", &c).map_err(ProofError::Point)?;
        Ok(Self { a, b, c })
    }

    /// Decodes a proof.
    ///
    /// # Shapes
    /// `A` (32 bytes), `B` (64), `C` (32), each compressed as arkworks does.
    ///
    /// # Errors
    /// When there are not 128 bytes, or a point is not canonical, off the curve, outside the subgroup or the identity.
    ///
    /// # Cost
    /// Three square roots and one subgroup check in G2.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let length = ProofError::Length { got: bytes.len() };
        let bytes: &[u8; Self::BYTES] = bytes.try_into().map_err(|_| length)?;
        CurveProof::decode(bytes).and_then(CurveProof::confirm).map_err(ProofError::Point)
    }

    /// Whether bytes are as many as a proof has, for whoever leaves the points to a check.
    ///
    /// # Errors
    /// When there are not 128 bytes.
    pub fn check_length(bytes: &[u8]) -> Result<(), ProofError> {
        let got = bytes.len();
        if got == Self::BYTES { Ok(()) } else { Err(ProofError::Length { got }) }
    }

    /// The points A, B and C.
    pub fn points(&self) -> (G1Affine, G2Affine, G1Affine) {
        (self.a, self.b, self.c)
    }

    /// Encodes the proof.
    pub fn encode(&self) -> Vec<u8> {
        [encode_point(&self.a), encode_point(&self.b), encode_point(&self.c)].concat()
    }
}

/// A proof in the middle of being read: A is good, B is on the twist and may lie outside the subgroup, and what is wrong with C
/// must wait until it is known what is wrong with B. It leads to a [`Proof`] when all is good, or to whether it satisfies a key's equation.
#[derive(Clone, Debug)]
pub(crate) struct CurveProof {
    a: G1Affine,
    b: G2Affine,
    c: Result<G1Affine, PointError>,
}

impl CurveProof {
    /// What was read, and of the rest what is wrong with it.
    fn of(bytes: &[u8; Proof::BYTES], Points { a, b, c }: Points) -> Result<Self, PointError> {
        let twisted = |bytes| {
            let on_curve = G2Affine::deserialize_compressed_unchecked(bytes).ok();
            // The y of a compressed point is computed: the point is on the curve.
            canonical("B", bytes, on_curve)
        };
        Ok(Self {
            a: a.map_or_else(|| decode_point("A", &bytes[..32]), Ok)?,
            b: b.map_or_else(|| twisted(&bytes[32..96]), Ok)?,
            c: c.map_or_else(|| decode_point("C", &bytes[96..]), Ok),
        })
    }

    /// Reads one.
    pub(crate) fn decode(bytes: &[u8; Proof::BYTES]) -> Result<Self, PointError> {
        let points = points::read_all(&[*bytes]).pop().unwrap_or_default();
        Self::of(bytes, points)
    }

    /// [`CurveProof::decode`] of each, in order, with square roots together.
    pub(crate) fn decode_all(proofs: &[[u8; Proof::BYTES]]) -> Vec<Result<Self, PointError>> {
        let read = points::read_all(proofs).into_iter().chain(iter::repeat(Points::default()));
        proofs.iter().zip(read).map(|(bytes, points)| Self::of(bytes, points)).collect()
    }

    /// [`CurveProof::confirm`] of each, in order, with the subgroups of B together.
    pub(crate) fn confirm_all(proofs: Vec<Self>) -> Vec<Result<Proof, PointError>> {
        let points: Vec<G2Affine> = proofs.iter().map(|proof| proof.b).collect();
        let inside = arithmetic::inside_subgroup(&points).into_iter().chain(iter::repeat(false));
        proofs.into_iter().zip(inside).map(|(proof, inside)| proof.settle(inside)).collect()
    }

    /// The points, if there is nothing to say against them but perhaps that B is not in the subgroup.
    pub(crate) fn points(&self) -> Option<(G1Affine, G2Affine, G1Affine)> {
        self.c.as_ref().ok().map(|c| (self.a, self.b, *c))
    }

    /// What there is to say when B is not.
    pub(crate) const OUTSIDE: PointError = PointError::Invalid { point: "B" };

    /// The proof, when B is in the subgroup and C is good.
    pub(crate) fn confirm(self) -> Result<Proof, PointError> {
        let inside = self.b.is_in_correct_subgroup_assuming_on_curve();
        self.settle(inside)
    }

    /// Whether it satisfies the equation of a key: what [`VerifyingKey::equation_holds`] says of what [`CurveProof::confirm`] gives, in one go.
    pub(crate) fn satisfies(self, key: &VerifyingKey, inputs: &[Fr]) -> Result<bool, PointError> {
        let Some(points) = self.points() else { return self.confirm().map(|_| false) };
        key.equation_holds_checked(inputs, points).ok_or(Self::OUTSIDE)
    }

    /// [`CurveProof::confirm`], when it is known whether B is in the subgroup.
    fn settle(self, inside: bool) -> Result<Proof, PointError> {
        if !inside {
            return Err(Self::OUTSIDE);
        }
        let Self { a, b, c } = self;
        Ok(Proof { a, b, c: c? })
    }
}
