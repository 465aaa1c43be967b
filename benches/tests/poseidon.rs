//! Poseidon in lanes equals the verifier's, for every number of inputs and on every backend.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use ark_ff::UniformRand as _;
use bn254x8::{
    Backend, Error,
    poseidon::{Constants, Permutation},
};
use rand::{SeedableRng as _, rngs::StdRng};
use wufu_verifier::hash::poseidon::{hash2, hash3, hash4, parameters};

fn permutation(backend: Backend, inputs: usize) -> Permutation {
    let p = parameters(inputs).unwrap();
    let constants = Constants {
        width: p.width,
        full_rounds: p.full_rounds,
        partial_rounds: p.partial_rounds,
        round_constants: p.round_constants,
        mds: p.mds,
    };
    Permutation::new(backend, &constants).unwrap()
}

fn check<const N: usize>(hash: fn([Fr; N]) -> Fr) {
    let rng = &mut StdRng::seed_from_u64(1);
    let mut inputs = vec![[Fr::from(0); N], [Fr::from(1); N], [-Fr::from(1); N]];
    inputs.extend((0..40).map(|_| std::array::from_fn(|_| Fr::rand(rng))));
    let wanted: Vec<Fr> = inputs.iter().map(|inputs| hash(*inputs)).collect();
    for backend in Backend::available() {
        let permutation = permutation(backend, N);
        for count in [0, 1, 7, 8, 9, 16, 17, inputs.len()] {
            let mut hashes = vec![Fr::from(0); count];
            permutation.hash_many(&inputs[..count], &mut hashes).unwrap();
            assert_eq!(hashes, wanted[..count], "{count} of {N}, {backend}");
        }
    }
}

#[test]
fn lanes_are_the_native_hash() {
    check::<2>(hash2);
    check::<3>(hash3);
    check::<4>(hash4);
}

#[test]
fn shapes_must_fit() {
    for backend in Backend::available() {
        let permutation = permutation(backend, 2);
        let mut hash = [Fr::from(5)];
        let wide = permutation.hash_many(&[[Fr::from(0); 3]], &mut hash);
        assert_eq!(wide, Err(Error::Inputs { got: 3, expected: 2 }));
        let more = permutation.hash_many(&[[Fr::from(0); 2]; 2], &mut hash);
        assert_eq!(more, Err(Error::Scalars { got: 1, expected: 2 }));
        assert_eq!(hash, [Fr::from(5)], "nothing is written");
    }
    let constants =
        Constants { width: 3, full_rounds: 8, partial_rounds: 57, round_constants: &[], mds: &[] };
    let refused = Permutation::new(Backend::Portable, &constants).unwrap_err();
    assert_eq!(refused, Error::Permutation { width: 3 });
}
