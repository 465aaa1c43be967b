//! Criterion: proving and verifying each statement. `cargo bench -p wufu-benches --bench statements`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{hint::black_box, time::Duration};

use ark_bn254::Fr;
use criterion::{Criterion, criterion_group, criterion_main};
use rand::rngs::OsRng;
use wufu_analysis::samples::{donation, five_fu, gift};
use wufu_circuits::Circuit;
use wufu_prover::{
    engine::{ArkEngine, Engine as _},
    setup,
};
use wufu_verifier::{Proof, Statement as _};

fn statement<C: Circuit>(criterion: &mut Criterion, instance: &C) {
    let key = setup::development(C::NAME, &mut OsRng).unwrap();
    let verifying_key = key.verifying_key().clone();
    let engine = ArkEngine::new(key);
    let assignment = instance.assign();
    let (r, s) = (Fr::from(3u64), Fr::from(5u64));
    let proof = engine.prove(&assignment, r, s).unwrap();
    let (bytes, inputs) = (proof.encode(), instance.public().public_inputs());
    assert!(verifying_key.equation_holds(&inputs, &proof));

    let mut group = criterion.benchmark_group(C::NAME.as_str());
    group.sample_size(10).measurement_time(Duration::from_secs(15));
    group.bench_function("witness", |bench| bench.iter(|| black_box(instance).assign()));
    group.bench_function("prove", |bench| {
        bench.iter(|| engine.prove(black_box(&assignment), r, s).unwrap());
    });
    group.bench_function("verify, decoding included", |bench| {
        bench.iter(|| {
            let proof = Proof::decode(black_box(&bytes)).unwrap();
            assert!(verifying_key.equation_holds(&inputs, &proof));
        });
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    statement(criterion, &five_fu(&mut OsRng));
    statement(criterion, &donation(&mut OsRng));
    statement(criterion, &gift(&mut OsRng));
}

criterion_group!(benches, all);
criterion_main!(benches);
