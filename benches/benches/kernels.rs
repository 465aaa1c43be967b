//! Benches of the kernels of `bn254x8`, with every backend of this machine; fields and pairings
//! beside those of arkworks. `--bin compare` gives the ratios of sums and transforms to those of
//! arkworks.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{hint::black_box, num::NonZeroUsize};

use ark_bn254::{Bn254, Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{
    CurveGroup,
    pairing::{MillerLoopOutput, Pairing as _},
};
use ark_ff::{BigInt, FftField as _, Field as _, PrimeField as _, UniformRand as _};
use bn254x8::{
    Backend, G1, G2, Group, Ntt, Scratch, Table, msm::Shape, pairing, roots, subgroup, transform,
};
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

/// A chain of 252 squarings and about sixty products for each.
fn powers(c: &mut Criterion) {
    let rng = &mut StdRng::seed_from_u64(3);
    let mut group = c.benchmark_group("powers to (q - 3) / 4 in Fq");
    let exponent = ((-Fq::from(3u64)) / Fq::from(4u64)).into_bigint();
    for count in [8, 1024] {
        let values: Vec<Fq> = (0..count).map(|_| Fq::rand(rng)).collect();
        group.throughput(Throughput::Elements(count as u64));
        for backend in Backend::available() {
            group.bench_function(BenchmarkId::new(backend.name(), count), |b| {
                b.iter(|| roots::inverse_roots(backend, &values).unwrap());
            });
        }
        group.bench_function(BenchmarkId::new("arkworks", count), |b| {
            b.iter(|| values.iter().map(|value| value.pow(exponent)).collect::<Vec<_>>());
        });
    }
}

fn points_transforms(c: &mut Criterion) {
    let rng = &mut StdRng::seed_from_u64(5);
    let mut group = c.benchmark_group("of points");
    group.sample_size(10);
    let points = points::<G1Projective>(4096, rng);
    let scalars: Vec<Fr> = points.iter().map(|_| Fr::rand(rng)).collect();
    let root = Fr::get_root_of_unity(4096).unwrap();
    for backend in Backend::available() {
        group.throughput(Throughput::Elements(4096));
        group.bench_function(BenchmarkId::new("multiples", backend.name()), |b| {
            b.iter(|| transform::scale(backend, &mut points.clone(), &scalars, &|_| ()).unwrap());
        });
        group.throughput(Throughput::Elements(transform::multiples(4096) as u64));
        group.bench_function(BenchmarkId::new("multiples of a transform", backend.name()), |b| {
            b.iter(|| transform::transform(backend, &mut points.clone(), root, &|_| ()).unwrap());
        });
    }
    group.throughput(Throughput::Elements(64));
    group.bench_function(BenchmarkId::new("multiples", "arkworks"), |b| {
        let pairs = points.iter().zip(&scalars).take(64);
        b.iter(|| pairs.clone().map(|(point, by)| *point * by).collect::<Vec<_>>());
    });
}

fn pairings(c: &mut Criterion) {
    let rng = &mut StdRng::seed_from_u64(4);
    let left = points::<G1Projective>(1024, rng);
    let right = points::<G2Projective>(1024, rng);
    let pairs: Vec<(G1Affine, G2Affine)> = left.into_iter().zip(right).collect();
    let coefficients: Vec<u128> = (0..1024).map(|_| rand::Rng::r#gen(rng)).collect();
    let product = pairing::miller_product(Backend::Portable, &pairs[..8]).unwrap();
    for count in [8, 128, 1024] {
        let pairs = &pairs[..count];
        let (left, right): (Vec<G1Affine>, Vec<G2Affine>) = pairs.iter().copied().unzip();
        let mut group = c.benchmark_group(format!("of {count}"));
        group.sample_size(10).throughput(Throughput::Elements(count as u64));
        let name = BenchmarkId::new;
        for backend in Backend::available() {
            let of = backend.name();
            let eights = NonZeroUsize::new(16).unwrap();
            group.bench_function(name("Miller loops, products of 128", of), |b| {
                b.iter(|| pairing::miller_products(backend, pairs, eights).unwrap());
            });
            group.bench_function(name("Miller loops, each by itself", of), |b| {
                b.iter(|| pairing::miller_values(backend, pairs).unwrap());
            });
            group.bench_function(name("points outside G2", of), |b| {
                b.iter(|| subgroup::outside_subgroup(backend, &right).unwrap());
            });
            group.bench_function(name("multiples by 128 bits", of), |b| {
                b.iter(|| pairing::multiples(backend, &left, &coefficients[..count]).unwrap());
            });
        }
        group.bench_function(name("Miller loops, one product", "arkworks"), |b| {
            b.iter(|| Bn254::multi_miller_loop(&left, &right));
        });
        group.bench_function(name("points outside G2", "arkworks"), |b| {
            let outside = |point: &&G2Affine| !point.is_in_correct_subgroup_assuming_on_curve();
            b.iter(|| right.iter().filter(outside).count());
        });
    }
    let mut group = c.benchmark_group("final exponentiation");
    for backend in Backend::available() {
        group.bench_function(backend.name(), |b| {
            b.iter(|| pairing::final_exponentiation(backend, black_box(&product)).unwrap());
        });
    }
    group.bench_function("arkworks", |b| {
        b.iter(|| Bn254::final_exponentiation(MillerLoopOutput(black_box(product))));
    });
}

fn kernels(c: &mut Criterion) {
    powers(c);
    pairings(c);
    sums::<G1, G1Projective>(c, "MSM in G1");
    sums::<G2, G2Projective>(c, "MSM in G2");
    transforms(c);
    points_transforms(c);
}

criterion_group!(benches, kernels);
criterion_main!(benches);
