//! Tests the reader of `.zkey` files with a file that is made here. The test with snarkjs needs
//! node, and without node nothing tested what the reader refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::OnceLock;

use ark_bn254::{Bn254, Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::PrimeGroup as _;
use ark_ff::{BigInteger as _, Field as _, PrimeField as _, UniformRand as _};
use ark_groth16::Groth16;
use wufu_analysis::samples;
use wufu_circuits::{Circuit as _, GiftInstance, R1cs};
use wufu_groth16::iden3::ZkeyError;
use wufu_prover::{Prover, keys};
use wufu_verifier::{CircuitName, groth16::key::Provenance};

use crate::{
    keys::rng,
    matrices::{CircomReduction, Rows},
    snarkjs::{
        ptau::{limbs, point_g1, point_g2},
        refusals,
    },
};

/// The bodies of all sections, from section 1 on.
type Sections = Vec<Vec<u8>>;

/// A key for the gift as snarkjs would write it, from secrets that are drawn here.
fn sections() -> &'static Sections {
    static SECTIONS: OnceLock<Sections> = OnceLock::new();
    SECTIONS.get_or_init(|| {
        let (rng, shape) = (&mut rng(61), GiftInstance::shape());
        let [alpha, beta, delta] = [(); 3].map(|()| Fr::rand(rng));
        let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
        let make = Groth16::<Bn254, CircomReduction>::generate_parameters_with_qap;
        // Phase 1 leaves gamma at the generator.
        let key = make(Rows(&shape), alpha, beta, Fr::ONE, delta, g1, g2, rng).unwrap();
        let ark = &key.vk;
        let mut header = Vec::new();
        for modulus in [limbs(Fq::MODULUS), limbs(Fr::MODULUS)] {
            header.extend(32u32.to_le_bytes());
            header.extend(modulus);
        }
        for size in [shape.wires(), shape.public_inputs(), 1 << shape.domain_log2()] {
            header.extend((size as u32).to_le_bytes());
        }
        header.extend([point_g1(&ark.alpha_g1), point_g1(&key.beta_g1)].concat());
        header.extend([point_g2(&ark.beta_g2), point_g2(&ark.gamma_g2)].concat());
        header.extend([point_g1(&key.delta_g1), point_g2(&ark.delta_g2)].concat());
        let g1 = |points: &[G1Affine]| points.iter().flat_map(point_g1).collect::<Vec<u8>>();
        let g2 = |points: &[G2Affine]| points.iter().flat_map(point_g2).collect::<Vec<u8>>();
        vec![
            1u32.to_le_bytes().to_vec(),
            header,
            g1(&ark.gamma_abc_g1),
            coefficients(&shape),
            g1(&key.a_query),
            g1(&key.b_g1_query),
            g2(&key.b_g2_query),
            g1(&key.l_query),
            g1(&key.h_query),
        ]
    })
}

/// Matrix, row, wire and value (in double Montgomery form) of all coefficients of A, of B, and of
/// the public wires' rows.
fn coefficients(shape: &R1cs) -> Vec<u8> {
    let [a, b, _] = shape.matrices();
    let mut all = Vec::new();
    for (number, matrix) in [(0u32, a), (1, b)] {
        for (row, terms) in matrix.rows().enumerate() {
            all.extend(terms.iter().map(|(wire, factor)| (number, row as u32, *wire, *factor)));
        }
    }
    let public = (0..=shape.public_inputs() as u32).zip(shape.rows() as u32..);
    all.extend(public.map(|(wire, row)| (0, row, wire, Fr::ONE)));
    let mut out = (all.len() as u32).to_le_bytes().to_vec();
    for (matrix, row, wire, factor) in all {
        out.extend([matrix, row, wire].map(u32::to_le_bytes).concat());
        out.extend(limbs(Fr::from_bigint(factor.0).unwrap().0));
    }
    out
}

fn file(sections: &Sections) -> Vec<u8> {
    let mut out = b"zkey".to_vec();
    out.extend(1u32.to_le_bytes());
    out.extend((sections.len() as u32).to_le_bytes());
    for (number, body) in (1u32..).zip(sections) {
        out.extend(number.to_le_bytes());
        out.extend((body.len() as u64).to_le_bytes());
        out.extend(body);
    }
    out
}

/// The error for the file with one section changed.
fn refused(number: usize, change: impl FnOnce(&mut Vec<u8>)) -> ZkeyError {
    let mut sections = sections().clone();
    change(&mut sections[number - 1]);
    let refused = keys::from_zkey(&file(&sections), CircuitName::Gift, Provenance::Development);
    refused.expect_err("it was read")
}

#[test]
fn a_key_that_is_read_proves() {
    let key =
        keys::from_zkey(&file(sections()), CircuitName::Gift, Provenance::Development).unwrap();
    let prover = Prover::new(wufu_arkworks::engine(key));
    prover.prove(&samples::gift(&mut rng(62)), &mut rng(63), |_| ()).unwrap();
}

/// Rows of docs/failures.md: 4, 20.
#[test]
fn a_spoiled_key_is_refused() {
    refusals::of(&file(sections()), CircuitName::Gift);
}

/// Rows of docs/failures.md: 5.
#[test]
fn a_section_of_another_length_is_refused() {
    for number in 2..=9 {
        let longer = refused(number, |body| body.push(0));
        let ZkeyError::Length { section, got, expected } = longer else { panic!("{longer}") };
        assert_eq!((section as usize, got), (number, expected + 1));
    }
    assert!(matches!(refused(1, |body| body.push(0)), ZkeyError::Magic));
    let fewer = refused(4, |body| body[0] ^= 1);
    assert!(matches!(fewer, ZkeyError::Size { what: "coefficients", .. }), "{fewer}");
}

#[test]
fn a_key_over_another_field_is_refused() {
    for field in [0, 36] {
        let wide = refused(2, |body| body[field] = 48);
        assert!(matches!(wide, ZkeyError::Curve), "{wide}");
        let other = refused(2, |body| body[field + 4] ^= 1);
        assert!(matches!(other, ZkeyError::Curve), "{other}");
    }
}

/// Rows of docs/failures.md: 2.
/// The same coefficient in another form: its integer plus the modulus.
#[test]
fn a_coefficient_not_below_the_modulus_is_refused() {
    let first = 4 + 3 * 4;
    let again = refused(4, |body| {
        let place = &mut body[first..first + 32];
        let mut limbs = ark_ff::BigInt::<4>::new([0; 4]);
        for (limb, bytes) in limbs.0.iter_mut().zip(place.chunks(8)) {
            *limb = u64::from_le_bytes(bytes.try_into().unwrap());
        }
        assert!(!limbs.add_with_carry(&Fr::MODULUS));
        place.copy_from_slice(&limbs.to_bytes_le());
    });
    assert!(matches!(again, ZkeyError::Rows), "{again}");
}
