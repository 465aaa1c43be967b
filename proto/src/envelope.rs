//! A proof as a file: with what is needed to look at it.

use wufu_verifier::{
    CircuitName, KeyId, Proof, ProofRequest, Statement,
    check::PresentedProof,
    groth16::proof::ProofError,
    statement::{BindingKind, InputsError},
};

use crate::{claim::ClaimBinding, error::ConvertError, read, v1};

/// The version of envelopes.
pub const VERSION: u32 = 1;

/// What a proof answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// A donation: the request.
    Request(Box<ProofRequest>),
    /// Five Fu: the claim.
    Claim(ClaimBinding),
    /// A gift: nothing that travels with it.
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

/// An epoch of a log, in force when a proof was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEpoch {
    /// The log, `org/log`.
    pub origin: String,
    /// The epoch of its checkpoint.
    pub epoch: u64,
}

/// A proof with what is needed to look at it. It never vouches for itself: a verifier compares it with what it asked, and
/// with checkpoints that it has from elsewhere.
///
/// It names epochs and holds no checkpoint: an operator could sign one for each wallet, with a line or a nonce of its own, and
/// know the wallet again by what it shows.
///
/// Encodings are checked: public inputs are canonical and as many as the circuit has, the proof is as long as one, the request is
/// signed by the verifier that it names, the logs are those of the request or claim; read by `try_from`, points are points, too. Nothing is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    circuit: CircuitName,
    public_inputs: Vec<u8>,
    proof: Vec<u8>,
    key_id: KeyId,
    epochs: Vec<LogEpoch>,
    binding: Binding,
}

impl Envelope {
    /// An envelope around a proof.
    ///
    /// # Shapes
    /// `epochs`: of the logs that the proof is about. Five Fu: cards, then persons; else one.
    ///
    /// # Errors
    /// When the binding is none of such a statement, or the epochs are not those of its logs.
    pub fn new<S: Statement>(
        statement: &S,
        proof: &Proof,
        key_id: KeyId,
        epochs: Vec<LogEpoch>,
        binding: Binding,
    ) -> Result<Self, ConvertError> {
        let (circuit, public_inputs, proof) = (S::CIRCUIT, statement.encode(), proof.encode());
        Self::checked(Self { circuit, public_inputs, proof, key_id, epochs, binding })
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

    /// Which statement the proof is about.
    pub fn circuit(&self) -> CircuitName {
        self.circuit
    }

    /// The key that the proof is said to be under.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The logs that the proof is about, and the epochs whose roots it is said to take. A verifier finds the epoch by the root;
    /// this says which checkpoints it needs.
    pub fn epochs(&self) -> &[LogEpoch] {
        &self.epochs
    }

    /// What the proof answers.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// What the proof is said to prove.
    ///
    /// # Errors
    /// When it is about another statement than `S`.
    pub fn statement<S: Statement>(&self) -> Result<S, InputsError> {
        if S::CIRCUIT != self.circuit {
            let got = self.public_inputs.len();
            return Err(InputsError::Length { circuit: S::CIRCUIT, got });
        }
        S::decode(&self.public_inputs)
    }

    /// What a verifier checks.
    pub fn presented(&self) -> PresentedProof<'_> {
        PresentedProof {
            key_id: self.key_id.as_bytes(),
            public_inputs: &self.public_inputs,
            proof: &self.proof,
        }
    }
}

impl TryFrom<v1::Envelope> for Envelope {
    type Error = ConvertError;

    /// Reads all of it, points included. Whoever checks the envelope takes [`Envelope::without_points`].
    fn try_from(message: v1::Envelope) -> Result<Self, ConvertError> {
        Self::read(message, |proof| Proof::decode(proof).map(drop))
    }
}

impl Envelope {
    /// Reads all of it but the proof's points, of which only the length is looked at: a check reads them in any case, and a batch reads those of many
    /// together.
    ///
    /// # Errors
    /// As `try_from`, save for points.
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
        // Before the points: this is the cheaper refusal.
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
        Self::checked(Self { circuit, public_inputs, proof, key_id, epochs, binding })
    }
}

/// Whether the origins are an organisation and a name, for each name in order.
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
            public_inputs: envelope.public_inputs.clone(),
            proof: envelope.proof.clone(),
            key_id: envelope.key_id.as_bytes().to_vec(),
            epochs: envelope.epochs.iter().map(v1::LogEpoch::from).collect(),
            binding,
        }
    }
}
