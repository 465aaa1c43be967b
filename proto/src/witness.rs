//! Witnesses, for a prover that is trusted with them.

use wufu_circuits::{
    Assignment, Card, Circuit, ClauseError, DonationInstance, DonationWitness, FiveFuInstance,
    FiveFuWitness, GiftInstance, GiftWitness, Kind, Ownership, Path, Person, SpendKey, tree,
};
use wufu_verifier::{
    Amount, CircuitName, Fr, KeyId, Policy, ProjectKey, Record, Statement, Time, encoding::field,
};
use zeroize::Zeroizing;

use crate::{error::ConvertError, grant, read, v1};

/// A statement with its witness, whichever it is.
///
/// Nothing says that it is true: [`UncheckedWitness::check`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UncheckedWitness {
    /// A claim.
    FiveFu(Box<FiveFuInstance>),
    /// A donation, with the policy that it is shown under.
    Donation(Box<DonationInstance>, Policy),
    /// A gift.
    Gift(Box<GiftInstance>),
}

/// Work on an instance, whichever statement it is of: a closure that is generic over circuits.
pub trait CircuitVisitor {
    /// What the work gives.
    type Output;

    /// Does the work.
    fn visit<C: Circuit>(self, instance: &C) -> Self::Output;
}

impl UncheckedWitness {
    /// Does some work on the instance. Nothing else tells the statements apart.
    pub fn visit<V: CircuitVisitor>(&self, visitor: V) -> V::Output {
        match self {
            Self::FiveFu(instance) => visitor.visit(instance.as_ref()),
            Self::Donation(instance, _) => visitor.visit(instance.as_ref()),
            Self::Gift(instance) => visitor.visit(instance.as_ref()),
        }
    }

    /// Which statement it is.
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

    /// The public inputs, in order.
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
    /// The first clause that is false.
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

    /// Every wire and row of the circuit. Wrong ones when the statement is false: [`UncheckedWitness::check`] comes first.
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

/// What a prover is asked: a witness and the key to prove under.
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
                let (instance, policy) = donation(&witness)?;
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
    // As many levels as the length says.
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

/// An error that does not repeat the number: errors are told and logged.
fn secret(field: &'static str, expected: &'static str) -> ConvertError {
    ConvertError::Secret { field, expected }
}

fn spend_key(bytes: &[u8]) -> Result<SpendKey, ConvertError> {
    Ok(SpendKey::from_field(read::element("sk", bytes)?))
}

impl TryFrom<v1::FiveFuWitness> for FiveFuInstance {
    type Error = ConvertError;

    fn try_from(message: v1::FiveFuWitness) -> Result<Self, ConvertError> {
        let sk = spend_key(&message.sk)?;
        read::count("cards", message.cards.len(), 5, 5)?;
        let mut cards = Kind::ALL
            .map(|kind| (Card { kind, rho: Fr::default(), rcm: Fr::default() }, Path::default()));
        for ((card, place), opening) in cards.iter_mut().zip(&message.cards) {
            card.rho = read::element("rho", &opening.rho)?;
            card.rcm = read::element("rcm", &opening.rcm)?;
            *place = path(&opening.path)?;
        }
        let person = Person { salt: read::element("person salt", &message.person_salt)? };
        let place = path(&message.person_path)?;
        let scope = read::element("scope", &message.scope)?;
        let ext = read::element("ext", &message.ext)?;
        Ok(FiveFuWitness::new(&sk, cards, (person, place), scope, ext).into_instance())
    }
}

impl From<&FiveFuInstance> for v1::FiveFuWitness {
    fn from(instance: &FiveFuInstance) -> Self {
        let witness = &instance.private;
        let card = |card: &wufu_circuits::CardWitness| v1::CardOpening {
            rho: bytes(&card.rho),
            rcm: bytes(&card.rcm),
            path: children(&card.path),
        };
        Self {
            sk: bytes(&witness.sk),
            cards: witness.cards.iter().map(card).collect(),
            person_salt: bytes(&witness.salt),
            person_path: children(&witness.person),
            scope: bytes(&witness.scope),
            ext: bytes(&witness.ext),
        }
    }
}

fn donation(message: &v1::DonationWitness) -> Result<(DonationInstance, Policy), ConvertError> {
    let sk = spend_key(&message.sk)?;
    let ownership = Ownership {
        receipt: read::element("receipt", &message.receipt)?,
        rcm: read::element("rcm", &message.rcm)?,
    };
    let record = Record {
        project: ProjectKey::from_u64(message.project_key)
            .map_err(|_| secret("project key", "institution and project, each from 1"))?,
        amount: Amount::new(message.amount).map_err(|_| secret("amount", "below 2^48"))?,
        time: Time::new(message.time).map_err(|_| secret("time", "below 2^40"))?,
        own: ownership.own(sk.public_key()),
    };
    let place = path(&message.path)?;
    let policy = Policy::try_from(read::some("policy", message.policy.as_ref())?)?;
    let scope = read::element("scope", &message.scope)?;
    let ext = read::element("ext", &message.ext)?;
    // A project that is not in the set has no path: then any will do, and the check names clause D6.
    let member = tree::set_path(&policy.projects, record.project).unwrap_or_default();
    let mut witness =
        DonationWitness::new(&sk, (&record, &ownership), place, (&policy, member), ext);
    witness.set_root = policy.projects.root();
    Ok((witness.into_instance(scope), policy))
}

impl From<(&DonationInstance, &Policy)> for v1::DonationWitness {
    /// Numbers that are none of a record become ones that no reader accepts: such a witness is none.
    fn from((instance, policy): (&DonationInstance, &Policy)) -> Self {
        let witness = &instance.private;
        let integer = |value: &Fr| field::to_u64(value).unwrap_or(u64::MAX);
        Self {
            sk: bytes(&witness.sk),
            project_key: integer(&witness.project_key),
            amount: integer(&witness.amount),
            time: integer(&witness.time),
            receipt: bytes(&witness.receipt),
            rcm: bytes(&witness.rcm),
            path: children(&witness.path),
            policy: Some(policy.into()),
            scope: bytes(&instance.public.scope),
            ext: bytes(&witness.ext),
        }
    }
}

impl TryFrom<v1::GiftWitness> for GiftInstance {
    type Error = ConvertError;

    fn try_from(message: v1::GiftWitness) -> Result<Self, ConvertError> {
        let sk = spend_key(&message.sk)?;
        let opening = read::some("card", message.card.as_ref())?;
        let card = Card {
            kind: grant::kind(message.kind).map_err(|_| secret("kind", "0 to 4"))?,
            rho: read::element("rho", &opening.rho)?,
            rcm: read::element("rcm", &opening.rcm)?,
        };
        let place = path(&opening.path)?;
        let friend = read::element("friend pk", &message.friend_pk)?;
        let rcm_out = read::element("rcm out", &message.rcm_out)?;
        let ext = read::element("ext", &message.ext)?;
        Ok(GiftWitness::new(&sk, (&card, place), friend, rcm_out, ext).into_instance())
    }
}

impl From<&GiftInstance> for v1::GiftWitness {
    fn from(instance: &GiftInstance) -> Self {
        let witness = &instance.private;
        // As with a donation: what is no kind becomes one that no reader accepts.
        let kind = field::to_u64(&witness.kind).and_then(|kind| u32::try_from(kind).ok());
        Self {
            sk: bytes(&witness.sk),
            kind: kind.unwrap_or(u32::MAX),
            card: Some(v1::CardOpening {
                rho: bytes(&witness.rho),
                rcm: bytes(&witness.rcm),
                path: children(&witness.path),
            }),
            friend_pk: bytes(&witness.pk_friend),
            rcm_out: bytes(&witness.rcm_out),
            ext: bytes(&witness.ext),
        }
    }
}
