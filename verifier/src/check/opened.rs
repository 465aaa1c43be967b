//! A presented proof that is checked except for the parts that many proofs can share: its points
//! and the pairing equation.

use alloc::vec::Vec;
use core::fmt;

use ark_bn254::{Fr, G1Affine, G2Affine};

use crate::{
    check::{AnyVerified, PresentedProof, Verified, VerifyError},
    groth16::{
        curve_proof::CurveProof,
        key::VerifyingKey,
        point::PointError,
        proof::{Proof, ProofError},
    },
    statement::{Statement, id::KeyId},
};

/// A presented proof with two checks outstanding: its points and the equation. Until then it yields
/// nothing. [`OpenedProof::verify`] or [`verify_batch`](crate::check::batch::verify_batch) turns it
/// into a `V`, with the same verdict.
///
/// An earlier check takes precedence over a later one: points come before whatever `open` found in
/// the statement.
pub struct OpenedProof<'k, V> {
    key: &'k VerifyingKey,
    stage: Stage<V>,
}

#[allow(clippy::large_enum_variant, reason = "nearly all are read")]
enum Stage<V> {
    /// Refused by a check that comes before the points.
    Refused(VerifyError),
    /// Read. `rest` is the verdict if the points are good and the equation holds.
    Read { inputs: Vec<Fr>, bytes: Bytes, rest: Result<V, VerifyError> },
}

/// What was presented, as it arrived. It is canonical, so encoding it again would give the same
/// bytes.
pub(crate) struct Bytes {
    key_id: KeyId,
    inputs: Vec<u8>,
    proof: [u8; Proof::BYTES],
}

impl Bytes {
    /// Key id, public inputs, proof.
    pub(crate) fn parts(&self) -> [&[u8]; 3] {
        [self.key_id.as_bytes(), &self.inputs, &self.proof]
    }
}

impl<V> fmt::Debug for OpenedProof<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedProof").field("key", &self.key.id()).finish_non_exhaustive()
    }
}

impl<'k, V> OpenedProof<'k, V> {
    /// Reads what was presented, except for the points. If that is in order, `rest` checks
    /// everything else.
    pub(crate) fn read<S: Statement>(
        key: &'k VerifyingKey,
        presented: PresentedProof<'_>,
        rest: impl FnOnce(S) -> Result<V, VerifyError>,
    ) -> Self {
        let stage = match read::<S>(key, presented) {
            Err(error) => Stage::Refused(error),
            Ok((statement, proof)) => {
                let inputs = presented.public_inputs.to_vec();
                let bytes = Bytes { key_id: key.id(), inputs, proof };
                let inputs = statement.public_inputs();
                Stage::Read { inputs, bytes, rest: rest(statement) }
            }
        };
        Self { key, stage }
    }

    /// Makes the outstanding checks.
    ///
    /// # Errors
    /// Returns the first thing that is wrong, in the order that [`crate::check`] states.
    ///
    /// # Cost
    /// One subgroup check, three Miller loops, one final exponentiation: about a millisecond.
    pub fn verify(self) -> Result<V, VerifyError> {
        let (inputs, bytes, rest) = match self.stage {
            Stage::Refused(error) => return Err(error),
            Stage::Read { inputs, bytes, rest } => (inputs, bytes, rest),
        };
        let proof = CurveProof::decode(&bytes.proof).map_err(point)?;
        match rest {
            Err(error) => Err(proof.confirm().map_or_else(point, |_| error)),
            Ok(verified) => {
                let holds = proof.satisfies(self.key, &inputs).map_err(point)?;
                if holds { Ok(verified) } else { Err(VerifyError::Equation) }
            }
        }
    }

    /// Reads the points of all of them together. What it returns has only B's subgroup and the
    /// equation outstanding.
    pub(crate) fn read_all(pending: Vec<Self>) -> Vec<Result<Candidate<'k, V>, VerifyError>> {
        let proof = |pending: &Self| match &pending.stage {
            Stage::Read { bytes, .. } => Some(bytes.proof),
            Stage::Refused(_) => None,
        };
        let proofs: Vec<_> = pending.iter().filter_map(proof).collect();
        let mut proofs = CurveProof::decode_all(&proofs).into_iter();
        let mut doubtful = Vec::new();
        let read = |(place, Self { key, stage }): (usize, Self)| match stage {
            Stage::Refused(error) => Err(error),
            Stage::Read { inputs, bytes, rest } => {
                // There is one for each that was read. If there were fewer, the rest would be
                // refused.
                let proof = proofs.next().unwrap_or(Err(CurveProof::OUTSIDE)).map_err(point)?;
                match (proof.points(), rest) {
                    (Some(points), Ok(verified)) => {
                        Ok(Candidate { key, inputs, bytes, points, verified })
                    }
                    // It is refused in any case. The subgroup of B decides first for which reason.
                    (_, rest) => {
                        doubtful.push((place, proof));
                        Err(rest.err().unwrap_or(VerifyError::Equation))
                    }
                }
            }
        };
        let mut read: Vec<_> = pending.into_iter().enumerate().map(read).collect();
        let (places, proofs): (Vec<usize>, Vec<CurveProof>) = doubtful.into_iter().unzip();
        for (place, proof) in places.into_iter().zip(CurveProof::confirm_all(proofs)) {
            if let Err(error) = proof {
                read[place] = Err(point(error));
            }
        }
        read
    }
}

impl<'k, S> From<OpenedProof<'k, Verified<S>>> for OpenedProof<'k, AnyVerified>
where
    AnyVerified: From<Verified<S>>,
{
    fn from(pending: OpenedProof<'k, Verified<S>>) -> Self {
        let stage = match pending.stage {
            Stage::Refused(error) => Stage::Refused(error),
            Stage::Read { inputs, bytes, rest } => {
                Stage::Read { inputs, bytes, rest: rest.map(AnyVerified::from) }
            }
        };
        Self { key: pending.key, stage }
    }
}

fn point(error: PointError) -> VerifyError {
    VerifyError::Proof(ProofError::Point(error))
}

/// A proof that is fine except for B's subgroup and the equation, which are not checked yet.
pub(crate) struct Candidate<'k, V> {
    pub(crate) key: &'k VerifyingKey,
    pub(crate) inputs: Vec<Fr>,
    pub(crate) bytes: Bytes,
    /// On their curves, none the identity. A and C are in their group, which is the whole curve.
    pub(crate) points: (G1Affine, G2Affine, G1Affine),
    verified: V,
}

/// The result of a candidate's outstanding checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// B is not in the subgroup.
    Outside,
    /// The equation does not hold.
    Fails,
    /// Everything is in order.
    Holds,
}

impl<V> Candidate<'_, V> {
    /// Makes the outstanding checks for this candidate alone.
    pub(crate) fn find(&self) -> Finding {
        match self.key.equation_holds_checked(&self.inputs, self.points) {
            None => Finding::Outside,
            Some(false) => Finding::Fails,
            Some(true) => Finding::Holds,
        }
    }

    /// Returns the verdict.
    pub(crate) fn judge(self, finding: Finding) -> Result<V, VerifyError> {
        match finding {
            Finding::Outside => Err(point(CurveProof::OUTSIDE)),
            Finding::Fails => Err(VerifyError::Equation),
            Finding::Holds => Ok(self.verified),
        }
    }
}

/// Checks lengths, key, circuit, number and encoding of inputs. Of the proof it checks only the
/// length.
fn read<S: Statement>(
    key: &VerifyingKey,
    presented: PresentedProof<'_>,
) -> Result<(S, [u8; Proof::BYTES]), VerifyError> {
    let key_id = presented.key_id;
    let got = KeyId(key_id.try_into().map_err(|_| VerifyError::KeyIdLength { got: key_id.len() })?);
    let length = ProofError::Length { got: presented.proof.len() };
    let proof = presented.proof.try_into().map_err(|_| VerifyError::Proof(length))?;
    if got != key.id() {
        return Err(VerifyError::Key { got, expected: key.id() });
    }
    if key.circuit() != S::CIRCUIT {
        return Err(VerifyError::Circuit { got: key.circuit(), expected: S::CIRCUIT });
    }
    let statement = S::decode(presented.public_inputs).map_err(VerifyError::Inputs)?;
    Ok((statement, proof))
}
