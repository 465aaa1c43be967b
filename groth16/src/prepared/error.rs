//! Why a key could not be prepared, and why a file of a prepared key was rejected.

use std::io;

use bn254x8::Backend;
use wufu_verifier::groth16::key::KeyError;

/// Why a key could not be prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The key has another number of points than its circuit needs.
    #[error("proving key has {got} points in {query}, expected {expected}")]
    Count {
        /// The name of the query.
        query: &'static str,
        /// Number of points in the query.
        got: usize,
        /// Number of points that the circuit needs.
        expected: usize,
    },
    /// The field has no evaluation domain of this size.
    #[error("the circuit is too large for the field")]
    Domain,
    /// The tables could not be computed.
    #[error(transparent)]
    Kernel(#[from] bn254x8::Error),
}

/// Why a prepared key was rejected. Prepare the proving key again to get a new file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PreparedFileError {
    /// The file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not a prepared key of this version.
    #[error("not a prepared key of version 1: the file does not begin with wufu-pp1")]
    Magic,
    /// The file's length is not what its header states.
    #[error("prepared key is {got} bytes, expected {expected}")]
    Length {
        /// Length of the file in bytes.
        got: usize,
        /// Length according to the header.
        expected: usize,
    },
    /// A number in the header is out of range.
    #[error("prepared key's {field} is {got}, which is out of range")]
    Field {
        /// The name of the field.
        field: &'static str,
        /// The value that the file has.
        got: u32,
    },
    /// Parts of the file contradict each other.
    #[error("prepared key's parts contradict each other")]
    Bounds,
    /// The file was changed.
    #[error("prepared key is damaged: the BLAKE3 hash of its {part} does not match")]
    Hash {
        /// The part of the file.
        part: &'static str,
    },
    /// The key was prepared for another backend.
    #[error("prepared key is for {got}, expected one for {expected}")]
    Backend {
        /// The key's backend.
        got: Backend,
        /// The requested backend.
        expected: Backend,
    },
    /// The key is for another circuit.
    #[error("prepared key is for {got}, expected one for {expected}")]
    Circuit {
        /// The key's circuit.
        got: &'static str,
        /// The requested circuit.
        expected: &'static str,
    },
    /// Users other than the owner may write the file.
    #[error("prepared key has mode {mode:03o}, expected one that only its owner may write")]
    Writable {
        /// Permission bits of the file.
        mode: u32,
    },
    /// The verifying key in the file was rejected.
    #[error(transparent)]
    Verifying(#[from] KeyError),
    /// A point in the header is not on the curve.
    #[error("a point in the prepared key's header is not on the curve")]
    Point,
    /// The tables cannot be used.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
}
