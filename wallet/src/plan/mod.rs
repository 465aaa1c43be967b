//! Plan, prove, verify: from what a wallet holds to an envelope that may be shown.
//!
//! A plan holds the witness, the statement that it proves and what its owner should know before
//! anything is shown. It is made from public files and the wallet alone; whoever proves it then
//! learns no more than their [`ProofMode`] says. The proof that comes back is verified against the
//! pinned key with the wallet's own statement, and only then is there an envelope.

mod claim;
mod donation;

pub(crate) use claim::claim_bytes;
pub use claim::{ClaimAsk, ClaimPlan};
pub use donation::{ChosenDonation, DonationOptions, DonationPlan, MIN_ANONYMITY, count};

use std::fmt;

use wufu_circuits::{ClauseError, Kind};
use wufu_proto::{ConvertError, Envelope, envelope::LogEpoch};
use wufu_verifier::{
    CircuitName, KeyId, Proof, VerifyError, VerifyingKey,
    encoding::readable::{Span, Utc},
    groth16::key::Provenance,
    log::{
        checkpoint::Checkpoint,
        name::{DonationLogError, LogName},
    },
};

use crate::{
    prover::{ProofMode, ProverError, Timings, UnverifiedProof},
    store::{ClaimEntry, StoreError},
    sync::{SyncError, view::OwnLeafError},
    wallet::{TaskStopped, Wallet},
};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The request or claim is over.
    #[error("the request or claim expired at {}, {} ago", Utc(*expiry), Span(now.saturating_sub(*expiry)))]
    Over {
        /// When it ended, in Unix seconds.
        expiry: u64,
        /// The time now.
        now: u64,
    },
    /// No key that may be used is pinned.
    #[error(
        "{} pinned here: get it from a source that you trust, and pin it (wufu wallet pin --key FILE, or --dev-keys for trials)",
        if *asked == 1 { "the one key that is asked for is not".into() } else { format!("none of the {asked} keys that are asked for is") }
    )]
    NoKey {
        /// How many were asked for.
        asked: usize,
    },
    /// The key is for another circuit.
    #[error("key {key} is for {got}, expected one for {expected}")]
    Circuit {
        /// The key.
        key: KeyId,
        /// Its circuit.
        got: CircuitName,
        /// The circuit that is needed.
        expected: CircuitName,
    },
    /// The payee is empty or too long.
    #[error(transparent)]
    Binding(#[from] ConvertError),
    /// The request names no donation log.
    #[error(transparent)]
    NoDonationLog(#[from] DonationLogError),
    /// Cards are missing.
    #[error("no card of {org} of these kinds: {}", kinds(missing))]
    Cards {
        /// The campaign.
        org: String,
        /// The kinds.
        missing: Vec<Kind>,
    },
    /// There is no place in the person log.
    #[error("no place in {log} is held")]
    NoPerson {
        /// The log.
        log: LogName,
    },
    /// A claim was made before.
    #[error(
        "{earlier}: a second claim of {org} would show the same nullifiers, and the campaign pays once"
    )]
    Claimed {
        /// The campaign.
        org: String,
        /// The earlier claim.
        earlier: EarlierClaim,
    },
    /// The place that was wanted is not one of this wallet's donations.
    #[error("this wallet holds no donation at place {place} of {log}: see `wufu wallet list`")]
    NotHeld {
        /// The log.
        log: LogName,
        /// The place.
        place: u64,
    },
    /// The donation at the place that was wanted does not meet the policy.
    #[error("this wallet's donation at place {place} of {log} does not meet the policy")]
    NotAdmitted {
        /// The log.
        log: LogName,
        /// The place.
        place: u64,
    },
    /// Every donation that meets the policy was shown to this verifier, and one was wanted that was
    /// not.
    #[error(
        "this verifier was shown every donation of this wallet in {log} that meets the policy ({shown}), so none is fresh: \
         without --fresh the same one is shown again, from which it learns nothing new"
    )]
    NoneFresh {
        /// The log.
        log: LogName,
        /// How many were shown to it.
        shown: usize,
    },
    /// No donation of this wallet meets the policy.
    #[error("{}", no_donation(log, *held))]
    NoDonation {
        /// The log.
        log: LogName,
        /// How many donations are held there.
        held: usize,
    },
    /// Too few records meet the policy: showing a donation would nearly name the donor.
    #[error(
        "{} the policy, expected at least {expected}: fewer would name the donor (--min-anonymity sets how few you accept)",
        if *got == 1 { "1 public record meets".into() } else { format!("{got} public records meet") }
    )]
    Few {
        /// How many do.
        got: u64,
        /// How many must.
        expected: u64,
    },
    /// The campaign has too few persons: a claim would nearly name the claimant.
    #[error(
        "the campaign has {got} {}, expected at least {expected}: a claim among fewer would name the claimant \
         (--min-anonymity sets how few you accept)",
        if *got == 1 { "person" } else { "persons" }
    )]
    FewPersons {
        /// How many it has.
        got: u64,
        /// How many it must have.
        expected: u64,
    },
    /// Every donation that meets the policy was shown to this verifier under another one.
    #[error(
        "this verifier has seen every donation that meets the policy under another policy: two of them would narrow it down"
    )]
    SecondPolicy,
    /// A leaf of one's own.
    #[error(transparent)]
    OwnLeaf(#[from] OwnLeafError),
    /// A log.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The statement is false: our bug.
    #[error("the plan is false: {0}")]
    False(#[from] ClauseError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program ends.
    #[error(transparent)]
    Stopped(#[from] TaskStopped),
}

fn no_donation(log: &LogName, held: usize) -> String {
    match held {
        0 => format!("this wallet holds no donation in {log}: see `wufu wallet list`"),
        1 => format!("this wallet's one donation in {log} does not meet the policy"),
        held => format!("none of this wallet's {held} donations in {log} meets the policy"),
    }
}

fn kinds(missing: &[Kind]) -> String {
    missing.iter().map(Kind::to_string).collect::<Vec<_>>().join(", ")
}

/// A claim that stands in the way of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EarlierClaim {
    /// The ledger admitted it.
    Admitted {
        /// The ledger's number, as its signed receipt says.
        claim: Option<u64>,
    },
    /// The ledger refused it: an earlier one had spent a nullifier of it.
    Refused {
        /// The ledger's number of the earlier one, as its signed refusal says.
        by: Option<u64>,
    },
    /// It was made here, and may still be submitted.
    Open,
}

impl EarlierClaim {
    fn of(made: &ClaimEntry) -> Self {
        match (&made.receipt, &made.refusal) {
            (Some(_), _) => Self::Admitted { claim: made.admitted() },
            (None, Some(_)) => Self::Refused { by: made.refused_for() },
            (None, None) => Self::Open,
        }
    }
}

impl fmt::Display for EarlierClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admitted { claim: Some(claim) } => write!(f, "claim {claim} was admitted"),
            Self::Admitted { claim: None } => f.write_str("a claim was admitted"),
            Self::Refused { by: Some(by) } => {
                write!(
                    f,
                    "a claim was made that the ledger refused, since claim {by} was made before it"
                )
            }
            Self::Refused { by: None } => f.write_str("a claim was made that the ledger refused"),
            Self::Open => f.write_str("a claim was made that may still be submitted"),
        }
    }
}

/// Why a plan became no envelope.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The prover.
    #[error(transparent)]
    Prover(#[from] ProverError),
    /// The proof that came does not verify, or is of something else. Nothing was shown.
    #[error("the proof is refused: {0}")]
    Refused(#[from] VerifyError),
    /// The proof that came is of another statement of this wallet's key. Nothing was shown.
    #[error("the proof is of another statement than the planned one")]
    OtherStatement,
    /// This verifier was shown the donation under another policy since it was planned.
    #[error("this verifier was shown the donation under another policy meanwhile")]
    SecondPolicy,
    /// Another claim was made since this one was planned. Nothing was shown.
    #[error(
        "meanwhile, {earlier}: a second claim of {org} would show the same nullifiers, and the campaign pays once"
    )]
    Claimed {
        /// The campaign.
        org: String,
        /// The earlier claim.
        earlier: EarlierClaim,
    },
    /// The envelope.
    #[error(transparent)]
    Envelope(#[from] ConvertError),
    /// The store: what is shown must be remembered first.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program ends.
    #[error(transparent)]
    Stopped(#[from] TaskStopped),
}

/// What an owner should know of a proof: in every plan and every answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many it could be about at most: the records that meet the policy, or the persons of the
    /// campaign. They may be fewer: one donor has several records, and who does not hold all five
    /// cards cannot claim.
    pub anonymity: u64,
    /// The epoch of the logs.
    pub epoch: u64,
    /// Seconds since it began.
    pub epoch_age: u64,
    /// The second source that had the same checkpoints. Without one, the operator could have shown
    /// this wallet a root of its own.
    pub compared: Option<String>,
    /// The key.
    pub key: KeyId,
    /// How the key was made.
    pub provenance: Provenance,
}

/// A proof that was verified here, ready to be shown, and what its owner should know.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What to show.
    pub envelope: Envelope,
    /// What was known when it was planned.
    pub report: Report,
    /// Who made it, and so who learned what.
    pub mode: ProofMode,
    /// How long it took.
    pub timings: Timings,
}

impl Wallet {
    /// The pinned key for a circuit among those that are asked for, the first that there is.
    fn pinned(&self, asked: &[KeyId], expected: CircuitName) -> Result<VerifyingKey, PlanError> {
        let mut other = None;
        for id in asked {
            match self.verifying_key(*id)? {
                Some(key) if key.circuit() == expected => return Ok(key),
                Some(key) => other = other.or(Some((*id, key.circuit()))),
                None => {}
            }
        }
        match other {
            Some((key, got)) => Err(PlanError::Circuit { key, got, expected }),
            None => Err(PlanError::NoKey { asked: asked.len() }),
        }
    }
}

/// The points of a proof that was verified.
fn points(made: &UnverifiedProof) -> Result<Proof, ProveError> {
    Ok(Proof::decode(&made.proof).map_err(VerifyError::Proof)?)
}

/// What an envelope says of a log. Never its note: the operator could know this wallet by it.
fn log_epoch(checkpoint: &Checkpoint) -> LogEpoch {
    LogEpoch { origin: checkpoint.origin().into(), epoch: checkpoint.epoch() }
}

fn not_over(expiry: u64, now: u64) -> Result<(), PlanError> {
    if now >= expiry { Err(PlanError::Over { expiry, now }) } else { Ok(()) }
}

fn age(checkpoints: &[&Checkpoint], now: u64) -> u64 {
    let began = checkpoints.iter().map(|checkpoint| checkpoint.time()).max();
    now.saturating_sub(began.unwrap_or(now))
}
