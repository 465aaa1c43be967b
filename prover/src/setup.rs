//! Development keys, made by one command on one machine. Whoever makes such a key can forge proofs,
//! so the key says in its own bytes that it is for development.

use rand::{CryptoRng, RngCore, SeedableRng as _, rngs::StdRng};
use wufu_circuits::registry_entry;
use wufu_groth16::{KeyFileError, ProvingKey, generate};
use wufu_verifier::{
    CircuitName,
    groth16::key::{Provenance, Reduction},
};

use crate::keys;

/// Makes a development key for a circuit. The secrets that allow forging are drawn and dropped in
/// this function. Nobody can verify that they were not kept.
///
/// # Errors
/// Returns an error if the key would be unsafe, which does not happen with random secrets.
///
/// # Cost
/// One fixed-base multiplication for each point of the key, which takes seconds.
pub fn development(
    circuit: CircuitName,
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<ProvingKey, KeyFileError> {
    development_as(circuit, Reduction::Libsnark, rng)
}

/// [`development`], with a choice of reduction.
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
