//! What an audit finds, and since when it could have.

use std::fmt;

use wufu_verifier::encoding::readable::Utc;

use crate::{audit::entry::Problem, policy::money::Money};

/// Since when the ledger signs what no checkpoint covers: donations without owner, names, claims, its own checkpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// Nothing of it was ever signed: no release that signs summaries has opened this ledger for writing yet.
    #[default]
    None,
    /// Since the ledger was first opened by a release that signs summaries, or since the operator accepted the database
    /// as it was. What was changed before that cannot be told.
    SinceMigration,
    /// Since the ledger was made.
    Whole,
    /// It was signed, and what was signed is gone: see the findings.
    Lost,
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "nothing of it is signed yet; the next command that writes signs it",
            Self::SinceMigration => {
                "compared with what was signed since summary 0, in which an older release's ledger was taken over or the \
                 operator accepted the database as it was; changes before that cannot be told"
            }
            Self::Whole => "compared with what was signed since the ledger was made",
            Self::Lost => "not compared: it was signed, but what was signed is missing from the database",
        })
    }
}

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// An entry of a log.
    Entry {
        /// The log.
        origin: String,
        /// Its place, from 0.
        leaf_index: u64,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The log's size, or a gap.
    Size {
        /// The log.
        origin: String,
        /// How many entries there are without a gap.
        got: u64,
        /// How many the log is said to have.
        expected: u64,
    },
    /// The root of a full shard is not that of its leaves.
    Shard {
        /// The log.
        origin: String,
        /// Its number, from 0.
        shard: u64,
    },
    /// A checkpoint is malformed, contradicts another, or is not that of the leaves.
    Checkpoint {
        /// The log.
        origin: String,
        /// The epoch.
        epoch: u64,
        /// When the epoch began.
        began: Utc,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The sums of records and pending donations are not that of all donations.
    Sum {
        /// The sum of what is public, and of what is pending.
        records: Money,
        /// The sum over all receipts.
        receipts: Money,
    },
    /// A claim, or what it spent.
    Claim {
        /// Its number.
        claim: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A nullifier that no claim spent.
    Spent {
        /// In hexadecimal digits.
        nullifier: String,
    },
    /// Rows of a part are gone, or there are more than the ledger signed.
    Rows {
        /// Which: `donations`, `projects`, `claims` and so on.
        part: &'static str,
        /// How many there are.
        got: u64,
        /// How many were signed.
        expected: u64,
    },
    /// A row of a part is not the one that was signed.
    Changed {
        /// Which part.
        part: &'static str,
        /// The first row that may have been changed, from 1, in the order in which they were entered.
        first: u64,
        /// The last.
        last: u64,
    },
    /// A number is not the one that was signed.
    Count {
        /// Of what.
        what: &'static str,
        /// How many there are.
        got: u64,
        /// How many were signed.
        expected: u64,
    },
    /// A sum is not the one that was signed.
    Total {
        /// Which.
        total: &'static str,
        /// What the rows sum up to.
        got: Money,
        /// What was signed.
        expected: Money,
    },
    /// A summary, the signed state or the high-water mark.
    Summary {
        /// Its number, where it has one.
        number: Option<u64>,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The rules or the logs' names in the database are not those under which the logs were begun.
    Rules,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { origin, leaf_index, problem } => {
                write!(f, "{origin} place {leaf_index}: {problem}")
            }
            Self::Size { origin, got, expected } => {
                let entries = if *got == 1 { "entry" } else { "entries" };
                write!(f, "{origin}: {got} {entries} without a gap, expected {expected}")
            }
            Self::Shard { origin, shard } => {
                write!(f, "{origin} shard {shard}: the root is not that of its leaves")
            }
            Self::Checkpoint { origin, epoch, began, problem } => {
                write!(f, "{origin} epoch {epoch}, from {began}: {problem}")
            }
            Self::Sum { records, receipts } => {
                write!(f, "records and pending donations sum up to {records}, expected {receipts}")
            }
            Self::Claim { claim, problem } => write!(f, "claim {claim}: {problem}"),
            Self::Spent { nullifier } => {
                write!(f, "nullifier {nullifier} is spent, but no claim shows it")
            }
            Self::Rows { part, got, expected } => {
                let rows = if *got == 1 { "row" } else { "rows" };
                let why = if got < expected {
                    "rows are missing"
                } else {
                    "the ledger did not enter the others"
                };
                write!(f, "{part}: {got} {rows}, expected {expected}: {why}")
            }
            Self::Changed { part, first, last } if first == last => {
                write!(f, "{part}: row {first} is not the one that was signed")
            }
            Self::Changed { part, first, last } => {
                write!(f, "{part}: of rows {first} to {last}, at least one is not as it was signed")
            }
            Self::Count { what, got, expected } => write!(f, "{what}: {got}, expected {expected}"),
            Self::Total { total, got, expected } => {
                write!(f, "{total}: {got}, expected {expected}")
            }
            Self::Summary { number: None, problem } => write!(f, "summary: {problem}"),
            Self::Summary { number: Some(number), problem } => {
                write!(f, "summary {number}: {problem}")
            }
            Self::Rules => {
                write!(
                    f,
                    "the rules or the logs' names in the database are not those that were signed"
                )
            }
        }
    }
}
