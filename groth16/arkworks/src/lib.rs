//! arkworks' own Groth16 prover behind the engine's interface: the reference for every other engine.
//!
//! Tests and benches use this crate. No program that serves or proves does: arkworks' provers are
//! generic, and to compile them takes longer than to compile ours.

#[cfg(test)]
use wufu_testing as _;

mod engine;
mod reduction;
mod rows;

pub use engine::ArkEngine;
pub use reduction::CircomReduction;

use wufu_circuits::registry_entry;
use wufu_groth16::ProvingKey;

/// arkworks' engine for a statement's key.
///
/// # Cost
/// As [`ArkEngine::new`], and one pass over the circuit.
pub fn engine(key: ProvingKey) -> ArkEngine {
    let shape = registry_entry(key.verifying_key().circuit()).shape();
    ArkEngine::new(key, wufu_prover::keys::rows(&shape))
}
