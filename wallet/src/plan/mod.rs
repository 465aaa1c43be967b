//! Plan, prove, verify: from the items of a wallet to an envelope that may be shown.
//!
//! A plan contains the witness, the statement, and what the owner should know before anything is
//! shown. It is made only from public files and the wallet; whoever proves it learns no more than
//! their [`ProofMode`] says. The wallet verifies the proof against the pinned key and its own
//! statement, and only then makes an envelope.

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
    encoding::readable::{Span, Utc, grouped},
    groth16::key::Provenance,
    log::{
        checkpoint::Checkpoint,
        name::{DonationLogError, LogName},
    },
};

use crate::{
    prover::{ProofMode, ProverAnswer, ProverError, Timings},
    store::{ClaimEntry, StoreError},
    sync::{SyncError, view::OwnLeafError},
    wallet::{TaskStopped, Wallet},
};

/// Why nothing could be planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The request or claim has expired.
    #[error(
        "the request or claim expired at {}, {} ago",
        Utc(*expiry),
        Span(now.saturating_sub(*expiry))
    )]
    Over {
        /// When it expired, in Unix seconds.
        expiry: u64,
        /// The time now, in Unix seconds.
        now: u64,
    },
    /// None of the keys that may be used is pinned.
    #[error(
        "{}: get a key from a source that you trust, and pin it (wufu wallet pin --key FILE, or \
         --dev-keys for trials)",
        not_pinned(*asked)
    )]
    NoKey {
        /// How many keys may be used.
        asked: usize,
    },
    /// The key is for another circuit.
    #[error("key {key} is for {got}, expected one for {expected}")]
    Circuit {
        /// The key.
        key: KeyId,
        /// The circuit of the key.
        got: CircuitName,
        /// The circuit that is needed.
        expected: CircuitName,
    },
    /// The payee is empty or too long.
    #[error(transparent)]
    Binding(#[from] ConvertError),
    /// The request does not name a donation log.
    #[error(transparent)]
    NoDonationLog(#[from] DonationLogError),
    /// Cards are missing.
    #[error("this wallet holds no card of {org} of these kinds: {}", kinds(missing))]
    Cards {
        /// The campaign.
        org: String,
        /// The missing kinds.
        missing: Vec<Kind>,
    },
    /// The wallet holds no place in the person log.
    #[error(
        "this wallet holds no place in {log}: ask the registrar to register its address (wufu \
         wallet address), and take in the grant (wufu wallet receive)"
    )]
    NoPerson {
        /// The log.
        log: LogName,
    },
    /// An earlier claim was made.
    #[error(
        "{earlier}: a second claim at {org} would show the same nullifiers, and the campaign pays \
         once"
    )]
    Claimed {
        /// The campaign.
        org: String,
        /// The earlier claim.
        earlier: EarlierClaim,
    },
    /// None of this wallet's donations is at the wanted place.
    #[error("this wallet holds no donation at place {place} of {log}: see `wufu wallet list`")]
    NotHeld {
        /// The log.
        log: LogName,
        /// The place.
        place: u64,
    },
    /// The donation at the wanted place does not meet the policy.
    #[error("this wallet's donation at place {place} of {log} does not meet the policy")]
    NotAdmitted {
        /// The log.
        log: LogName,
        /// The place.
        place: u64,
    },
    /// Every donation that meets the policy was already shown to this verifier, and a fresh one was
    /// wanted.
    #[error(
        "this verifier was shown every donation of this wallet in {log} that meets the policy \
         ({shown}), so none is fresh: without --fresh, the same one is shown again, and the \
         verifier learns nothing new"
    )]
    NoneFresh {
        /// The log.
        log: LogName,
        /// How many donations it was shown.
        shown: usize,
    },
    /// No donation of this wallet meets the policy.
    #[error("{}", no_donation(log, *held))]
    NoDonation {
        /// The log.
        log: LogName,
        /// How many donations the wallet holds in the log.
        held: usize,
    },
    /// Too few records meet the policy: showing a donation would nearly name the donor.
    #[error(
        "{} the policy, expected at least {}: an answer among fewer would nearly name the donor \
         (--min-anonymity sets how few you accept)",
        records_meet(*got),
        grouped(&expected.to_string())
    )]
    Few {
        /// How many records meet it.
        got: u64,
        /// How many must meet it.
        expected: u64,
    },
    /// The campaign has too few persons: a claim would nearly name the claimant.
    #[error(
        "the campaign has {} {}, expected at least {}: a claim among fewer would nearly name the \
         claimant (--min-anonymity sets how few you accept)",
        grouped(&got.to_string()),
        if *got == 1 { "person" } else { "persons" },
        grouped(&expected.to_string())
    )]
    FewPersons {
        /// How many it has.
        got: u64,
        /// How many it must have.
        expected: u64,
    },
    /// Every donation that meets the policy was shown to this verifier under another one.
    #[error(
        "this verifier has already seen every donation that meets the policy, under another \
         policy: two policies together would narrow it down"
    )]
    SecondPolicy,
    /// There is no path for one of the wallet's own leaves.
    #[error(transparent)]
    OwnLeaf(#[from] OwnLeafError),
    /// A log could not be read, or contradicts what was signed.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The statement is false, which is a bug of the wallet.
    #[error("the plan is of a false statement, which is a bug of the wallet: {0}")]
    False(#[from] ClauseError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The computation was stopped, because the program ends.
    #[error(transparent)]
    Stopped(#[from] TaskStopped),
}

fn records_meet(got: u64) -> String {
    match got {
        1 => "1 public record meets".into(),
        got => format!("{} public records meet", grouped(&got.to_string())),
    }
}

fn not_pinned(asked: usize) -> String {
    match asked {
        1 => "the requested key is not pinned".into(),
        asked => format!("none of the {asked} requested keys is pinned"),
    }
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

/// An earlier claim, which stands in the way of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EarlierClaim {
    /// The ledger admitted it.
    Admitted {
        /// The ledger's number, as its signed receipt says.
        claim: Option<u64>,
    },
    /// The ledger refused it, because a claim before it had spent one of its nullifiers.
    Refused {
        /// The ledger's number of the claim before it, as the signed refusal says.
        by: Option<u64>,
    },
    /// It was made by this wallet, and may still be submitted.
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
            Self::Admitted { claim: None } => f.write_str("an earlier claim was admitted"),
            Self::Refused { by: Some(by) } => {
                write!(
                    f,
                    "the ledger refused an earlier claim of this wallet, because of claim {by}"
                )
            }
            Self::Refused { by: None } => {
                f.write_str("the ledger refused an earlier claim of this wallet")
            }
            Self::Open => f.write_str("an earlier claim of this wallet may still be submitted"),
        }
    }
}

/// Why a plan did not become an envelope.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The prover made no proof.
    #[error(transparent)]
    Prover(#[from] ProverError),
    /// The proof does not verify, or is about something else. Nothing was shown.
    #[error("the proof is refused: {0}")]
    Refused(#[from] VerifyError),
    /// The proof is of another statement of this wallet's key. Nothing was shown.
    #[error("the proof is of another statement than the planned one")]
    OtherStatement,
    /// This verifier was shown the donation under another policy after the plan was made.
    #[error("meanwhile, this verifier was shown the donation under another policy")]
    SecondPolicy,
    /// Another claim was made after this one was planned. Nothing was shown.
    #[error(
        "meanwhile, {earlier}: a second claim at {org} would show the same nullifiers, and the \
         campaign pays once"
    )]
    Claimed {
        /// The campaign.
        org: String,
        /// The earlier claim.
        earlier: EarlierClaim,
    },
    /// The envelope could not be made.
    #[error(transparent)]
    Envelope(#[from] ConvertError),
    /// The store failed. What is shown must be recorded first.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The computation was stopped, because the program ends.
    #[error(transparent)]
    Stopped(#[from] TaskStopped),
}

/// What an owner should know about a proof. It is part of every plan and answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The size of the anonymity set at most: the records that meet the policy, or the persons of
    /// the campaign. It may be smaller, because one donor can have several records, and only
    /// persons with all five cards can claim.
    pub anonymity: u64,
    /// The epoch of the logs.
    pub epoch: u64,
    /// How long ago the epoch began, in seconds.
    pub epoch_age: u64,
    /// The second source that had the same checkpoints, if there was one. Without it, the operator
    /// could have shown this wallet a root that nobody else sees.
    pub compared: Option<String>,
    /// The key.
    pub key: KeyId,
    /// How the key was made.
    pub provenance: Provenance,
}

/// A proof that the wallet has verified and that may be shown, and what its owner should know.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The envelope to show.
    pub envelope: Envelope,
    /// The report of the plan.
    pub report: Report,
    /// How the proof was made, and so who learned what.
    pub mode: ProofMode,
    /// How long the steps took.
    pub timings: Timings,
}

impl Wallet {
    /// The first of the requested keys that is pinned and belongs to the circuit.
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

/// The points of a verified proof.
fn points(made: &ProverAnswer) -> Result<Proof, ProveError> {
    Ok(Proof::decode(&made.proof.proof).map_err(VerifyError::Proof)?)
}

/// What an envelope says about a log. It never contains the log's note, by which the operator could
/// recognise this wallet.
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
