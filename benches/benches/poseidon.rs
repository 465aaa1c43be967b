//! Compares three versions of Poseidon: ours, its plain form, and light-poseidon.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use ark_bn254::Fr;
use criterion::{Criterion, criterion_group, criterion_main};
use light_poseidon::{Poseidon, PoseidonHasher};
use wufu_verifier::hash::poseidon::{hash2, hash3, hash4, plain};

fn poseidon(c: &mut Criterion) {
    let [x, y, z, w] = [3, 5, 7, 11].map(|n| -Fr::from(n));
    for inputs in [&[x, y][..], &[x, y, z], &[x, y, z, w]] {
        let mut group = c.benchmark_group(format!("poseidon of {}", inputs.len()));
        group.bench_function("wufu", |b| match *inputs {
            [x, y] => b.iter(|| hash2(black_box([x, y]))),
            [x, y, z] => b.iter(|| hash3(black_box([x, y, z]))),
            [x, y, z, w] => b.iter(|| hash4(black_box([x, y, z, w]))),
            _ => unreachable!("two to four inputs"),
        });
        group.bench_function("plain", |b| b.iter(|| plain(black_box(inputs))));
        group.bench_function("light-poseidon", |b| {
            let mut light = Poseidon::<Fr>::new_circom(inputs.len()).unwrap();
            b.iter(|| light.hash(black_box(inputs)).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, poseidon);
criterion_main!(benches);
