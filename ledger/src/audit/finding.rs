//! The findings of an audit, and the time from which on it could have found them.

use std::fmt;

use wufu_verifier::encoding::readable::Utc;

use crate::{audit::entry::Problem, policy::money::Money};

/// Since when the ledger has signed what no checkpoint covers: donations without an owner, names,
/// claims, and its own checkpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// Nothing of it was ever signed: this ledger has not been opened for writing by a release that
    /// signs summaries.
    #[default]
    None,
    /// Since such a release first opened the ledger, or since the operator accepted the database as
    /// it was. Earlier changes cannot be detected.
    SinceMigration,
    /// Since the ledger was made.
    Whole,
    /// It was signed, but what was signed is missing: see the findings.
    Lost,
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "not signed yet; the next command that writes to the ledger signs it",
            Self::SinceMigration => {
                "compared with what was signed since summary 0, in which an older release's ledger \
                 was migrated or the operator accepted the database as it was; earlier changes \
                 cannot be detected"
            }
            Self::Whole => "compared with what was signed since the ledger was made",
            Self::Lost => {
                "not compared: it was signed, but what was signed is missing from the database"
            }
        })
    }
}

/// Something that is wrong with a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// An entry of a log is wrong.
    Entry {
        /// The log's origin.
        origin: String,
        /// The leaf index.
        leaf_index: u64,
        /// What is wrong with the entry.
        problem: Problem,
    },
    /// The log has the wrong size, or a gap.
    Size {
        /// The log's origin.
        origin: String,
        /// How many entries there are before the first gap.
        got: u64,
        /// How many entries the log should have.
        expected: u64,
    },
    /// The root of a full shard does not match its leaves.
    Shard {
        /// The log's origin.
        origin: String,
        /// The shard's number, from 0.
        shard: u64,
    },
    /// A checkpoint is malformed, contradicts another one, or does not match the leaves.
    Checkpoint {
        /// The log's origin.
        origin: String,
        /// The checkpoint's epoch.
        epoch: u64,
        /// When the epoch began.
        began: Utc,
        /// What is wrong with the checkpoint.
        problem: &'static str,
    },
    /// The records and the pending donations do not add up to the sum of all donations.
    Sum {
        /// The sum of the public records and the pending donations.
        records: Money,
        /// The sum over all receipts.
        receipts: Money,
    },
    /// A claim is wrong, or the nullifiers that it spent are.
    Claim {
        /// The claim's number.
        claim: u64,
        /// What is wrong with the claim.
        problem: &'static str,
    },
    /// A nullifier is spent, but no claim shows it.
    Spent {
        /// The nullifier, in hexadecimal digits.
        nullifier: String,
    },
    /// A part has lost rows, or has more rows than the ledger signed.
    Rows {
        /// The part: `donations`, `projects`, `claims` and so on.
        part: &'static str,
        /// How many rows there are.
        got: u64,
        /// How many rows were signed.
        expected: u64,
    },
    /// A row of a part differs from what was signed.
    Changed {
        /// The part: `donations`, `projects`, `claims` and so on.
        part: &'static str,
        /// The first row that may have been changed, in the order in which the rows were entered.
        /// Counted from 1.
        first: u64,
        /// The last row that may have been changed.
        last: u64,
    },
    /// A number differs from what was signed.
    Count {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        got: u64,
        /// How many were signed.
        expected: u64,
    },
    /// A sum differs from what was signed.
    Total {
        /// Which sum.
        total: &'static str,
        /// The sum of the rows.
        got: Money,
        /// The sum that was signed.
        expected: Money,
    },
    /// A summary, the signed state or the high-water mark is wrong.
    Summary {
        /// The summary's number, if it has one.
        number: Option<u64>,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The rules or the logs' names in the database are not those under which the logs were
    /// started.
    Rules,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { origin, leaf_index, problem } => {
                write!(f, "{origin} leaf {leaf_index}: {problem}")
            }
            Self::Size { origin, got, expected } => {
                let entries = if *got == 1 { "entry" } else { "entries" };
                write!(f, "{origin}: {got} {entries} without a gap, expected {expected}")
            }
            Self::Shard { origin, shard } => {
                write!(f, "{origin} shard {shard}: the root does not match its leaves")
            }
            Self::Checkpoint { origin, epoch, began, problem } => {
                write!(f, "{origin} epoch {epoch}, from {began}: {problem}")
            }
            Self::Sum { records, receipts } => {
                write!(f, "records and pending donations add up to {records}, expected {receipts}")
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
                    "the ledger did not write the others"
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
