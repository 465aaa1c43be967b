//! Makes a powers-of-tau file, prepared for phase 2, in seconds; snarkjs takes minutes. Its tau is
//! public.
//!
//! It is for tests of formats: anybody can forge under a key made from it.

use std::io::{self, Write};

use ark_bn254::{Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, PrimeGroup, ScalarMul};
use ark_ff::{BigInt, Field, PrimeField, UniformRand};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rand::{SeedableRng, rngs::StdRng};

/// Writes the file, for domains of up to `2^power`.
pub fn write(power: u32, out: &mut impl Write) -> io::Result<()> {
    let mut rng = StdRng::seed_from_u64(1);
    let [tau, alpha, beta] = [(); 3].map(|()| Fr::rand(&mut rng));
    let size = 1usize << power;
    let powers = powers(tau, 2 * size - 1);
    let lagrange = |top: u32| -> Vec<Fr> {
        let domains = (0..=top).map(|power| Radix2EvaluationDomain::<Fr>::new(1 << power).unwrap());
        domains.flat_map(|domain| domain.evaluate_all_lagrange_coefficients(tau)).collect()
    };
    let (once, twice) = (lagrange(power), lagrange(power + 1));

    out.write_all(b"ptau")?;
    out.write_all(&1u32.to_le_bytes())?;
    out.write_all(&11u32.to_le_bytes())?;
    let mut header = 32u32.to_le_bytes().to_vec();
    header.extend(limbs(Fq::MODULUS));
    header.extend([power, power].map(u32::to_le_bytes).concat());
    section(out, 1, &header)?;
    section(out, 2, &g1(&powers))?;
    section(out, 3, &g2(&powers[..size]))?;
    section(out, 4, &g1(&times(alpha, &powers[..size])))?;
    section(out, 5, &g1(&times(beta, &powers[..size])))?;
    section(out, 6, &g2(&[beta]))?;
    // There are no contributions.
    section(out, 7, &0u32.to_le_bytes())?;
    section(out, 12, &g1(&twice))?;
    section(out, 13, &g2(&once))?;
    section(out, 14, &g1(&times(alpha, &once)))?;
    section(out, 15, &g1(&times(beta, &once)))
}

fn section(out: &mut impl Write, number: u32, body: &[u8]) -> io::Result<()> {
    out.write_all(&number.to_le_bytes())?;
    out.write_all(&(body.len() as u64).to_le_bytes())?;
    out.write_all(body)
}

fn powers(tau: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |power| Some(*power * tau)).take(count).collect()
}

fn times(factor: Fr, values: &[Fr]) -> Vec<Fr> {
    values.iter().map(|value| factor * value).collect()
}

fn g1(scalars: &[Fr]) -> Vec<u8> {
    G1Projective::generator().batch_mul(scalars).iter().flat_map(point_g1).collect()
}

fn g2(scalars: &[Fr]) -> Vec<u8> {
    G2Projective::generator().batch_mul(scalars).iter().flat_map(point_g2).collect()
}

/// A point as it is stored in `.ptau` and `.zkey`.
pub fn point_g1(point: &G1Affine) -> Vec<u8> {
    let (x, y) = point.xy().unwrap_or_default();
    [x, y].into_iter().flat_map(coordinate).collect()
}

/// A point as it is stored in `.ptau` and `.zkey`.
pub fn point_g2(point: &G2Affine) -> Vec<u8> {
    let (x, y) = point.xy().unwrap_or_default();
    [x.c0, x.c1, y.c0, y.c1].into_iter().flat_map(coordinate).collect()
}

fn coordinate(value: Fq) -> Vec<u8> {
    // As it is in memory, in Montgomery form.
    limbs(value.0)
}

/// An integer of 32 bytes.
pub fn limbs(integer: BigInt<4>) -> Vec<u8> {
    integer.0.into_iter().flat_map(u64::to_le_bytes).collect()
}
