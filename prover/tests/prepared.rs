//! The prepared engine against arkworks' prover: for every statement the proofs are the same, bit
//! for bit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use ark_ff::UniformRand;
use bn254x8::Backend;
use wufu_analysis::samples;
use wufu_circuits::Circuit;
use wufu_groth16::{
    Engine as _, PreparedEngine,
    prepared::{DEFAULT_BUDGET, Options},
};
use wufu_prover::keys;
use wufu_verifier::CircuitName;

use crate::keys::{key, rng};

/// The threads of one proof.
fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

/// Tries one statement under the tests' key.
fn statement<C: Circuit>(instance: &C) {
    let theirs = wufu_arkworks::engine(key(C::NAME).clone());
    let rng = &mut rng(25);
    let (r, s) = (Fr::rand(rng), Fr::rand(rng));
    let assignment = instance.assign();
    let expected = theirs.prove(keys::values(&assignment), r, s).unwrap();
    // Preparing Five Fu takes half a minute on one core, so the backends are tried one by one only
    // with `WUFU_FULL`.
    let all = C::NAME != CircuitName::FiveFu || std::env::var_os("WUFU_FULL").is_some();
    for backend in Backend::available().filter(|backend| all || *backend == Backend::best()) {
        let options = Options { backend, budget: DEFAULT_BUDGET };
        let prepared = keys::prepare(key(C::NAME), options, &|_| ()).unwrap();
        let ours = PreparedEngine::new(prepared);
        assert!(ours.name().contains(backend.name()), "{}", ours.name());
        assert!(ours.key().queries().table_bytes() <= DEFAULT_BUDGET);
        assert_eq!(ours.rows(), theirs.rows());
        assert_eq!(ours.verifying_key().id(), theirs.verifying_key().id());
        for threads in [1, 2] {
            let proof =
                pool(threads).install(|| ours.prove(keys::values(&assignment), r, s)).unwrap();
            assert_eq!(proof.encode(), expected.encode(), "{backend}, {threads} threads");
        }
    }
}

#[test]
fn proofs_of_gifts_are_those_of_arkworks() {
    statement(&samples::gift(&mut rng(1)));
}

#[test]
fn proofs_of_donations_are_those_of_arkworks() {
    statement(&samples::donation(&mut rng(26)));
}

#[test]
fn proofs_of_five_fu_are_those_of_arkworks() {
    statement(&samples::five_fu(&mut rng(27)));
}
