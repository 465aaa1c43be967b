//! Compares the transforms of every backend that the CPU supports with those of arkworks,
//! element by element.
#![allow(missing_docs, clippy::unwrap_used)]

use ark_bn254::Fr;
use ark_ff::{
    AdditiveGroup as _, BigInt, FftField as _, Field as _, PrimeField as _, UniformRand as _,
};
use ark_poly::{EvaluationDomain as _, Radix2EvaluationDomain};
use bn254x8::{Backend, Error, Ntt};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

fn plain(a: &[Fr], b: &[Fr], n: usize, shift: Fr) -> Vec<BigInt<4>> {
    let domain = Radix2EvaluationDomain::<Fr>::new(n).unwrap();
    let coset = domain.get_coset(shift).unwrap();
    let onto = |values: &[Fr]| {
        let mut values = values.to_vec();
        values.resize(n, Fr::ZERO);
        coset.fft(&domain.ifft(&values))
    };
    onto(a).iter().zip(onto(b)).map(|(a, b)| (*a * b).into_bigint()).collect()
}

#[test]
fn coset_products_are_arkworks() {
    let mut rng = StdRng::seed_from_u64(1);
    for log_size in 0..=14u32 {
        let n = 1usize << log_size;
        let next = Fr::get_root_of_unity(2 * n as u64).unwrap();
        for shift in [Fr::GENERATOR, next, Fr::ONE] {
            for length in [n, n / 2 + 1, rng.gen_range(0..=n)] {
                let values = |rng: &mut StdRng| match rng.gen_range(0..4) {
                    0 => vec![Fr::ZERO; length],
                    1 => vec![Fr::from(-1i64); length],
                    _ => (0..length).map(|_| Fr::rand(rng)).collect::<Vec<_>>(),
                };
                let (a, b) = (values(&mut rng), values(&mut rng));
                let wanted = plain(&a, &b, n, shift);
                for backend in Backend::available() {
                    let ntt = Ntt::new(backend, log_size, shift).unwrap();
                    assert_eq!(ntt.size(), n);
                    for _ in 0..2 {
                        let mut got = vec![BigInt::from(7u64); n];
                        ntt.coset_products(&a, &b, &mut got).unwrap();
                        assert!(got == wanted, "{backend}, 2^{log_size}, {length} values");
                    }
                }
            }
        }
    }
}

/// A transform as large as the largest circuits need.
#[test]
fn large_coset_products_are_arkworks() {
    let mut rng = StdRng::seed_from_u64(3);
    for log_size in 15..=17u32 {
        let n = 1usize << log_size;
        let [a, b] = [n, n - 5].map(|n| (0..n).map(|_| Fr::rand(&mut rng)).collect::<Vec<Fr>>());
        let wanted = plain(&a, &b, n, Fr::GENERATOR);
        for backend in Backend::available() {
            let mut got = vec![BigInt::from(7u64); n];
            let ntt = Ntt::new(backend, log_size, Fr::GENERATOR).unwrap();
            ntt.coset_products(&a, &b, &mut got).unwrap();
            assert!(got == wanted, "{backend}, 2^{log_size}");
        }
    }
}

#[test]
fn other_sizes_are_refused() {
    let new = |log_size| Ntt::new(Backend::Portable, log_size, Fr::GENERATOR);
    for log_size in [29, 63, 64, 200] {
        assert_eq!(new(log_size).err(), Some(Error::Size { got: log_size }));
    }
    let ntt = new(6).unwrap();
    let (fine, long) = (vec![Fr::ONE; 64], vec![Fr::ONE; 65]);
    let mut products = vec![BigInt::from(0u64); 64];
    let refused = Err(Error::Scalars { got: 65, expected: 64 });
    assert_eq!(ntt.coset_products(&long, &fine, &mut products), refused);
    assert_eq!(ntt.coset_products(&fine, &long, &mut products), refused);
    let short = Err(Error::Scalars { got: 63, expected: 64 });
    assert_eq!(ntt.coset_products(&fine, &fine, &mut products[..63]), short);
    assert_eq!(ntt.coset_products(&fine, &fine, &mut products), Ok(()));
}
