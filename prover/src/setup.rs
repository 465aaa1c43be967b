//! Development keys: one command, one machine. Whoever makes one can forge, so it says so in its own bytes.

use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
use ark_ec::PrimeGroup;
use ark_ff::UniformRand;
use ark_groth16::{Groth16, r1cs_to_qap::LibsnarkReduction};
use rand::{CryptoRng, RngCore, SeedableRng as _, rngs::StdRng};
use wufu_circuits::registry_entry;
use wufu_verifier::{
    CircuitName,
    groth16::key::{Provenance, Reduction},
};
use zeroize::Zeroizing;

use crate::{ProvingKey, iden3::CircomReduction, key::KeyFileError, r1cs::Rows};

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
    // One generator for everybody, so that arkworks' is compiled here, and once.
    let mut rng = StdRng::from_rng(rng).map_err(|_| KeyFileError::Generator)?;
    generate(circuit, reduction, &mut rng)
}

fn generate(
    circuit: CircuitName,
    reduction: Reduction,
    rng: &mut StdRng,
) -> Result<ProvingKey, KeyFileError> {
    let shape = registry_entry(circuit).shape();
    let toxic = Zeroizing::new([(); 4].map(|()| Fr::rand(rng)));
    let [alpha, beta, gamma, delta] = *toxic;
    let generate = match reduction {
        Reduction::Libsnark => Groth16::<Bn254, LibsnarkReduction>::generate_parameters_with_qap,
        Reduction::Circom => Groth16::<Bn254, CircomReduction>::generate_parameters_with_qap,
    };
    let points = generate(
        Rows(&shape),
        alpha,
        beta,
        gamma,
        delta,
        G1Projective::generator(),
        G2Projective::generator(),
        rng,
    );
    let points = points.map_err(|_| KeyFileError::Generator)?;
    ProvingKey::new(circuit, Provenance::Development, reduction, points)
}
