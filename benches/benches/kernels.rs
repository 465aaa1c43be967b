//! The kernels of `bn254x8`, with every backend of this machine. For ratios to arkworks': `--bin compare`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::CurveGroup;
use ark_ff::{BigInt, FftField as _, PrimeField as _, UniformRand as _};
use bn254x8::{Backend, G1, G2, Group, Ntt, Scratch, Table, msm::Shape};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::{SeedableRng as _, rngs::StdRng};

const LOGS: [u32; 2] = [13, 15];

fn points<P: CurveGroup>(count: usize, rng: &mut StdRng) -> Vec<P::Affine> {
    let (mut point, step) = (P::rand(rng), P::rand(rng));
    let next = |_| {
        point += step;
        point
    };
    P::normalize_batch(&(0..count).map(next).collect::<Vec<P>>())
}

fn sums<G: Group, P: CurveGroup<Affine = G::Affine, ScalarField = Fr>>(
    c: &mut Criterion,
    name: &str,
) {
    let rng = &mut StdRng::seed_from_u64(1);
    let mut group = c.benchmark_group(name);
    group.sample_size(10);
    for log in LOGS {
        let count = 1usize << log;
        let bases = points::<P>(count, rng);
        let scalars: Vec<BigInt<4>> = (0..count).map(|_| Fr::rand(rng).into_bigint()).collect();
        group.throughput(Throughput::Elements(count as u64));
        for backend in Backend::available() {
            let shape = Shape { bases: count, window: log, step: 1 };
            let table = Table::<G>::new(backend, shape, &bases, &|_| ()).unwrap();
            let mut scratch = Scratch::<G>::new();
            group.bench_function(BenchmarkId::new(backend.name(), count), |b| {
                b.iter(|| table.msm(0..count, &scalars, &mut scratch).unwrap());
            });
        }
    }
}

fn transforms(c: &mut Criterion) {
    let rng = &mut StdRng::seed_from_u64(2);
    let mut group = c.benchmark_group("four NTTs");
    for log in LOGS {
        let count = 1usize << log;
        let [a, b] = [(); 2].map(|()| (0..count).map(|_| Fr::rand(rng)).collect::<Vec<Fr>>());
        let mut products = vec![BigInt::default(); count];
        group.throughput(Throughput::Elements(count as u64));
        for backend in Backend::available() {
            let ntt = Ntt::new(backend, log, Fr::GENERATOR).unwrap();
            group.bench_function(BenchmarkId::new(backend.name(), count), |bencher| {
                bencher.iter(|| ntt.coset_products(&a, &b, &mut products).unwrap());
            });
        }
    }
}

fn kernels(c: &mut Criterion) {
    sums::<G1, G1Projective>(c, "MSM in G1");
    sums::<G2, G2Projective>(c, "MSM in G2");
    transforms(c);
}

criterion_group!(benches, kernels);
criterion_main!(benches);
