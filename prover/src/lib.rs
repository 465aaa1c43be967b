//! Makes Groth16 proofs: an engine, development keys, and the gRPC service `wufu.v1.ProverService`.
//!
//! [`Prover`] checks a witness first, proves, and verifies the proof before it hands it out. What computes the proof is an
//! [`Engine`](engine::Engine). The service (feature `service`) sees the witness: it is for people who trust its machine as
//! they trust their wallet. In blind mode ([`blind`]) a server sees nothing of it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

pub mod blind;
pub mod engine;
pub mod iden3;
pub mod key;
#[cfg(feature = "service")]
pub mod service;
pub mod setup;

mod prover;
mod r1cs;

pub use key::ProvingKey;
pub use prover::{ProveError, ProvedStatement, Prover, Stage};
