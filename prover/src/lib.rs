//! Proves the statements. Contains the [`Prover`], the keys by statement, development keys, and the
//! gRPC services.
//!
//! A [`Prover`] checks a witness, makes the proof, and verifies the proof before it hands it out.
//! An [`Engine`](wufu_groth16::Engine) computes the proof. The service (feature `service`) sees the
//! witness, so it is for people who trust its machine as they trust their wallet. In blind mode
//! ([`blind`]), no server sees anything of the witness.
//!
//! This program makes a development key and proves a made-up gift with it. Most of its time goes
//! into making and preparing the key.
//!
//! ```no_run
//! use rand::rngs::OsRng;
//! use wufu_analysis::samples;
//! use wufu_groth16::{PreparedEngine, prepared::Options};
//! use wufu_prover::{Prover, keys, setup};
//! use wufu_verifier::{CircuitName, Statement};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Whoever makes a development key can forge proofs under it.
//! let key = setup::development(CircuitName::Gift, &mut OsRng)?;
//! let key = keys::prepare(&key, Options::default(), &|_| {})?;
//! let prover = Prover::new(PreparedEngine::new(key));
//!
//! let gift = samples::gift(&mut OsRng);
//! let proved = prover.prove(&gift, &mut OsRng, |stage| println!("{stage:?}"))?;
//!
//! let inputs = proved.statement.public_inputs();
//! assert!(prover.verifying_key().equation_holds(&inputs, &proved.proof));
//! # Ok(())
//! # }
//! ```
//!
//! Read next: [`Prover::prove`], then [`service::run`] for trusted mode, or [`blind`] for blind
//! mode. `examples/call.rs` is a client.
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
