//! The prepared engine: a key's points in the form that proofs need, with tables, and proofs
//! computed by `bn254x8`.

mod attestation;
mod budget;
mod error;
mod file;
mod fold;
mod header;
mod key;
mod mapped_file;
mod options;
mod progress;
mod queries;
mod schedule;
mod sums;
mod workspace;

use std::sync::Arc;

use ark_bn254::Fr;
use wufu_verifier::{Proof, VerifyingKey};

pub use budget::DEFAULT_BUDGET;
pub use error::{PrepareError, PreparedFileError};
pub use file::{Integrity, remove};
pub use header::Header;
pub use key::PreparedKey;
pub use options::Options;
pub use progress::{Progress, Step};
pub use queries::{Queries, WireBases};
pub use sums::ProofSums;
pub use workspace::Workspaces;

use crate::{AssignmentRef, Engine, EngineError};

/// The engine for a prepared key.
///
/// In a rayon pool of several threads, one proof uses all of them, which gives the lowest latency.
/// In a pool of one thread, a proof uses that thread alone; one such pool per core gives the
/// highest throughput. The engine keeps memory for as many proofs as ever ran concurrently, and
/// wipes it after each proof.
pub struct PreparedEngine {
    key: Arc<PreparedKey>,
    name: String,
    workspaces: Workspaces,
}

impl PreparedEngine {
    /// Makes an engine for a key, which may be shared.
    pub fn new(key: impl Into<Arc<PreparedKey>>) -> Self {
        let key = key.into();
        Self { name: key.summary(), key, workspaces: Workspaces::new() }
    }

    /// The prepared key.
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
