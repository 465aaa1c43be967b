//! The errors of the checks.

use alloc::string::String;
use core::fmt;

use crate::{
    encoding::readable::{Span, Utc},
    groth16::proof::ProofError,
    log::history::RootError,
    statement::{CircuitName, InputsError, id::KeyId},
};

/// Errors from checking a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The key id is not 32 bytes.
    KeyIdLength {
        /// The number of bytes.
        got: usize,
    },
    /// The proof is under another key than the pinned one.
    Key {
        /// The key that the proof names.
        got: KeyId,
        /// The pinned key.
        expected: KeyId,
    },
    /// The pinned key is for another circuit. This is the caller's mistake.
    Circuit {
        /// The key's circuit.
        got: CircuitName,
        /// The statement's circuit.
        expected: CircuitName,
    },
    /// The question does not allow this key, or is about another log. This is the caller's mistake.
    Question {
        /// The part that does not fit.
        field: &'static str,
    },
    /// A history is of another log than the campaign's. This is the caller's mistake.
    Log {
        /// The history's log.
        got: String,
        /// The log that it must be of.
        expected: String,
    },
    /// The public inputs cannot be read.
    Inputs(InputsError),
    /// The proof cannot be read.
    Proof(ProofError),
    /// The root or anchor is not accepted now.
    Root(RootError),
    /// A public input is not what this verifier asked for.
    NotAsked {
        /// The input: `scope`, `policy` or `ext`.
        input: &'static str,
    },
    /// The request or claim has expired.
    Over {
        /// When it expired, in Unix seconds.
        expiry: u64,
        /// The time of the check, in Unix seconds.
        now: u64,
    },
    /// The pairing equation does not hold: the proof proves nothing.
    Equation,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyIdLength { got } => write!(f, "key id is {got} bytes, expected 32"),
            Self::Key { got, expected } => {
                write!(f, "proof is under key {got}, expected {expected}")
            }
            Self::Circuit { got, expected } => {
                write!(f, "the pinned key is for {got}, expected one for {expected}")
            }
            Self::Question { field } => write!(f, "the question does not fit this check: {field}"),
            Self::Log { got, expected } => {
                write!(f, "history is of {got:?}, expected {expected:?}")
            }
            Self::Inputs(error) => error.fmt(f),
            Self::Proof(error) => error.fmt(f),
            Self::Root(error) => error.fmt(f),
            Self::NotAsked { input } => write!(f, "public input {input} is not what was asked for"),
            Self::Over { expiry, now } => {
                let ago = Span(now.saturating_sub(*expiry));
                write!(f, "the request or claim expired at {}, {ago} ago", Utc(*expiry))
            }
            Self::Equation => write!(f, "the proof does not prove the statement"),
        }
    }
}

impl core::error::Error for VerifyError {}
