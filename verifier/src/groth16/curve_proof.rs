//! Proofs that are partly read: their points are on the curve, and their subgroups are not checked
//! yet.

use alloc::vec::Vec;
use core::iter;

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_serialize::CanonicalDeserialize;

use crate::groth16::{
    arithmetic,
    key::VerifyingKey,
    many_points::{self, Points},
    point::{PointError, canonical, decode_point},
    proof::{Proof, ProofError},
};

impl Proof {
    /// Decodes a proof.
    ///
    /// # Shapes
    /// `A` (32 bytes), `B` (64), `C` (32), each compressed as arkworks does.
    ///
    /// # Errors
    /// Returns an error if there are not 128 bytes, or a point is not canonical, off the curve,
    /// outside the subgroup or the identity.
    ///
    /// # Cost
    /// Three square roots and one subgroup check in G2.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let length = ProofError::Length { got: bytes.len() };
        let bytes: &[u8; Self::BYTES] = bytes.try_into().map_err(|_| length)?;
        CurveProof::decode(bytes).and_then(CurveProof::confirm).map_err(ProofError::Point)
    }
}

/// A proof that is partly read: A is good, B is on the twist but may lie outside the subgroup, and
/// an error in C is held back until B is judged. From here, either everything proves good and it
/// becomes a [`Proof`], or its equation is checked directly.
#[derive(Clone, Debug)]
pub(crate) struct CurveProof {
    a: G1Affine,
    b: G2Affine,
    c: Result<G1Affine, PointError>,
}

impl CurveProof {
    /// Keeps what was read, and the error of each point that was not.
    fn of(bytes: &[u8; Proof::BYTES], Points { a, b, c }: Points) -> Result<Self, PointError> {
        let twisted = |bytes| {
            let on_curve = G2Affine::deserialize_compressed_unchecked(bytes).ok();
            // The y of a compressed point is computed, so the point is on the curve.
            canonical("B", bytes, on_curve)
        };
        Ok(Self {
            a: a.map_or_else(|| decode_point("A", &bytes[..32]), Ok)?,
            b: b.map_or_else(|| twisted(&bytes[32..96]), Ok)?,
            c: c.map_or_else(|| decode_point("C", &bytes[96..]), Ok),
        })
    }

    /// Reads one proof.
    pub(crate) fn decode(bytes: &[u8; Proof::BYTES]) -> Result<Self, PointError> {
        let points = many_points::read_all(&[*bytes]).pop().unwrap_or_default();
        Self::of(bytes, points)
    }

    /// [`CurveProof::decode`] of each, in order, with square roots together.
    pub(crate) fn decode_all(proofs: &[[u8; Proof::BYTES]]) -> Vec<Result<Self, PointError>> {
        let read = many_points::read_all(proofs).into_iter().chain(iter::repeat(Points::default()));
        proofs.iter().zip(read).map(|(bytes, points)| Self::of(bytes, points)).collect()
    }

    /// [`CurveProof::confirm`] of each, in order, with the subgroup checks of B together.
    pub(crate) fn confirm_all(proofs: Vec<Self>) -> Vec<Result<Proof, PointError>> {
        let points: Vec<G2Affine> = proofs.iter().map(|proof| proof.b).collect();
        let inside = arithmetic::inside_subgroup(&points).into_iter().chain(iter::repeat(false));
        proofs.into_iter().zip(inside).map(|(proof, inside)| proof.settle(inside)).collect()
    }

    /// Returns the points, if nothing is wrong with them except that B may be outside the subgroup.
    pub(crate) fn points(&self) -> Option<(G1Affine, G2Affine, G1Affine)> {
        self.c.as_ref().ok().map(|c| (self.a, self.b, *c))
    }

    /// The error if B is outside the subgroup.
    pub(crate) const OUTSIDE: PointError = PointError::Invalid { point: "B" };

    /// Returns the proof, if B is in the subgroup and C is good.
    pub(crate) fn confirm(self) -> Result<Proof, PointError> {
        let inside = self.b.is_in_correct_subgroup_assuming_on_curve();
        self.settle(inside)
    }

    /// Returns whether it satisfies the equation of a key. The result is that of
    /// [`VerifyingKey::equation_holds`] after [`CurveProof::confirm`], in one step.
    pub(crate) fn satisfies(self, key: &VerifyingKey, inputs: &[Fr]) -> Result<bool, PointError> {
        let Some(points) = self.points() else { return self.confirm().map(|_| false) };
        key.equation_holds_checked(inputs, points).ok_or(Self::OUTSIDE)
    }

    /// [`CurveProof::confirm`], if it is known whether B is in the subgroup.
    fn settle(self, inside: bool) -> Result<Proof, PointError> {
        if !inside {
            return Err(Self::OUTSIDE);
        }
        let Self { a, b, c } = self;
        Ok(Proof { a, b, c: c? })
    }
}
