//! Development keys.

use ark_bn254::Fr;
use rand::{SeedableRng, rngs::StdRng};
use wufu_analysis::samples;
use wufu_circuits::Circuit;
use wufu_prover::{Prover, keys, setup};
use wufu_verifier::{CircuitName, Statement, groth16::key::Reduction};

#[test]
fn a_snarkjs_key_proves_only_true_assignments() {
    let mut rng = StdRng::seed_from_u64(1);
    let key = setup::development_as(CircuitName::Gift, Reduction::Circom, &mut rng).unwrap();
    assert_eq!(key.verifying_key().reduction(), Reduction::Circom);
    let prover = Prover::new(wufu_arkworks::engine(key));
    let mut gift = samples::gift(&mut rng);
    prover.prove(&gift, &mut rng, |_| {}).unwrap();

    gift.private.rcm_out += Fr::from(1u64);
    let assignment = gift.assign();
    let values = keys::values(&assignment);
    let proof = prover.engine().prove(values, 2u64.into(), 3u64.into()).unwrap();
    let inputs = gift.public().public_inputs();
    assert!(!prover.verifying_key().equation_holds(&inputs, &proof));
}
