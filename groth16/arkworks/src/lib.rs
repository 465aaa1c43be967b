//! arkworks' Groth16 prover behind the engine interface. It is the reference for every other
//! engine.
//!
//! Only tests and benches use this crate. The programs do not, because arkworks' provers are
//! generic and take longer to compile than ours.

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
