//! Compares a single product with fixed points, and the final exponentiation, with arkworks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::{Bn254, Fq, Fq2, Fq12, Fr, G1Affine, G2Affine, G2Projective};
use ark_ec::{
    AffineRepr as _, CurveGroup as _, PrimeGroup as _,
    pairing::{MillerLoopOutput, Pairing as _},
};
use ark_ff::{AdditiveGroup as _, Field as _, PrimeField as _, UniformRand as _};
use bn254x8::{
    Backend, Error,
    pairing::{Fixed, final_exponentiation},
};
use num_bigint::BigUint;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

type Pair = (G1Affine, G2Affine);

fn check(fixed: [G2Affine; 2], points: &[G1Affine; 2], pair: &Pair) {
    let wanted =
        Bn254::multi_pairing([points[0], points[1], pair.0], [fixed[0], fixed[1], pair.1]).0;
    for backend in Backend::available() {
        let fixed = Fixed::new(backend, fixed).unwrap();
        let product = fixed.miller_product(points, pair).unwrap();
        let got = final_exponentiation(backend, &product).unwrap().unwrap();
        assert_eq!(got, wanted, "{backend}");
    }
}

#[test]
fn products_are_arkworks() {
    let rng = &mut StdRng::seed_from_u64(1);
    for _ in 0..4 {
        let fixed = [G2Affine::rand(rng), G2Affine::rand(rng)];
        let points = [G1Affine::rand(rng), G1Affine::rand(rng)];
        check(fixed, &points, &(G1Affine::rand(rng), G2Affine::rand(rng)));
        // One point and its negative in every position.
        let (p, q) = (points[0], fixed[0]);
        check([q, -q], &[p, p], &(p, q));
        check([q, q], &[p, -p], &(-p, -q));
    }
    let (p, q) = (G1Affine::generator(), G2Affine::generator());
    check([q, q], &[p, p], &(p, q));
}

#[test]
fn infinity_contributes_one() {
    let rng = &mut StdRng::seed_from_u64(2);
    let (zero, zero_2) = (G1Affine::identity(), G2Affine::identity());
    let qs: [G2Affine; 3] = std::array::from_fn(|_| G2Affine::rand(rng));
    let ps: [G1Affine; 3] = std::array::from_fn(|_| G1Affine::rand(rng));
    for mask in 0..64u32 {
        let p = |i: usize| if mask >> i & 1 == 1 { zero } else { ps[i] };
        let q = |i: usize| if mask >> (3 + i) & 1 == 1 { zero_2 } else { qs[i] };
        check([q(0), q(1)], &[p(0), p(1)], &(p(2), q(2)));
    }
}

/// A random point of the twisted curve. It is in the group with negligible probability.
fn on_curve(rng: &mut StdRng) -> G2Affine {
    loop {
        if let Some(point) = G2Affine::get_point_from_x_unchecked(Fq2::rand(rng), rng.r#gen()) {
            return point;
        }
    }
}

#[test]
fn strangers_are_refused() {
    let rng = &mut StdRng::seed_from_u64(3);
    let q = G2Affine::generator();
    let points = [G1Affine::rand(rng), G1Affine::rand(rng)];
    let order: BigUint = Fr::MODULUS.into();
    let cofactor = BigUint::from(2u8) * BigUint::from(Fq::MODULUS) - &order;
    let times = |n: &BigUint, p: G2Affine| p.mul_bigint(n.to_u64_digits()).into_affine();
    let mut strangers = vec![on_curve(rng), times(&order, on_curve(rng))];
    for factor in [10069u64, 5864401, 1875725156269] {
        let small = times(&order, times(&(&cofactor / factor), on_curve(rng)));
        assert!(!small.is_zero() && times(&BigUint::from(factor), small).is_zero());
        strangers.extend([small, -small, (small + G2Affine::rand(rng)).into_affine()]);
        // Multiples of a point of small order: sums in the loop coincide.
        strangers.extend((2..20u64).map(|k| times(&BigUint::from(k), small)));
    }
    for backend in Backend::available() {
        let fixed = Fixed::new(backend, [q, -q]).unwrap();
        for stranger in &strangers {
            for p in [G1Affine::generator(), G1Affine::identity()] {
                assert_eq!(fixed.miller_product(&points, &(p, *stranger)), None, "{backend}");
            }
            let index = Fixed::new(backend, [q, *stranger]).unwrap_err();
            assert_eq!(index, Error::Subgroup { index: 1 });
        }
        for k in [1u64, 2, 3, 4965661367192848881] {
            let member = (G2Projective::generator() * Fr::from(k)).into_affine();
            assert!(fixed.miller_product(&points, &(points[0], member)).is_some());
        }
    }
}

#[test]
fn powers_are_arkworks() {
    let rng = &mut StdRng::seed_from_u64(4);
    let mut elements = vec![Fq12::ONE, -Fq12::ONE];
    elements.extend((0..20).map(|_| Fq12::rand(rng)));
    let mut sparse = Fq12::ONE;
    sparse.c1.c1 = Fq2::rand(rng);
    elements.push(sparse);
    for backend in Backend::available() {
        for element in &elements {
            let wanted = Bn254::final_exponentiation(MillerLoopOutput(*element)).unwrap().0;
            let got = final_exponentiation(backend, element).unwrap();
            assert_eq!(got, Some(wanted), "{backend}");
        }
        assert_eq!(final_exponentiation(backend, &Fq12::ZERO).unwrap(), None);
    }
}
