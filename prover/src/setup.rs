//! Development keys: one command, one machine. Whoever makes one can forge, so it says so in its own bytes.

use rand::{CryptoRng, RngCore, SeedableRng as _, rngs::StdRng};
use wufu_circuits::registry_entry;
use wufu_groth16::{KeyFileError, ProvingKey, generate};
use wufu_verifier::{
    CircuitName,
    groth16::key::{Provenance, Reduction},
};

use crate::keys;

/// Makes a key for a circuit. What could forge is drawn here and dropped here; that nobody kept it, nobody can know.
///
/// # Errors
/// When the key would be unsafe, which a random one never is.
///
/// # Cost
/// One fixed-base multiplication for every point of the key: seconds.
pub fn development(
    circuit: CircuitName,
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<ProvingKey, KeyFileError> {
    development_as(circuit, Reduction::Libsnark, rng)
}

/// [`development`], for a reduction of choice.
///
/// # Errors
/// As [`development`].
pub fn development_as(
    circuit: CircuitName,
    reduction: Reduction,
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<ProvingKey, KeyFileError> {
    let mut rng = StdRng::from_rng(rng).map_err(|_| KeyFileError::Generator)?;
    let shape = registry_entry(circuit).shape();
    let points = generate(keys::rows(&shape), reduction, &mut rng)?;
    keys::proving_key(circuit, Provenance::Development, reduction, points)
}
