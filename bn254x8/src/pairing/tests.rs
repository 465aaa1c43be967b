//! Tests of the steps in emulation, which checks all bounds.
#![allow(clippy::unwrap_used)]

use ark_bn254::{Bn254, Fq2, Fq6, Fq12, G1Affine, G2Affine};
use ark_ec::pairing::{MillerLoopOutput, Pairing as _};
use ark_ff::{AdditiveGroup as _, Field as _, UniformRand as _};
use rand::{SeedableRng as _, rngs::StdRng};

use super::{attempt, scalar_of};
use crate::{
    backend::{Emulated, EmulatedIsa, Isa},
    field::{Fp12Lanes, Lanes as _},
};

#[test]
fn bounds_hold_through_the_loop() {
    let rng = &mut StdRng::seed_from_u64(1);
    let ps: Vec<G1Affine> = (0..10).map(|_| G1Affine::rand(rng)).collect();
    let qs: Vec<G2Affine> = (0..10).map(|_| G2Affine::rand(rng)).collect();
    let (lanes, outside) = attempt(EmulatedIsa, &ps, &qs, 8).unwrap();
    assert_eq!(outside, [0; 0]);
    let product = lanes.iter().flatten().product();
    let product = Bn254::final_exponentiation(MillerLoopOutput(product)).unwrap();
    assert_eq!(product, Bn254::multi_pairing(&ps, &qs));
}

/// One lane of coefficients as an arkworks element.
fn element(c: [Fq2; 6]) -> Fq12 {
    Fq12::new(Fq6::new(c[0], c[2], c[4]), Fq6::new(c[1], c[3], c[5]))
}

#[test]
fn lines_and_squares_are_those_of_the_field() {
    let rng = &mut StdRng::seed_from_u64(2);
    let mut coefficient = || -> [Fq2; 8] { std::array::from_fn(|_| Fq2::rand(rng)) };
    let plain: [[Fq2; 8]; 6] = std::array::from_fn(|_| coefficient());
    let (b, c) = (coefficient(), coefficient());
    type Pair = <EmulatedIsa as Isa>::Fq2;
    let lanes = |plain: &[Fq2; 8]| Pair::from_plain(EmulatedIsa, plain);
    let mut f = Fp12Lanes(std::array::from_fn(|i| lanes(&plain[i])));
    f.square();
    f.line(&lanes(&b), &lanes(&c));
    let wanted = (0..8).map(|lane| {
        let f = element(std::array::from_fn(|i| plain[i][lane]));
        let zero = Fq2::from(0);
        f.square() * element([Fq2::from(1), b[lane], zero, c[lane], zero, zero])
    });
    assert_eq!(f.lanes().to_vec(), wanted.collect::<Vec<_>>());
}

#[test]
fn bounds_hold_through_multiples() {
    let rng = &mut StdRng::seed_from_u64(3);
    let points: Vec<G1Affine> = (0..25).map(|_| G1Affine::rand(rng)).collect();
    let coefficients: Vec<u128> = (0..25).map(|_| rand::Rng::r#gen(rng)).collect();
    let wanted = points.iter().zip(&coefficients).map(|(p, c)| (*p * scalar_of(*c)).into());
    let got = super::multiples::chunk(EmulatedIsa, &points, &coefficients);
    assert_eq!(got, wanted.collect::<Vec<G1Affine>>());
}

#[test]
fn bounds_hold_through_the_final_exponentiation() {
    let rng = &mut StdRng::seed_from_u64(4);
    let wanted = |f| Bn254::final_exponentiation(MillerLoopOutput(f)).unwrap().0;
    for f in [Fq12::rand(rng), Fq12::rand(rng), Fq12::ONE, -Fq12::ONE] {
        assert_eq!(
            super::final_exponentiation::exponentiate::<Emulated>(EmulatedIsa, &f),
            Some(wanted(f))
        );
    }
    assert_eq!(
        super::final_exponentiation::exponentiate::<Emulated>(EmulatedIsa, &Fq12::ZERO),
        None
    );
}

#[test]
fn digits_are_those_of_x() {
    let digits = super::final_exponentiation::DIGITS.iter().rev();
    let x = digits.fold(0i128, |sum, digit| 2 * sum + i128::from(*digit));
    assert_eq!(x, i128::from(<ark_bn254::Config as ark_ec::bn::BnConfig>::X[0]));
}

#[test]
fn bounds_hold_through_a_single_product() {
    let rng = &mut StdRng::seed_from_u64(5);
    let fixed = [G2Affine::rand(rng), G2Affine::rand(rng)];
    let lines = super::single::save::<Emulated>(EmulatedIsa, &fixed);
    let points = [G1Affine::rand(rng), G1Affine::rand(rng)];
    let pair = (G1Affine::rand(rng), G2Affine::rand(rng));
    let got = super::single::product::<Emulated>(EmulatedIsa, &lines, &points, &pair).unwrap();
    let got = Bn254::final_exponentiation(MillerLoopOutput(got)).unwrap();
    let wanted = Bn254::multi_pairing([points[0], points[1], pair.0], [fixed[0], fixed[1], pair.1]);
    assert_eq!(got, wanted);
}
