//! arkworks' own Groth16 prover as an [`Engine`](wufu_groth16::Engine): the reference for every
//! other engine.
//!
//! Only tests and benches use this crate. arkworks' provers are generic, and take longer to compile
//! than ours.
//!
//! # Example
//! From the same random numbers, arkworks and the prepared engine make the same proof, bit for bit.
//!
//! ```
//! use rand::{SeedableRng as _, rngs::StdRng};
//! use wufu_circuits::Circuit as _;
//! use wufu_groth16::{Engine as _, PreparedEngine, prepared::Options};
//! use wufu_prover::{keys, setup};
//! use wufu_verifier::{CircuitName, Fr};
//!
//! let mut rng = StdRng::seed_from_u64(1);
//! let key = setup::development(CircuitName::Gift, &mut rng)?;
//! let prepared = PreparedEngine::new(keys::prepare(&key, Options::default(), &|_progress| ())?);
//! let arkworks = wufu_arkworks::engine(key);
//!
//! let assignment = wufu_analysis::samples::gift(&mut rng).assign();
//! let (r, s) = (Fr::from(2u64), Fr::from(3u64)); // random, where a proof must hide its witness
//! let proof = arkworks.prove(keys::values(&assignment), r, s)?;
//! assert_eq!(proof, prepared.prove(keys::values(&assignment), r, s)?);
//! assert!(arkworks.verifying_key().equation_holds(assignment.public(), &proof));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to read next
//! - [`ArkEngine`] takes the key and rows of any circuit; [`engine()`] those of a statement.
//! - [`CircomReduction`] proves under keys of snarkjs.
//! - `groth16/tests` and `prover/tests` compare the engines; `benches` measures them.

#[cfg(test)]
use wufu_testing as _;

mod engine;
mod reduction;
mod rows;

pub use engine::ArkEngine;
pub use reduction::CircomReduction;

use wufu_circuits::registry_entry;
use wufu_groth16::ProvingKey;

/// Makes the arkworks engine for a statement's key.
///
/// # Cost
/// The cost of [`ArkEngine::new`], and one pass over the circuit.
pub fn engine(key: ProvingKey) -> ArkEngine {
    let shape = registry_entry(key.verifying_key().circuit()).shape();
    ArkEngine::new(key, wufu_prover::keys::rows(&shape))
}
