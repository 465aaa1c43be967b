//! The prepared engine against arkworks' prover: for every statement the proofs are the same, bit
//! for bit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
};

use ark_bn254::Fr;
use ark_ff::UniformRand;
use bn254x8::Backend;
use wufu_analysis::samples;
use wufu_circuits::Circuit;
use wufu_groth16::{
    Engine as _, PreparedEngine,
    prepared::{DEFAULT_BUDGET, Options, PreparedKey},
};
use wufu_prover::keys;
use wufu_verifier::CircuitName;

use crate::keys::{key, rng};

/// The threads of one proof.
fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

/// The tests' key of a circuit, prepared once for each backend.
pub fn prepared(circuit: CircuitName, backend: Backend) -> Arc<PreparedKey> {
    type Held = BTreeMap<(&'static str, &'static str), Arc<OnceLock<Arc<PreparedKey>>>>;
    static KEYS: Mutex<Held> = Mutex::new(Held::new());
    let names = (circuit.as_str(), backend.name());
    let slot = KEYS.lock().unwrap().entry(names).or_default().clone();
    // Other keys can be prepared meanwhile.
    let prepare = || {
        let options = Options { backend, budget: DEFAULT_BUDGET };
        Arc::new(keys::prepare(key(circuit), options, &|_| ()).unwrap())
    };
    slot.get_or_init(prepare).clone()
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
        let ours = PreparedEngine::new(prepared(C::NAME, backend));
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
