//! Groth16 over BN254 for any circuit: proving keys and prepared keys with their files, the engines
//! that compute proofs, and the formats of iden3.
//!
//! This crate does not know Wufu's statements. A circuit is a list of rows ([`R1csRef`]), and a
//! witness is the values of its wires and rows ([`AssignmentRef`]). A key carries the name and id
//! of its circuit as data. A reader says which circuit it expects ([`CircuitInfo`]), and refuses a
//! key for another one.
//!
//! Nothing here checks a statement or verifies the proofs that it makes: `wufu-prover` does both.
//!
//! # Example
//! A circuit of one row, `x * y = z`, where z is public: a key, a proof, and arkworks' verifier.
//!
//! ```
//! use ark_bn254::{Bn254, Fr};
//! use ark_ff::UniformRand as _;
//! use ark_groth16::{Groth16, prepare_verifying_key};
//! use rand::{SeedableRng as _, rngs::StdRng};
//! use wufu_groth16::{
//!     AssignmentRef, MatrixRef, R1csRef, generate,
//!     prepared::{Options, Queries, Workspaces},
//! };
//! use wufu_verifier::groth16::key::Reduction;
//!
//! // The wires are 1, z, x and y: the constant, then the public inputs, then all others.
//! let [x, y, z] = [3u64, 5, 15].map(Fr::from);
//! let one = Fr::from(1u64);
//! let (a, b, c) = ([(2, one)], [(3, one)], [(1, one)]);
//! let matrices = [&a, &b, &c].map(|row| MatrixRef::new(row, &[1]));
//! let rows = R1csRef { public_inputs: 1, wires: 4, matrices };
//!
//! // Whoever sees the randomness of a key can forge proofs: this key is for an example only.
//! let mut rng = StdRng::seed_from_u64(1);
//! let key = generate(rows, Reduction::Libsnark, &mut rng)?;
//!
//! // Preparing a key takes long and is done once; then each proof is fast.
//! let queries =
//!     Queries::new(&key, Reduction::Libsnark, rows, Options::default(), &|_progress| ())?;
//! let assignment =
//!     AssignmentRef { public_inputs: 1, z: &[one, z, x, y], az: &[x], bz: &[y], cz: &[z] };
//! let (r, s) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
//! let proof = queries.prove(assignment, r, s, &Workspaces::new())?;
//!
//! let verifying = prepare_verifying_key(&key.vk);
//! assert!(Groth16::<Bn254>::verify_proof(&verifying, &proof, &[z])?);
//! assert!(!Groth16::<Bn254>::verify_proof(&verifying, &proof, &[x])?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to read next
//! - [`Engine`] is what a prover calls, and [`PreparedEngine`] the engine that Wufu proves with.
//! - [`prepared`] has the form of a key that proofs are made from, and its file.
//! - [`iden3`] reads and writes the files of circom and snarkjs.
//! - `wufu_prover::keys` makes this crate's types from the statements of Wufu.
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
