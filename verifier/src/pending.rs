//! What was presented and is checked in all but what many proofs can share: their points, and the pairing equation.

use alloc::vec::Vec;
use core::fmt;

use ark_bn254::Fr;

use crate::{
    key::{KeyId, VerifyingKey},
    proof::{CurveProof, Proof, ProofError},
    statement::Statement,
    verify::{AnyVerified, Presented, Verified, VerifyError},
};

/// Something presented, with two checks outstanding: its points, and the equation. It says nothing and shows nothing; it becomes a `V` by
/// [`Pending::verify`] or in [`verify_batch`](crate::batch::verify_batch), with the same verdict in both.
///
/// What a later check found does not come out before what an earlier one finds: whatever `open` saw of the statement, points come first.
pub struct Pending<'k, V> {
    key: &'k VerifyingKey,
    stage: Stage<V>,
}

#[allow(clippy::large_enum_variant, reason = "nearly all are read")]
enum Stage<V> {
    /// Refused before the points mattered.
    Refused(VerifyError),
    /// Read. `rest` is the verdict if the points are good and the equation holds.
    Read { inputs: Vec<Fr>, bytes: Bytes, rest: Result<V, VerifyError> },
}

/// What was shown, as it came. It is canonical, so it is what would be written.
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

impl<V> fmt::Debug for Pending<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("key", &self.key.id()).finish_non_exhaustive()
    }
}

impl<'k, V> Pending<'k, V> {
    /// Reads what was presented, points aside, and if that is in order lets `rest` say what else there is to check.
    pub(crate) fn read<S: Statement>(
        key: &'k VerifyingKey,
        presented: Presented<'_>,
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

    /// Makes the checks that are outstanding.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order of the page of [`crate::verify`].
    ///
    /// # Cost
    /// One subgroup check, three Miller loops, one final exponentiation: about a millisecond.
    pub fn verify(self) -> Result<V, VerifyError> {
        let (inputs, bytes, rest) = match self.stage {
            Stage::Refused(error) => return Err(error),
            Stage::Read { inputs, bytes, rest } => (inputs, bytes, rest),
        };
        let point = |error| VerifyError::Proof(ProofError::Point(error));
        let proof = CurveProof::decode(&bytes.proof).map_err(point)?;
        match rest {
            Err(error) => Err(proof.confirm().map_or_else(point, |_| error)),
            Ok(verified) => {
                let holds = proof.satisfies(self.key, &inputs).map_err(point)?;
                if holds { Ok(verified) } else { Err(VerifyError::Equation) }
            }
        }
    }

    /// Reads the points of all of them together, and gives what then has only the equation outstanding.
    pub(crate) fn confirm_all(pending: Vec<Self>) -> Vec<Result<Candidate<'k, V>, VerifyError>> {
        let proof = |pending: &Self| match &pending.stage {
            Stage::Read { bytes, .. } => Some(bytes.proof),
            Stage::Refused(_) => None,
        };
        let proofs: Vec<_> = pending.iter().filter_map(proof).collect();
        let mut proofs = Proof::decode_all(&proofs).into_iter();
        let confirm = |Self { key, stage }| match stage {
            Stage::Refused(error) => Err(error),
            Stage::Read { inputs, bytes, rest } => {
                // One for each that was read. Were there fewer, what is left would be refused.
                let proof = proofs.next().unwrap_or(Err(ProofError::Length { got: 0 }));
                let proof = proof.map_err(VerifyError::Proof)?;
                Ok(Candidate { key, inputs, bytes, proof, verified: rest? })
            }
        };
        pending.into_iter().map(confirm).collect()
    }
}

impl<'k, S> From<Pending<'k, Verified<S>>> for Pending<'k, AnyVerified>
where
    AnyVerified: From<Verified<S>>,
{
    fn from(pending: Pending<'k, Verified<S>>) -> Self {
        let stage = match pending.stage {
            Stage::Refused(error) => Stage::Refused(error),
            Stage::Read { inputs, bytes, rest } => {
                Stage::Read { inputs, bytes, rest: rest.map(AnyVerified::from) }
            }
        };
        Self { key: pending.key, stage }
    }
}

/// Everything holds but the equation, of which nothing is known.
pub(crate) struct Candidate<'k, V> {
    pub(crate) key: &'k VerifyingKey,
    pub(crate) inputs: Vec<Fr>,
    pub(crate) bytes: Bytes,
    pub(crate) proof: Proof,
    verified: V,
}

impl<V> Candidate<'_, V> {
    /// Whether the equation holds, by itself.
    pub(crate) fn equation_holds(&self) -> bool {
        self.key.equation_holds(&self.inputs, &self.proof)
    }

    /// The verdict, once it is known whether the equation holds.
    pub(crate) fn judge(self, equation_holds: bool) -> Result<V, VerifyError> {
        if equation_holds { Ok(self.verified) } else { Err(VerifyError::Equation) }
    }
}

/// Lengths, key, circuit, number and encoding of inputs. Everything of the proof but its length is left.
fn read<S: Statement>(
    key: &VerifyingKey,
    presented: Presented<'_>,
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
