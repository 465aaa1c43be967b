//! Groth16 over BN254 for any circuit: proving keys and prepared keys with their files, the engines
//! that compute proofs, and the formats of iden3.
//!
//! This crate knows no statement. A circuit comes in as rows ([`R1csRef`]), a witness as the values
//! of its wires and rows ([`AssignmentRef`]). A key carries the name and id of its circuit as data;
//! a reader is told which circuit to expect ([`CircuitInfo`]), and refuses a key for another one.
//!
//! Nothing here checks a statement or verifies a proof that it makes: `wufu-prover` does both.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

pub mod iden3;
pub mod prepared;

mod circuit;
mod engine;
mod generate;
mod key;

pub use circuit::{AssignmentRef, CircuitInfo, MatrixRef, R1csRef};
pub use engine::{Engine, EngineError};
pub use generate::generate;
pub use key::{KeyFileError, ProvingKey, key_points};
pub use prepared::{PreparedEngine, PreparedKey};
