//! For the same r and s, a blind proof equals a local one, bit for bit.

use std::sync::Arc;

use ark_bn254::Fr;
use ark_ff::UniformRand;
use bn254x8::Backend;
use ed25519_dalek::SigningKey;
use wufu_analysis::samples;
use wufu_circuits::Circuit;
use wufu_delegation::{BlindKey, Blinding};
use wufu_groth16::{
    Engine as _, PreparedEngine, ProvingKey,
    prepared::{DEFAULT_BUDGET, Options, PreparedKey},
};
use wufu_prover::{
    blind::{Dealer, Evaluator, kit},
    keys, setup,
};
use wufu_verifier::{CircuitName, groth16::key::Reduction};

use crate::{
    blind::scene::{Scene, small},
    keys::{key, rng},
    prepared::prepared,
};

#[test]
fn small_proofs_are_the_local_ones() {
    let rng = &mut rng(41);
    for reduction in [Reduction::Libsnark, Reduction::Circom] {
        for backend in Backend::available() {
            let public = [(); 4].map(|()| Fr::rand(rng));
            let (shape, one) = small(public, Fr::rand(rng), true);
            let (_, zeros) = small([Fr::from(0u64); 4], Fr::from(0u64), false);
            let (_, ones) = small([Fr::from(1u64); 4], -Fr::from(1u64), true);
            let scene = Scene::new(shape, reduction, backend, rng);
            let zero = Fr::from(0u64);
            for assignment in [&one, &zeros, &ones] {
                for blinding in
                    [(Fr::rand(rng), Fr::rand(rng)), (zero, Fr::rand(rng)), (zero, zero)]
                {
                    let expected = scene.arkworks(assignment, blinding);
                    assert_eq!(scene.local(assignment, blinding), expected);
                    for dealers in [1, 2, 5] {
                        let tokens = (0..dealers).map(|seed| scene.token(seed)).collect();
                        let shared = scene.share(assignment, tokens, blinding);
                        let answer = scene.answer(shared.request.as_bytes());
                        let proof = shared.pending.finish(&answer).unwrap();
                        let what = (reduction, backend, dealers);
                        assert_eq!(proof.encode(), expected.encode(), "{what:?}");
                    }
                }
            }
        }
    }
}

/// Tries one statement with each backend, at the servers and at the wallet.
fn statement<C: Circuit>(
    instance: &C,
    key: &ProvingKey,
    prepare: impl Fn(Backend) -> Arc<PreparedKey>,
) {
    let rng = &mut rng(42);
    let (r, s) = (Fr::rand(rng), Fr::rand(rng));
    let assignment = instance.assign();
    let expected =
        wufu_arkworks::engine(key.clone()).prove(keys::values(&assignment), r, s).unwrap();
    for backend in Backend::available() {
        let prepared = prepare(backend);
        let local =
            PreparedEngine::new(prepared.clone()).prove(keys::values(&assignment), r, s).unwrap();
        assert_eq!(local.encode(), expected.encode(), "{backend}");
        let dealers = [1, 2]
            .map(|n| Dealer::new(prepared.clone(), SigningKey::from_bytes(&[n; 32])).unwrap());
        let evaluator = Evaluator::new(prepared.clone()).unwrap();
        for wallet in Backend::available() {
            let verifying = prepared.verifying_key().clone();
            let wallet = BlindKey::new(verifying, kit(&prepared).unwrap(), wallet).unwrap();
            for dealers in [&dealers[..1], &dealers] {
                let deal = |dealer: &Dealer| dealer.deal(rng, u64::MAX).unwrap();
                let tokens = dealers.iter().map(deal).collect();
                let shared = wallet.share_with(&assignment, tokens, Blinding::new(r, s)).unwrap();
                let answer = evaluator.evaluate(shared.request.as_bytes()).unwrap();
                let proof = shared.pending.finish(&answer).unwrap();
                let what = (backend, wallet.backend(), dealers.len());
                assert_eq!(proof.encode(), expected.encode(), "{what:?}");
            }
        }
    }
}

/// The same under the tests' key, which other tests have prepared too.
fn own_key<C: Circuit>(instance: &C) {
    statement(instance, key(C::NAME), |backend| prepared(C::NAME, backend));
}

#[test]
fn blind_gifts_are_the_local_ones() {
    own_key(&samples::gift(&mut rng(43)));
}

#[test]
fn blind_gifts_under_a_circom_key_equal_local_ones() {
    let key = setup::development_as(CircuitName::Gift, Reduction::Circom, &mut rng(44)).unwrap();
    statement(&samples::gift(&mut rng(45)), &key, |backend| {
        let options = Options { backend, budget: DEFAULT_BUDGET };
        Arc::new(keys::prepare(&key, options, &|_| ()).unwrap())
    });
}

#[test]
fn blind_donations_are_the_local_ones() {
    own_key(&samples::donation(&mut rng(46)));
}

#[test]
fn blind_claims_are_the_local_ones() {
    if std::env::var_os("WUFU_FULL").is_none() {
        eprintln!("skipped: takes minutes; set WUFU_FULL=1");
        return;
    }
    own_key(&samples::five_fu(&mut rng(47)));
}
