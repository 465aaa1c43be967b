//! Witnesses, for a prover that is trusted with them. Each statement's message has a file of its
//! own, and this file lists them all.

mod donation;
mod five_fu;
mod gift;

use wufu_circuits::{
    Assignment, Circuit, CircuitVisitor, ClauseError, DonationInstance, FiveFuInstance,
    GiftInstance, Path, SpendKey,
};
use wufu_verifier::{CircuitName, Fr, KeyId, Policy, Statement, encoding::field};
use zeroize::Zeroizing;

use crate::{error::ConvertError, read, v1};

/// A statement with its witness, of any circuit.
///
/// It may be false: call [`UncheckedWitness::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UncheckedWitness {
    /// A claim.
    FiveFu(Box<FiveFuInstance>),
    /// A donation, with the policy that it must meet.
    Donation(Box<DonationInstance>, Policy),
    /// A gift.
    Gift(Box<GiftInstance>),
}

impl UncheckedWitness {
    /// Applies `visitor` to the instance. Nothing else tells the statements apart.
    pub fn visit<V: CircuitVisitor>(&self, visitor: V) -> V::Output {
        match self {
            Self::FiveFu(instance) => visitor.visit(instance.as_ref()),
            Self::Donation(instance, _) => visitor.visit(instance.as_ref()),
            Self::Gift(instance) => visitor.visit(instance.as_ref()),
        }
    }

    /// Returns which statement it is.
    pub fn circuit(&self) -> CircuitName {
        struct Name;
        impl CircuitVisitor for Name {
            type Output = CircuitName;
            fn visit<C: Circuit>(self, _: &C) -> CircuitName {
                C::NAME
            }
        }
        self.visit(Name)
    }

    /// Returns the public inputs, in order.
    pub fn public_inputs(&self) -> Vec<Fr> {
        struct Inputs;
        impl CircuitVisitor for Inputs {
            type Output = Vec<Fr>;
            fn visit<C: Circuit>(self, instance: &C) -> Vec<Fr> {
                instance.public().public_inputs()
            }
        }
        self.visit(Inputs)
    }

    /// Checks the statement natively.
    ///
    /// # Errors
    /// Returns the first clause that is false.
    pub fn check(&self) -> Result<(), ClauseError> {
        struct Check;
        impl CircuitVisitor for Check {
            type Output = Result<(), ClauseError>;
            fn visit<C: Circuit>(self, instance: &C) -> Self::Output {
                instance.check().map(drop)
            }
        }
        self.visit(Check)
    }

    /// Computes every wire and row of the circuit. Call [`UncheckedWitness::check`] first: for a
    /// false statement the result is wrong.
    pub fn assign(&self) -> Assignment {
        struct Assign;
        impl CircuitVisitor for Assign {
            type Output = Assignment;
            fn visit<C: Circuit>(self, instance: &C) -> Assignment {
                instance.assign()
            }
        }
        self.visit(Assign)
    }
}

/// A request to a prover: a witness and the key to prove under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The key.
    pub key_id: KeyId,
    /// The statement and its witness.
    pub witnessed: UncheckedWitness,
}

impl TryFrom<v1::ProveRequest> for Job {
    type Error = ConvertError;

    fn try_from(message: v1::ProveRequest) -> Result<Self, ConvertError> {
        let v1::ProveRequest { key_id, witness } = message;
        let witnessed = read::some("witness", witness)?.try_into()?;
        Ok(Self { key_id: read::key_id("key id", &key_id)?, witnessed })
    }
}

impl TryFrom<v1::ProveStreamRequest> for Job {
    type Error = ConvertError;

    fn try_from(message: v1::ProveStreamRequest) -> Result<Self, ConvertError> {
        let v1::ProveStreamRequest { key_id, witness } = message;
        v1::ProveRequest { key_id, witness }.try_into()
    }
}

impl From<&Job> for v1::ProveRequest {
    fn from(job: &Job) -> Self {
        Self { key_id: job.key_id.as_bytes().to_vec(), witness: Some((&job.witnessed).into()) }
    }
}

impl From<&Job> for v1::ProveStreamRequest {
    fn from(job: &Job) -> Self {
        let v1::ProveRequest { key_id, witness } = job.into();
        Self { key_id, witness }
    }
}

impl TryFrom<v1::Witness> for UncheckedWitness {
    type Error = ConvertError;

    fn try_from(message: v1::Witness) -> Result<Self, ConvertError> {
        use v1::witness::Statement;
        Ok(match read::some("statement", message.statement)? {
            Statement::FiveFu(witness) => Self::FiveFu(Box::new(witness.try_into()?)),
            Statement::Donation(witness) => {
                let (instance, policy) = donation::read(&witness)?;
                Self::Donation(Box::new(instance), policy)
            }
            Statement::Gift(witness) => Self::Gift(Box::new(witness.try_into()?)),
        })
    }
}

impl From<&UncheckedWitness> for v1::Witness {
    fn from(witnessed: &UncheckedWitness) -> Self {
        use v1::witness::Statement;
        let statement = match witnessed {
            UncheckedWitness::FiveFu(instance) => Statement::FiveFu(instance.as_ref().into()),
            UncheckedWitness::Donation(instance, policy) => {
                Statement::Donation((instance.as_ref(), policy).into())
            }
            UncheckedWitness::Gift(instance) => Statement::Gift(instance.as_ref().into()),
        };
        Self { statement: Some(statement) }
    }
}

fn path<const DEPTH: usize>(
    message: &Option<v1::MembershipPath>,
) -> Result<Path<DEPTH>, ConvertError> {
    let bytes = &read::some("path", message.as_ref())?.children;
    let length = DEPTH * 4 * 32;
    read::length("path", bytes.len(), length, length)?;
    let children = Zeroizing::new(read::elements("path", bytes)?);
    let (levels, _) = children.as_chunks::<4>();
    // The length was checked, so the number of levels fits.
    Path::from_levels(levels).map_err(|_| ConvertError::Missing { field: "path" })
}

fn children<const DEPTH: usize>(path: &Path<DEPTH>) -> Option<v1::MembershipPath> {
    let mut children = Vec::with_capacity(DEPTH * 4 * 32);
    for child in path.levels().as_flattened() {
        children.extend_from_slice(&field::encode(child));
    }
    Some(v1::MembershipPath { children })
}

fn bytes(value: &Fr) -> Vec<u8> {
    field::encode(value).to_vec()
}

/// An error that does not repeat the number, because errors are shown and logged.
fn secret(field: &'static str, expected: &'static str) -> ConvertError {
    ConvertError::Secret { field, expected }
}

fn spend_key(bytes: &[u8]) -> Result<SpendKey, ConvertError> {
    Ok(SpendKey::from_field(read::element("sk", bytes)?))
}
