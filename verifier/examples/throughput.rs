//! Measures what checking costs on this machine, beside ark-groth16: one proof, and 1,024 together,
//! of which none, one, one in twenty or all are bad.
//!
//! ```sh
//! cargo run --release -p wufu-verifier --example throughput                     # on arkworks
//! cargo run --release -p wufu-verifier --example throughput --features simd     # in lanes
//! ```
//!
//! The proofs are simulated with the secrets of a key that is made here. One thread; the best of
//! several rounds, with all candidates in turn.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[allow(dead_code)]
#[path = "../tests/batch/scene.rs"]
mod scene;
#[allow(dead_code)]
#[path = "../tests/batch/simulate.rs"]
mod simulate;

use std::time::Instant;

use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_groth16::{Groth16, PreparedVerifyingKey, r1cs_to_qap::LibsnarkReduction};
use ark_serialize::CanonicalDeserialize;
use scene::{Scene, Shown, spoil};
use wufu_verifier::{CircuitName, FiveFu, Statement, check::batch::OsEntropy, verify_batch};

const COUNT: usize = 1024;
const ROUNDS: usize = 7;

/// What arkworks does with the same bytes: points with their subgroups, inputs, equation; nothing
/// of scope, root or binding.
fn ark(key: &PreparedVerifyingKey<Bn254>, shown: &Shown) -> bool {
    let proof = ark_groth16::Proof {
        a: G1Affine::deserialize_compressed(&shown.proof[..32]).unwrap(),
        b: G2Affine::deserialize_compressed(&shown.proof[32..96]).unwrap(),
        c: G1Affine::deserialize_compressed(&shown.proof[96..]).unwrap(),
    };
    let inputs: Vec<Fr> =
        shown.inputs.chunks(32).map(|x| Fr::deserialize_compressed(x).unwrap()).collect();
    Groth16::<Bn254, LibsnarkReduction>::verify_proof(key, &proof, &inputs).unwrap()
}

/// Microseconds.
fn time<R>(best: &mut f64, per: usize, body: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let out = body();
    *best = best.min(start.elapsed().as_secs_f64() * 1e6 / per as f64);
    out
}

fn main() {
    let mut scene = Scene::new(CircuitName::FiveFu, 1);
    let shown: Vec<Shown> = (0..COUNT).map(|_| scene.claim()).collect();
    let mut poisoned = shown.clone();
    spoil(&mut poisoned[COUNT / 2 + 77]);
    let mut scattered = shown.clone();
    scattered.iter_mut().step_by(20).for_each(spoil);
    let mut hopeless = shown.clone();
    hopeless.iter_mut().for_each(spoil);
    let statement = FiveFu::decode(&shown[0].inputs).unwrap();
    let points = scene.trapdoor.key.points();
    let key = ark_groth16::prepare_verifying_key(&ark_groth16::VerifyingKey {
        alpha_g1: points.alpha,
        beta_g2: points.beta,
        gamma_g2: points.gamma,
        delta_g2: points.delta,
        gamma_abc_g1: points.inputs.clone(),
    });
    let [mut peer, mut one, mut open, mut together, mut spoiled, mut mixed, mut flood] =
        [f64::MAX; 7];
    for _ in 0..ROUNDS {
        let few = &shown[..32];
        time(&mut peer, few.len(), || assert!(few.iter().all(|shown| ark(&key, shown))));
        time(&mut one, few.len(), || {
            assert!(few.iter().all(|shown| scene.open_claim(shown).verify().is_ok()));
        });
        let batch = |shown: &[Shown], open: &mut f64| {
            let pending = time(open, COUNT, || scene.open_claims(shown));
            verify_batch(pending, &mut OsEntropy).unwrap()
        };
        let clean = time(&mut together, COUNT, || batch(&shown, &mut open));
        assert!(clean.verdicts.iter().all(Result::is_ok));
        let bad = time(&mut spoiled, COUNT, || batch(&poisoned, &mut open));
        assert_eq!(bad.spoilers().collect::<Vec<_>>(), [COUNT / 2 + 77]);
        let bad = time(&mut mixed, COUNT, || batch(&scattered, &mut open));
        assert_eq!(bad.spoilers().count(), COUNT.div_ceil(20));
        let bad = time(&mut flood, COUNT, || batch(&hopeless, &mut open));
        assert_eq!(bad.spoilers().count(), COUNT);
    }
    println!("Five Fu, {} public inputs, one thread", statement.public_inputs().len());
    println!("ark-groth16, one proof         {peer:8.1} us");
    println!("one proof                      {one:8.1} us   {:.2} of ark-groth16", one / peer);
    println!(
        "1,024 together, each           {together:8.1} us   1/{:.1} of ark-groth16",
        peer / together
    );
    println!("  of it reading and asking     {open:8.1} us");
    println!(
        "1,024 with a bad one, each     {spoiled:8.1} us   {:.2} of a clean batch",
        spoiled / together
    );
    println!(
        "1,024, one in 20 bad, each     {mixed:8.1} us   {:.2} of a clean batch",
        mixed / together
    );
    println!(
        "1,024, all of them bad, each   {flood:8.1} us   {:.2} of one by one",
        flood / (open + one)
    );
}
