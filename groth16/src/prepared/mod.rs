//! The prepared engine: a key's points in the form that proofs need, with tables, and proofs by `bn254x8`.

mod attestation;
mod budget;
mod file;
mod fold;
mod header;
mod key;
mod mapped_file;
mod progress;
mod queries;
mod schedule;
mod sums;
mod workspace;

use std::sync::Arc;

use ark_bn254::Fr;
use bn254x8::Backend;
use wufu_verifier::{Proof, VerifyingKey};

pub use budget::DEFAULT_BUDGET;
pub use file::{Integrity, PreparedFileError, remove};
pub use header::Header;
pub use key::PreparedKey;
pub use progress::{Progress, Step};
pub use queries::{Queries, WireBases};
pub use sums::ProofSums;
pub use workspace::Workspaces;

use crate::{AssignmentRef, Engine, EngineError};

/// Why a key cannot be prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// It has another number of points than its circuit needs.
    #[error("proving key has {got} points in {query}, expected {expected}")]
    Count {
        /// Which of its vectors.
        query: &'static str,
        /// How many points that has.
        got: usize,
        /// How many it must have.
        expected: usize,
    },
    /// The circuit's domain is larger than the field allows.
    #[error("the circuit is too large for the field")]
    Domain,
    /// The tables could not be made.
    #[error(transparent)]
    Kernel(#[from] bn254x8::Error),
}

/// How a key is prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The instructions that its proofs are made with.
    pub backend: Backend,
    /// What its tables may take, in bytes. With 0 they are the bare points: slowest, and smallest.
    pub budget: usize,
}

impl Default for Options {
    /// The fastest backend of this machine, and [`DEFAULT_BUDGET`].
    fn default() -> Self {
        Self { backend: Backend::best(), budget: DEFAULT_BUDGET }
    }
}

/// The engine for a prepared key.
///
/// Called in a rayon pool of several threads it makes one proof on all of them, soonest; in a pool of one thread it makes it
/// there alone, and one such pool a core makes most proofs an hour. Memory for as many proofs as were made at the same time is
/// kept, wiped.
pub struct PreparedEngine {
    key: Arc<PreparedKey>,
    name: String,
    workspaces: Workspaces,
}

impl PreparedEngine {
    /// The engine for a key, which others may use, too.
    pub fn new(key: impl Into<Arc<PreparedKey>>) -> Self {
        let key = key.into();
        Self { name: key.summary(), key, workspaces: Workspaces::new() }
    }

    /// The key.
    pub fn key(&self) -> &Arc<PreparedKey> {
        &self.key
    }
}

impl Engine for PreparedEngine {
    fn name(&self) -> &str {
        &self.name
    }

    fn verifying_key(&self) -> &VerifyingKey {
        self.key.verifying_key()
    }

    fn rows(&self) -> usize {
        self.key.queries().rows()
    }

    fn prove(&self, assignment: AssignmentRef<'_>, r: Fr, s: Fr) -> Result<Proof, EngineError> {
        let proof = self.key.queries().prove(assignment, r, s, &self.workspaces)?;
        Ok(Proof::new(proof.a, proof.b, proof.c)?)
    }
}
