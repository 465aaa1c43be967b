//! Criterion: proving and verifying each statement. `cargo bench -p wufu-benches --bench
//! statements`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{hint::black_box, time::Duration};

use ark_bn254::Fr;
use criterion::{Criterion, criterion_group, criterion_main};
use rand::{
    SeedableRng as _,
    rngs::{OsRng, StdRng},
};
use wufu_analysis::samples::visit_sample;
use wufu_circuits::{Circuit, CircuitVisitor};
use wufu_groth16::Engine as _;
use wufu_prover::{keys, setup};
use wufu_verifier::{CircuitName, Proof, Statement as _};

fn statement<C: Circuit>(criterion: &mut Criterion, instance: &C) {
    let key = setup::development(C::NAME, &mut OsRng).unwrap();
    let verifying_key = key.verifying_key().clone();
    let engine = wufu_arkworks::engine(key);
    let assignment = instance.assign();
    let (r, s) = (Fr::from(3u64), Fr::from(5u64));
    let proof = engine.prove(keys::values(&assignment), r, s).unwrap();
    let (bytes, inputs) = (proof.encode(), instance.public().public_inputs());
    assert!(verifying_key.equation_holds(&inputs, &proof));

    let mut group = criterion.benchmark_group(C::NAME.as_str());
    group.sample_size(10).measurement_time(Duration::from_secs(15));
    group.bench_function("witness", |bench| bench.iter(|| black_box(instance).assign()));
    group.bench_function("prove", |bench| {
        bench.iter(|| engine.prove(keys::values(black_box(&assignment)), r, s).unwrap());
    });
    group.bench_function("verify, decoding included", |bench| {
        bench.iter(|| {
            let proof = Proof::decode(black_box(&bytes)).unwrap();
            assert!(verifying_key.equation_holds(&inputs, &proof));
        });
    });
    group.finish();
}

struct Bench<'a> {
    criterion: &'a mut Criterion,
}

impl CircuitVisitor for Bench<'_> {
    type Output = ();

    fn visit<C: Circuit>(self, instance: &C) {
        statement(self.criterion, instance);
    }
}

fn all(criterion: &mut Criterion) {
    for circuit in CircuitName::ALL {
        visit_sample(circuit, &mut StdRng::from_entropy(), Bench { criterion });
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
