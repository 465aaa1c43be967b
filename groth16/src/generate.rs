//! Keys from fresh randomness. Whoever sees that randomness can forge.

use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
use ark_ec::PrimeGroup;
use ark_ff::UniformRand;
use ark_groth16::{Groth16, r1cs_to_qap::LibsnarkReduction};
use rand::rngs::StdRng;
use wufu_verifier::groth16::key::Reduction;
use zeroize::Zeroizing;

use crate::{R1csRef, arkworks::Rows, iden3::CircomReduction, key::KeyFileError};

/// The points of a key for a circuit. The secrets are drawn here and wiped here; nobody can know that no copy was kept.
///
/// The generator is one type for every caller, so that arkworks' set-up is compiled once, in this crate.
///
/// # Errors
/// Returns an error if arkworks cannot make the key, which is our bug.
///
/// # Cost
/// One fixed-base multiplication for every point of the key: seconds for 2^15 rows.
pub fn generate(
    rows: R1csRef<'_>,
    reduction: Reduction,
    rng: &mut StdRng,
) -> Result<ark_groth16::ProvingKey<Bn254>, KeyFileError> {
    let toxic = Zeroizing::new([(); 4].map(|()| Fr::rand(rng)));
    let [alpha, beta, gamma, delta] = *toxic;
    let generate = match reduction {
        Reduction::Libsnark => Groth16::<Bn254, LibsnarkReduction>::generate_parameters_with_qap,
        Reduction::Circom => Groth16::<Bn254, CircomReduction>::generate_parameters_with_qap,
    };
    let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
    let points = generate(Rows(rows), alpha, beta, gamma, delta, g1, g2, rng);
    points.map_err(|_| KeyFileError::Generator)
}
