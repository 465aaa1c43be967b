//! Development keys and files for tests of the engine.
#![allow(dead_code, reason = "each test binary uses some of it")]

use std::{path::Path, sync::OnceLock};

use rand::{SeedableRng as _, rngs::StdRng};
use wufu_groth16::ProvingKey;
use wufu_prover::{keys, setup};
use wufu_verifier::{CircuitName, Trust};

pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// A development key, made once and kept beside the build. It is worthless elsewhere, because its
/// randomness comes from a known seed.
pub fn key(circuit: CircuitName) -> &'static ProvingKey {
    static KEYS: [OnceLock<ProvingKey>; CircuitName::ALL.len()] =
        [const { OnceLock::new() }; CircuitName::ALL.len()];
    KEYS[circuit as usize].get_or_init(|| {
        let id = circuit.id().to_string();
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{circuit}-{}", &id[..16]));
        ProvingKey::load(&path, &keys::circuit(circuit), Trust::AcceptDevelopment).unwrap_or_else(
            |_| {
                let key = setup::development(circuit, &mut rng(1)).unwrap();
                key.save(&path).unwrap();
                key
            },
        )
    })
}
