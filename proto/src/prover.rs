//! A prover's answers.

use core::time::Duration;

use wufu_verifier::{
    CircuitId, CircuitName, KeyId, Proof, Statement, Trust, VerifyingKey,
    check::{PresentedProof, UnverifiedProof},
    groth16::key::KeyError,
    statement::InputsError,
};

use crate::{error::ConvertError, read, v1};

/// What a prover learns from a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disclosure {
    /// The whole witness, and with it the power to spend, show and recognise everything under that
    /// key, for ever.
    Witness,
}

impl Disclosure {
    fn read(got: i32) -> Result<Self, ConvertError> {
        match v1::Learned::try_from(got) {
            Ok(v1::Learned::Witness) => Ok(Self::Witness),
            _ => Err(choice("learned", got, "1")),
        }
    }
}

impl From<Disclosure> for v1::Learned {
    fn from(learned: Disclosure) -> Self {
        match learned {
            Disclosure::Witness => Self::Witness,
        }
    }
}

/// How far a proof has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// The request waits for a worker.
    Queued,
    /// The prover checks the witness.
    Checking,
    /// The prover makes the proof.
    Proving,
    /// The prover verifies the proof.
    Verifying,
    /// The proof is ready.
    Done,
}

impl Stage {
    fn read(got: i32) -> Result<Self, ConvertError> {
        Ok(match v1::Stage::try_from(got) {
            Ok(v1::Stage::Queued) => Self::Queued,
            Ok(v1::Stage::Checking) => Self::Checking,
            Ok(v1::Stage::Proving) => Self::Proving,
            Ok(v1::Stage::Verifying) => Self::Verifying,
            Ok(v1::Stage::Done) => Self::Done,
            Ok(v1::Stage::Unspecified) | Err(_) => return Err(choice("stage", got, "1 to 5")),
        })
    }
}

impl From<Stage> for v1::Stage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Queued => Self::Queued,
            Stage::Checking => Self::Checking,
            Stage::Proving => Self::Proving,
            Stage::Verifying => Self::Verifying,
            Stage::Done => Self::Done,
        }
    }
}

/// An enum's number for an error message. It is never negative; if it is, it shows as a huge
/// number.
fn choice(field: &'static str, got: i32, expected: &'static str) -> ConvertError {
    ConvertError::Choice { field, got: u64::try_from(got).unwrap_or(u64::MAX), expected }
}

/// What a prover can prove, and its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProverInfo {
    /// The release that the prover runs.
    pub version: String,
    /// The circuits that it has keys for.
    pub circuits: Vec<ProvingCircuit>,
    /// The number of proofs that it makes at the same time.
    pub workers: u32,
    /// The number of requests that may wait for a worker.
    pub queue: u32,
    /// The largest request, in bytes.
    pub max_request_bytes: u64,
    /// What it learns from a request.
    pub learned: Disclosure,
    /// The engine's name.
    pub engine: String,
}

/// A circuit that a prover has a key for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvingCircuit {
    /// The statement.
    pub circuit: CircuitName,
    /// The circuit's id.
    pub circuit_id: CircuitId,
    /// The verifying key's id.
    pub key_id: KeyId,
    /// The verifying key, encoded. See [`ProvingCircuit::key`].
    pub verifying_key: Vec<u8>,
    /// The number of constraints.
    pub rows: u64,
    /// The number of public inputs.
    pub public_inputs: u32,
}

impl ProvingCircuit {
    /// Decodes the verifying key, and checks that its id and circuit are the ones that the prover
    /// states. It does not say whether to trust the key: pin the id.
    ///
    /// # Errors
    /// Returns an error if the key is refused. A key of another id or circuit gives `Ok(None)`.
    pub fn key(&self, trust: Trust) -> Result<Option<VerifyingKey>, KeyError> {
        let key = VerifyingKey::decode(&self.verifying_key, trust)?;
        let same = key.id() == self.key_id
            && key.circuit() == self.circuit
            && key.circuit().id() == self.circuit_id;
        Ok(same.then_some(key))
    }
}

impl TryFrom<v1::GetInfoResponse> for ProverInfo {
    type Error = ConvertError;

    fn try_from(message: v1::GetInfoResponse) -> Result<Self, ConvertError> {
        let circuits = message.circuits.into_iter().map(ProvingCircuit::try_from);
        Ok(Self {
            version: read::label("version", message.version)?,
            circuits: circuits.collect::<Result<_, _>>()?,
            workers: message.workers,
            queue: message.queue,
            max_request_bytes: message.max_request_bytes,
            learned: Disclosure::read(message.learned)?,
            engine: read::label("engine", message.engine)?,
        })
    }
}

impl From<&ProverInfo> for v1::GetInfoResponse {
    fn from(info: &ProverInfo) -> Self {
        Self {
            version: info.version.clone(),
            circuits: info.circuits.iter().map(v1::ProvingCircuit::from).collect(),
            workers: info.workers,
            queue: info.queue,
            max_request_bytes: info.max_request_bytes,
            learned: v1::Learned::from(info.learned).into(),
            engine: info.engine.clone(),
        }
    }
}

impl TryFrom<v1::ProvingCircuit> for ProvingCircuit {
    type Error = ConvertError;

    fn try_from(message: v1::ProvingCircuit) -> Result<Self, ConvertError> {
        Ok(Self {
            circuit: read::circuit("circuit", &message.circuit)?,
            circuit_id: CircuitId(read::array("circuit id", &message.circuit_id)?),
            key_id: read::key_id("key id", &message.key_id)?,
            verifying_key: message.verifying_key,
            rows: message.rows,
            public_inputs: message.public_inputs,
        })
    }
}

impl From<&ProvingCircuit> for v1::ProvingCircuit {
    fn from(circuit: &ProvingCircuit) -> Self {
        Self {
            circuit: circuit.circuit.as_str().into(),
            circuit_id: circuit.circuit_id.as_bytes().to_vec(),
            key_id: circuit.key_id.as_bytes().to_vec(),
            verifying_key: circuit.verifying_key.clone(),
            rows: circuit.rows,
            public_inputs: circuit.public_inputs,
        }
    }
}

/// How long each part of a proof took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Waiting for a worker.
    pub queued: Duration,
    /// Checking the witness and computing every wire.
    pub witness: Duration,
    /// Making the proof.
    pub prove: Duration,
    /// Verifying it.
    pub verify: Duration,
}

impl From<v1::ProveTimings> for Timings {
    fn from(message: v1::ProveTimings) -> Self {
        let v1::ProveTimings { queued_us, witness_us, prove_us, verify_us } = message;
        let [queued, witness, prove, verify] =
            [queued_us, witness_us, prove_us, verify_us].map(Duration::from_micros);
        Self { queued, witness, prove, verify }
    }
}

impl From<Timings> for v1::ProveTimings {
    fn from(timings: Timings) -> Self {
        let Timings { queued, witness, prove, verify } = timings;
        // 2^64 microseconds are half a million years.
        let us = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self {
            queued_us: us(queued),
            witness_us: us(witness),
            prove_us: us(prove),
            verify_us: us(verify),
        }
    }
}

/// A proof from a prover. Only its encoding was checked: verify it before you use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedProof {
    // Canonical, as a verifier reads it.
    proof: UnverifiedProof,
    /// What the prover learned.
    pub learned: Disclosure,
    /// How long it took.
    pub timings: Timings,
}

impl ReceivedProof {
    /// Creates the answer to a request.
    pub fn new<S: Statement>(
        statement: &S,
        proof: &Proof,
        key_id: KeyId,
        learned: Disclosure,
        timings: Timings,
    ) -> Self {
        Self { proof: UnverifiedProof::new(statement, proof, key_id), learned, timings }
    }

    /// The key that the prover says it used.
    pub fn key_id(&self) -> KeyId {
        self.proof.key_id
    }

    /// Returns the proof alone.
    pub fn into_proof(self) -> UnverifiedProof {
        self.proof
    }

    /// Returns the statement that the proof claims.
    ///
    /// # Errors
    /// Returns an error if the number of public inputs is not that of `S`.
    pub fn statement<S: Statement>(&self) -> Result<S, InputsError> {
        S::decode(&self.proof.public_inputs)
    }

    /// Returns what a verifier checks.
    pub fn presented(&self) -> PresentedProof<'_> {
        self.proof.presented()
    }
}

impl TryFrom<v1::ProveResponse> for ReceivedProof {
    type Error = ConvertError;

    fn try_from(message: v1::ProveResponse) -> Result<Self, ConvertError> {
        read::elements("public input", &message.public_inputs)?;
        Proof::decode(&message.proof)?;
        let key_id = read::key_id("key id", &message.key_id)?;
        let v1::ProveResponse { public_inputs, proof, .. } = message;
        Ok(Self {
            learned: Disclosure::read(message.learned)?,
            timings: message.timings.unwrap_or_default().into(),
            proof: UnverifiedProof { key_id, public_inputs, proof },
        })
    }
}

impl From<&ReceivedProof> for v1::ProveResponse {
    fn from(proved: &ReceivedProof) -> Self {
        Self {
            public_inputs: proved.proof.public_inputs.clone(),
            proof: proved.proof.proof.clone(),
            key_id: proved.proof.key_id.as_bytes().to_vec(),
            learned: v1::Learned::from(proved.learned).into(),
            timings: Some(proved.timings.into()),
        }
    }
}

/// One message of a proof with progress reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The stage that begins now. Never [`Stage::Done`].
    Stage(Stage),
    /// The proof.
    Done(Box<ReceivedProof>),
}

impl TryFrom<v1::ProveStreamResponse> for Progress {
    type Error = ConvertError;

    fn try_from(message: v1::ProveStreamResponse) -> Result<Self, ConvertError> {
        match (Stage::read(message.stage)?, message.proof) {
            (Stage::Done, proof) => {
                Ok(Self::Done(Box::new(read::some("proof", proof)?.try_into()?)))
            }
            (stage, None) => Ok(Self::Stage(stage)),
            (_, Some(_)) => Err(choice("stage with a proof", message.stage, "5")),
        }
    }
}

impl From<&Progress> for v1::ProveStreamResponse {
    fn from(progress: &Progress) -> Self {
        match progress {
            Progress::Stage(stage) => Self { stage: v1::Stage::from(*stage).into(), proof: None },
            Progress::Done(proved) => {
                Self { stage: v1::Stage::Done.into(), proof: Some(proved.as_ref().into()) }
            }
        }
    }
}
