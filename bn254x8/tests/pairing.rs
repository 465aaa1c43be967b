//! Compares Miller loops and the membership check with arkworks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::num::NonZeroUsize;

use ark_bn254::{Bn254, Fq, Fq2, Fq12, Fr, G1Affine, G2Affine, G2Projective};
use ark_ec::{
    AffineRepr as _, CurveGroup as _, PrimeGroup as _,
    pairing::{MillerLoopOutput, Pairing as _},
};
use ark_ff::{AdditiveGroup as _, Field as _, PrimeField as _, UniformRand as _};
use bn254x8::{
    Backend,
    pairing::{Checked, miller_product, miller_products, miller_values},
    subgroup::outside_subgroup,
};
use num_bigint::{BigInt, BigUint};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

type Pair = (G1Affine, G2Affine);

fn random_pairs(count: usize, rng: &mut StdRng) -> Vec<Pair> {
    (0..count).map(|_| (G1Affine::rand(rng), G2Affine::rand(rng))).collect()
}

fn finished(f: Fq12) -> Fq12 {
    Bn254::final_exponentiation(MillerLoopOutput(f)).unwrap().0
}

fn expected(pairs: &[Pair]) -> Fq12 {
    Bn254::multi_pairing(pairs.iter().map(|p| p.0), pairs.iter().map(|p| p.1)).0
}

fn checked(backend: Backend, pairs: &[Pair], eights: usize) -> Checked {
    miller_products(backend, pairs, NonZeroUsize::new(eights).unwrap()).unwrap()
}

fn equal(pairs: &[Pair], what: &str) {
    for backend in Backend::available() {
        let got = miller_product(backend, pairs).unwrap();
        assert_eq!(finished(got), expected(pairs), "{what}, {backend}");
        let values = miller_values(backend, pairs).unwrap();
        assert_eq!(values.len(), pairs.len(), "{what}, {backend}");
        for (pair, value) in pairs.iter().zip(&values) {
            assert_eq!(finished(*value), Bn254::pairing(pair.0, pair.1).0, "{what}, {backend}");
        }
        assert_eq!(values.iter().product::<Fq12>(), got, "{what}, {backend}");
        for eights in [1, 2, usize::MAX] {
            let checked = checked(backend, pairs, eights);
            let parts = pairs.len().div_ceil(eights.saturating_mul(8));
            assert_eq!(checked.products.len(), parts, "{what}, {backend}");
            for (product, values) in
                checked.products.iter().zip(values.chunks(eights.saturating_mul(8)))
            {
                assert_eq!(*product, values.iter().product(), "{what}, {backend}");
            }
            assert_eq!(checked.outside, [0; 0], "{what}, {backend}");
        }
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

/// The prime factors of the cofactor, which are orders of points outside the group.
const FACTORS: [&str; 4] =
    ["10069", "5864401", "1875725156269", "197620364512881247228717050342013327560683201906968909"];

fn number(decimal: &str) -> BigUint {
    decimal.parse().unwrap()
}

fn times(number: &BigUint, point: &G2Affine) -> G2Affine {
    point.mul_bigint(number.to_u64_digits()).into_affine()
}

fn order() -> BigUint {
    Fr::MODULUS.into()
}

fn cofactor() -> BigUint {
    BigUint::from(2u8) * BigUint::from(Fq::MODULUS) - order()
}

/// Finite points outside the group, each with a description.
fn strangers(rng: &mut StdRng) -> Vec<(String, G2Affine)> {
    let mut out = vec![("random".to_owned(), on_curve(rng))];
    for factor in FACTORS {
        let rest = cofactor() / number(factor);
        let small = loop {
            let point = times(&order(), &times(&rest, &on_curve(rng)));
            if !point.is_zero() {
                break point;
            }
        };
        assert!(times(&number(factor), &small).is_zero());
        out.push((format!("order {factor}"), small));
        let shifted = (small + G2Affine::rand(rng)).into_affine();
        out.push((format!("a point of the group plus one of order {factor}"), shifted));
    }
    let whole = times(&order(), &on_curve(rng));
    out.push(("a point whose order is the cofactor".to_owned(), whole));
    out
}

#[test]
fn products_are_arkworks() {
    let rng = &mut StdRng::seed_from_u64(1);
    for count in [0, 1, 2, 7, 8, 9, 17] {
        equal(&random_pairs(count, rng), &format!("{count} pairs"));
    }
}

#[test]
fn pairs_at_infinity_contribute_one() {
    let rng = &mut StdRng::seed_from_u64(2);
    let pairs = random_pairs(9, rng);
    for position in 0..9 {
        for (p, q) in [(true, false), (false, true), (true, true)] {
            let mut pairs = pairs.clone();
            if p {
                pairs[position].0 = G1Affine::identity();
            }
            if q {
                pairs[position].1 = G2Affine::identity();
            }
            equal(&pairs, &format!("infinity at {position}: {p} {q}"));
        }
    }
    equal(&[(G1Affine::identity(), G2Affine::identity()); 8], "nothing but infinity");
}

#[test]
fn equal_pairs_and_opposite_ones_are_nothing_special() {
    let rng = &mut StdRng::seed_from_u64(3);
    let (p, q) = (G1Affine::rand(rng), G2Affine::rand(rng));
    equal(&[(p, q); 10], "one pair ten times");
    for backend in Backend::available() {
        let product = miller_product(backend, &[(p, q), (-p, q), (p, -q), (-p, -q)]).unwrap();
        assert_eq!(finished(product), Fq12::ONE);
        let product = miller_product(backend, &[(p, q), (p, -q), (p, q)]).unwrap();
        assert_eq!(finished(product), Bn254::pairing(p, q).0);
    }
}

#[test]
fn more_pairs_than_a_chunk() {
    let rng = &mut StdRng::seed_from_u64(4);
    let (p, q) = (G1Affine::rand(rng), G2Affine::rand(rng));
    let count = 1024 + 9;
    let wanted = Bn254::pairing(p, q) * Fr::from(count as u64);
    for backend in Backend::available() {
        let mut pairs = vec![(p, q); count];
        let product = miller_product(backend, &pairs).unwrap();
        assert_eq!(finished(product), wanted.0, "{backend}");
        let stranger = strangers(rng)[1].1;
        pairs[3].1 = stranger;
        pairs[1030].1 = stranger;
        // Group sizes that divide a chunk, that do not divide one, and that exceed one.
        for eights in [4, 48, 129, 400] {
            let checked = checked(backend, &pairs, eights);
            assert_eq!(checked.outside, [3, 1030], "{backend}");
            assert_eq!(checked.products.len(), count.div_ceil(8 * eights), "{backend}");
            // The contribution of a point outside the group can be divided out again.
            let values = miller_values(backend, &[(p, stranger)]).unwrap();
            let stranger = values[0].inverse().unwrap();
            for (part, product) in checked.products.iter().enumerate() {
                let places = 8 * eights * part..count.min(8 * eights * (part + 1));
                let strangers = [3, 1030].into_iter().filter(|at| places.contains(at)).count();
                let rest = finished((0..strangers).fold(*product, |f, _| f * stranger));
                let wanted = Bn254::pairing(p, q) * Fr::from((places.len() - strangers) as u64);
                assert_eq!(rest, wanted.0, "part {part} of {eights} eights, {backend}");
            }
        }
        let qs: Vec<G2Affine> = pairs.iter().map(|pair| pair.1).collect();
        assert_eq!(outside_subgroup(backend, &qs).unwrap(), [3, 1030], "{backend}");
    }
}

#[test]
fn strangers_are_found_at_every_position() {
    let rng = &mut StdRng::seed_from_u64(5);
    let good = random_pairs(9, rng);
    for (why, stranger) in strangers(rng) {
        assert!(stranger.is_on_curve() && !stranger.is_in_correct_subgroup_assuming_on_curve());
        for backend in Backend::available() {
            for position in 0..9 {
                let mut pairs = good.clone();
                pairs[position].1 = stranger;
                // The other point of the pair does not matter.
                if position % 2 == 1 {
                    pairs[position].0 = G1Affine::identity();
                }
                let qs: Vec<G2Affine> = pairs.iter().map(|pair| pair.1).collect();
                let found = outside_subgroup(backend, &qs).unwrap();
                assert_eq!(found, [position], "{why} at {position}, {backend}");
                let checked = checked(backend, &pairs, 1);
                assert_eq!(checked.outside, [position], "{why} at {position}, {backend}");
            }
            let all = outside_subgroup(backend, &[stranger; 11]).unwrap();
            assert_eq!(all, (0..11).collect::<Vec<_>>(), "{why}, {backend}");
        }
    }
}

#[test]
fn points_of_the_group_are_not_strangers() {
    let rng = &mut StdRng::seed_from_u64(6);
    let generator = G2Projective::generator();
    let mut points: Vec<G2Affine> = (0..20).map(|_| G2Affine::rand(rng)).collect();
    points.extend([G2Affine::identity(), generator.into_affine(), (-generator).into_affine()]);
    points.extend((2..40u64).map(|k| (generator * Fr::from(k)).into_affine()));
    // Multiples that the loop itself reaches, and their neighbours.
    let x = Fr::from(4965661367192848881u64);
    let end = x * Fr::from(6u64) + Fr::from(2u64);
    for k in [x, end, end.double(), -end, end.inverse().unwrap(), x * x * Fr::from(6u64)] {
        points.push((generator * k).into_affine());
    }
    for backend in Backend::available() {
        assert_eq!(outside_subgroup(backend, &points).unwrap(), [0; 0], "{backend}");
        for count in [0, 1, 7, 8, 9] {
            assert_eq!(outside_subgroup(backend, &points[..count]).unwrap(), [0; 0], "{backend}");
        }
    }
}

/// The fact on which [`outside_subgroup`] relies.
#[test]
fn only_the_group_satisfies_the_relation() {
    let x = BigInt::from(4965661367192848881u64);
    let p = BigInt::from(BigUint::from(Fq::MODULUS));
    let t: BigInt = BigInt::from(6) * &x * &x + 1;
    // 6x + 2 + psi - psi^2 + psi^3, by psi^2 = t psi - p, the highest power first.
    let mut relation = vec![BigInt::from(6) * &x + 2, 1.into(), (-1).into(), 1.into()];
    while relation.len() > 2 {
        let top = relation.pop().unwrap();
        let n = relation.len();
        relation[n - 1] += &top * &t;
        relation[n - 2] -= &top * &p;
    }
    let (a, b): (&BigInt, &BigInt) = (&relation[0], &relation[1]);
    let [aa, ab, bb]: [BigInt; 3] = [a * a, a * b, b * b];
    let norm: BigInt = aa + ab * &t + bb * &p;
    let norm: BigUint = norm.to_biguint().unwrap();
    let product: BigUint = FACTORS.iter().map(|factor| number(factor)).product();
    assert_eq!(product, cofactor());
    let (mut common, mut rest) = (norm, cofactor() * order());
    while rest != BigUint::ZERO {
        (common, rest) = (rest.clone(), common % rest);
    }
    assert_eq!(common, order());
    // psi satisfies its equation on the whole curve: psi^2(P) - t psi(P) + p P = 0.
    let rng = &mut StdRng::seed_from_u64(7);
    let psi = |point: &G2Affine| {
        let (mut x, mut y) = (point.x, point.y);
        x.conjugate_in_place();
        y.conjugate_in_place();
        let twist = <ark_bn254::Config as ark_ec::bn::BnConfig>::TWIST_MUL_BY_Q_X;
        let twist_y = <ark_bn254::Config as ark_ec::bn::BnConfig>::TWIST_MUL_BY_Q_Y;
        G2Affine::new_unchecked(x * twist, y * twist_y)
    };
    let point = on_curve(rng);
    let (one, two) = (psi(&point), psi(&psi(&point)));
    let sum = two - times(&t.to_biguint().unwrap(), &one) + times(&p.to_biguint().unwrap(), &point);
    assert_eq!(sum, G2Projective::default());
}
