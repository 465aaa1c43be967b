//! Why a checkpoint does not join a history, and why a root is refused.

use alloc::{boxed::Box, string::String};
use core::fmt;

use crate::{encoding::readable::Span, log::checkpoint::Checkpoint};

/// Two checkpoints of a log that cannot both be honest. Each is signed: keep and publish them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The one that was held.
    pub held: Checkpoint,
    /// The one that came.
    pub came: Checkpoint,
}

/// Why a checkpoint does not join a history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryError {
    /// It is of another log.
    Origin {
        /// The checkpoint's log.
        got: String,
        /// The history's log.
        expected: String,
    },
    /// It was opened with another key than those that are held.
    Key {
        /// The name of the key.
        name: String,
    },
    /// Its epochs are shorter or longer than the published ones.
    Schedule {
        /// Its length of an epoch, in seconds.
        got: u64,
        /// The published one.
        expected: u64,
    },
    /// It contradicts one that is held: of one epoch and not the same, or shrinking, or changed without growing, or
    /// going back in time. From here on nothing of the log is accepted.
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
                "{} signed two states that contradict: epoch {} size {}, and epoch {} size {}",
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

/// Why a root or an anchor is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootError {
    /// No epoch had it, as far as this verifier knows.
    Unknown,
    /// It was replaced longer ago than the window.
    Expired {
        /// Seconds since it was replaced.
        age: u64,
        /// The window, in seconds.
        window: u64,
    },
    /// Its epoch begins in the future.
    Future {
        /// Seconds until it does.
        ahead: u64,
    },
    /// The log signed contradicting checkpoints: nothing of it is accepted.
    Contradicted,
}

impl fmt::Display for RootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "root is of no epoch that this verifier knows"),
            Self::Expired { age, window } => {
                write!(
                    f,
                    "root was replaced {} ago, expected at most {}",
                    Span(*age),
                    Span(*window)
                )
            }
            Self::Future { ahead } => write!(f, "root's epoch begins {} from now", Span(*ahead)),
            Self::Contradicted => write!(f, "the log signed two states that contradict"),
        }
    }
}

impl core::error::Error for RootError {}
