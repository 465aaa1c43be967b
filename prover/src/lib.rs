//! Proves the statements: [`Prover`], keys by statement, development set-up, and the gRPC services.
//!
//! [`Prover`] checks a witness first, proves, and verifies the proof before it hands it out. What
//! computes the proof is an [`Engine`](wufu_groth16::Engine). The service (feature `service`) sees
//! the witness: it is for people who trust its machine as they trust their wallet. In blind mode
//! ([`blind`]) a server sees nothing of it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

pub mod blind;
pub mod keys;
#[cfg(feature = "service")]
pub mod service;
pub mod setup;

mod prover;

pub use prover::{ProveError, ProvedStatement, Prover, Stage};
