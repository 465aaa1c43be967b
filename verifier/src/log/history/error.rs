//! Errors from adding a checkpoint to a history, and from looking up a root.

use alloc::{boxed::Box, string::String};
use core::fmt;

use crate::{encoding::readable::Span, log::checkpoint::Checkpoint};

/// Two checkpoints of a log that cannot both be honest. Both are signed: keep and publish them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The checkpoint that the history held.
    pub held: Checkpoint,
    /// The checkpoint that contradicts it.
    pub came: Checkpoint,
}

/// Errors from adding a checkpoint to a history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryError {
    /// The checkpoint is of another log.
    Origin {
        /// The checkpoint's log.
        got: String,
        /// The history's log.
        expected: String,
    },
    /// The checkpoint is signed by another key than the history's other checkpoints.
    Key {
        /// The name of the key.
        name: String,
    },
    /// The checkpoint's epochs have another length than the published one.
    Schedule {
        /// The checkpoint's length of an epoch, in seconds.
        got: u64,
        /// The published length.
        expected: u64,
    },
    /// The checkpoint contradicts one that the history holds: another state of the same epoch, a
    /// smaller size, another root of the same size, or an earlier time. From now on the history
    /// accepts no root of this log.
    Contradiction(Box<Evidence>),
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin { got, expected } => {
                write!(f, "checkpoint is of {got:?}, expected {expected:?}")
            }
            Self::Key { name } => write!(f, "checkpoint is signed by another key of {name}"),
            Self::Schedule { got, expected } => {
                write!(f, "checkpoint's epochs are {}, expected {}", Span(*got), Span(*expected))
            }
            Self::Contradiction(evidence) => write!(
                f,
                "{} signed two states that contradict each other: epoch {} size {}, and epoch {} \
                 size {}",
                evidence.held.origin(),
                evidence.held.epoch(),
                evidence.held.size(),
                evidence.came.epoch(),
                evidence.came.size()
            ),
        }
    }
}

impl core::error::Error for HistoryError {}

/// Errors from looking up a root or an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootError {
    /// No epoch that this verifier knows had this root.
    Unknown,
    /// The root was replaced longer ago than the window allows.
    Expired {
        /// Seconds since it was replaced.
        age: u64,
        /// The window, in seconds.
        window: u64,
    },
    /// The root's epoch begins in the future.
    Future {
        /// Seconds until it begins.
        ahead: u64,
    },
    /// The log signed checkpoints that contradict each other, so none of its roots is accepted.
    Contradicted,
}

impl fmt::Display for RootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "root belongs to no epoch that this verifier knows"),
            Self::Expired { age, window } => {
                write!(
                    f,
                    "root was replaced {} ago, expected at most {}",
                    Span(*age),
                    Span(*window)
                )
            }
            Self::Future { ahead } => write!(f, "root's epoch begins {} from now", Span(*ahead)),
            Self::Contradicted => write!(f, "the log signed two states that contradict each other"),
        }
    }
}

impl core::error::Error for RootError {}
