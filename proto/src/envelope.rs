//! A proof as a file, with what a verifier needs to check it.

use wufu_verifier::{
    CircuitName, KeyId, Proof, ProofRequest, Statement,
    check::{PresentedProof, UnverifiedProof},
    groth16::proof::ProofError,
    statement::{BindingKind, InputsError},
};

use crate::{claim::ClaimBinding, error::ConvertError, read, v1};

/// The version of the envelope format.
pub const VERSION: u32 = 1;

/// What a proof answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// For a donation: the request.
    Request(Box<ProofRequest>),
    /// For Five Fu: the claim.
    Claim(ClaimBinding),
    /// For a gift: nothing.
    None,
}

impl Binding {
    fn kind(&self) -> BindingKind {
        match self {
            Self::Request(_) => BindingKind::Request,
            Self::Claim(_) => BindingKind::Claim,
            Self::None => BindingKind::None,
        }
    }
}

/// An epoch of a log that was in force when the proof was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEpoch {
    /// The log's name, `org/log`.
    pub origin: String,
    /// The epoch of its checkpoint.
    pub epoch: u64,
}

/// A proof with what a verifier needs to check it. It does not vouch for itself: a verifier
/// compares it with its own request, and with checkpoints that it got elsewhere.
///
/// It names epochs and holds no checkpoints. An operator could sign a different checkpoint for each
/// wallet, with an extra line or a nonce, and recognise the wallet by it.
///
/// Reading an envelope checks its encodings: the public inputs are canonical and as many as the
/// circuit has, the proof has the right length, the request is signed by the verifier that it
/// names, and the logs are those of the request or claim. `try_from` also checks that the proof's
/// points are on their curves. Nothing is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    circuit: CircuitName,
    proof: UnverifiedProof,
    epochs: Vec<LogEpoch>,
    binding: Binding,
}

impl Envelope {
    /// Wraps a proof in an envelope.
    ///
    /// # Shapes
    /// `epochs` names the logs that the proof is about: the card log, then the person log for Five
    /// Fu; one log for the others.
    ///
    /// # Errors
    /// Returns an error if the binding does not fit the statement, or the epochs are not those of
    /// its logs.
    pub fn new<S: Statement>(
        statement: &S,
        proof: &Proof,
        key_id: KeyId,
        epochs: Vec<LogEpoch>,
        binding: Binding,
    ) -> Result<Self, ConvertError> {
        let proof = UnverifiedProof::new(statement, proof, key_id);
        Self::checked(Self { circuit: S::CIRCUIT, proof, epochs, binding })
    }

    fn checked(self) -> Result<Self, ConvertError> {
        if self.binding.kind() != self.circuit.binding() {
            return Err(ConvertError::Binding { expected: self.circuit.expected_binding() });
        }
        let names = self.circuit.logs();
        read::count("epochs", self.epochs.len(), names.len(), names.len())?;
        for LogEpoch { origin, .. } in &self.epochs {
            read::origin("log", origin)?;
        }
        let origins: Vec<&str> = self.epochs.iter().map(|log| log.origin.as_str()).collect();
        let (fit, expected) = match (&self.binding, origins.as_slice()) {
            (Binding::Claim(claim), origins) => {
                let of_claim = |org: &str| org == claim.org;
                (are_logs(origins, names, of_claim), "epochs of the claim's two logs")
            }
            (Binding::Request(request), [log]) => {
                (*log == request.question().origin, "an epoch of the request's log")
            }
            (_, origins) => (
                are_logs(origins, names, |_| true),
                match names {
                    ["cards"] => "an epoch of the log of a campaign's cards",
                    _ => "an epoch of the statement's log",
                },
            ),
        };
        if fit { Ok(self) } else { Err(ConvertError::Binding { expected }) }
    }

    /// The statement that the proof is about.
    pub fn circuit(&self) -> CircuitName {
        self.circuit
    }

    /// The key that the proof claims to be made under.
    pub fn key_id(&self) -> KeyId {
        self.proof.key_id
    }

    /// The logs that the proof is about, with the epochs whose roots it claims to use. They tell a
    /// verifier which checkpoints it needs; the verifier then finds the epoch by the root.
    pub fn epochs(&self) -> &[LogEpoch] {
        &self.epochs
    }

    /// What the proof answers.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Returns the statement that the proof claims.
    ///
    /// # Errors
    /// Returns an error if the envelope is about another statement than `S`.
    pub fn statement<S: Statement>(&self) -> Result<S, InputsError> {
        if S::CIRCUIT != self.circuit {
            let got = self.proof.public_inputs.len();
            return Err(InputsError::Length { circuit: S::CIRCUIT, got });
        }
        S::decode(&self.proof.public_inputs)
    }

    /// Returns what a verifier checks.
    pub fn presented(&self) -> PresentedProof<'_> {
        self.proof.presented()
    }
}

impl TryFrom<v1::Envelope> for Envelope {
    type Error = ConvertError;

    /// Reads all of it, points included. To check the envelope, use [`Envelope::without_points`].
    fn try_from(message: v1::Envelope) -> Result<Self, ConvertError> {
        Self::read(message, |proof| Proof::decode(proof).map(drop))
    }
}

impl Envelope {
    /// Reads all of it except the proof's points, of which it checks only the length. A check reads
    /// the points anyway, and a batch reads those of many proofs together.
    ///
    /// # Errors
    /// Returns the errors of `try_from`, except those about points.
    pub fn without_points(message: v1::Envelope) -> Result<Self, ConvertError> {
        Self::read(message, Proof::check_length)
    }

    fn read(
        message: v1::Envelope,
        look_at: fn(&[u8]) -> Result<(), ProofError>,
    ) -> Result<Self, ConvertError> {
        let v1::Envelope { version, circuit, public_inputs, proof, key_id, epochs, binding } =
            message;
        if version != VERSION {
            let got = u64::from(version);
            return Err(ConvertError::Choice { field: "version", got, expected: "1" });
        }
        let circuit = read::circuit("circuit", &circuit)?;
        // Before the points, because this refusal is cheaper.
        circuit.decode_inputs(&public_inputs)?;
        let key_id = read::key_id("key id", &key_id)?;
        let binding = match binding {
            Some(v1::envelope::Binding::Request(request)) => {
                Binding::Request(Box::new(request.try_into()?))
            }
            Some(v1::envelope::Binding::Claim(claim)) => Binding::Claim(claim.try_into()?),
            None => Binding::None,
        };
        look_at(&proof)?;
        let log = |v1::LogEpoch { origin, epoch }| LogEpoch { origin, epoch };
        let epochs = epochs.into_iter().map(log).collect();
        let proof = UnverifiedProof { key_id, public_inputs, proof };
        Self::checked(Self { circuit, proof, epochs, binding })
    }
}

/// Returns whether the origins are one organisation followed by each of these names, in order.
fn are_logs(origins: &[&str], names: &[&str], is_org: impl Fn(&str) -> bool) -> bool {
    origins.iter().zip(names).all(|(origin, name)| {
        let org = origin.strip_suffix(name).and_then(|org| org.strip_suffix('/'));
        org.is_some_and(&is_org)
    })
}

impl From<&LogEpoch> for v1::LogEpoch {
    fn from(LogEpoch { origin, epoch }: &LogEpoch) -> Self {
        Self { origin: origin.clone(), epoch: *epoch }
    }
}

impl From<&Envelope> for v1::Envelope {
    fn from(envelope: &Envelope) -> Self {
        let binding = match &envelope.binding {
            Binding::Request(request) => {
                Some(v1::envelope::Binding::Request(request.as_ref().into()))
            }
            Binding::Claim(claim) => Some(v1::envelope::Binding::Claim(claim.into())),
            Binding::None => None,
        };
        Self {
            version: VERSION,
            circuit: envelope.circuit.as_str().into(),
            public_inputs: envelope.proof.public_inputs.clone(),
            proof: envelope.proof.proof.clone(),
            key_id: envelope.proof.key_id.as_bytes().to_vec(),
            epochs: envelope.epochs.iter().map(v1::LogEpoch::from).collect(),
            binding,
        }
    }
}
