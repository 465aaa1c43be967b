//! Compares the limb arithmetic in emulation with the plain sum, and checks the bounds of all
//! lazily reduced values on the way. `tests/msm.rs` tests the release code.

use ark_bn254::Fr;
use ark_ec::CurveGroup as _;
use ark_ff::{BigInt, PrimeField as _, UniformRand as _};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::*;
use crate::{backend::EmulatedIsa, reference};

/// Compares the sums by each list of scalars with the plain ones. One table, whose rows are made
/// and read by one backend, serves all lists.
fn every<G: Group>(window: u32, step: u32, bases: &[G::Affine], lists: &[Vec<BigInt<4>>]) {
    let shape = Shape { bases: bases.len(), window, step };
    let rows = precompute::rows::<G, _>(EmulatedIsa, &shape, bases, &|_| ());
    let table = Table::<G> { backend: Backend::Portable, shape, rows: Rows::Owned(rows) };
    for (list, scalars) in lists.iter().enumerate() {
        let wanted: Sum<G> = reference::msm(bases, scalars);
        let view = table.view();
        let got = sum::<G, _>(EmulatedIsa, view, 0, scalars, &mut Workspace::default());
        let bases = bases.len();
        assert!(got == wanted, "window {window}, step {step}, {bases} bases, list {list}");
    }
}

fn points<G: Group>(count: usize, rng: &mut StdRng) -> Vec<G::Affine> {
    (0..count).map(|_| Sum::<G>::rand(rng).into_affine()).collect()
}

fn scalars(count: usize, rng: &mut StdRng) -> Vec<BigInt<4>> {
    (0..count)
        .map(|_| match rng.gen_range(0..8) {
            0 => BigInt::zero(),
            1 => BigInt::from(1u64),
            2 => Fr::from(-1i64).into_bigint(),
            3 => BigInt::from(rng.r#gen::<u16>()),
            4 => BigInt::from(rng.r#gen::<u64>()),
            _ => Fr::rand(rng).into_bigint(),
        })
        .collect()
}

fn group<G: Group>() {
    let mut rng = StdRng::seed_from_u64(3);
    for (count, window, step) in
        [(1, 4, 1), (7, 5, 1), (9, 6, 2), (60, 4, 64), (130, 8, 1), (200, 9, 3), (90, 7, 37)]
    {
        let bases = points::<G>(count, &mut rng);
        let lists = [
            scalars(count, &mut rng),
            vec![BigInt::zero(); count],
            vec![BigInt::from(1u64); count],
            vec![Fr::from(-1i64).into_bigint(); count],
        ];
        every::<G>(window, step, &bases, &lists);
    }
}

#[test]
fn sums_in_the_first_group() {
    group::<G1>();
}

#[test]
fn sums_in_the_second_group() {
    group::<G2>();
}

/// Bases that collide with themselves and their negatives: in buckets (equal x in a round), between
/// buckets (doublings in the reduction), and with sums at infinity. The largest number of bases is
/// tried in one shape, and in all of them with `WUFU_FULL=1`.
fn collisions<G: Group>() {
    let mut rng = StdRng::seed_from_u64(4);
    let one = points::<G>(1, &mut rng)[0];
    let two = (one + one).into_affine();
    let negative = (-one.into_group()).into_affine();
    let few =
        [one, two, negative, one, (two + one).into_affine(), (-two.into_group()).into_affine()];
    for count in [2usize, 3, 16, 100, 400] {
        let same = vec![one; count];
        let turns: Vec<_> = (0..count).map(|i| few[i % few.len()]).collect();
        let opposite: Vec<_> = (0..count).map(|i| [one, negative][i % 2]).collect();
        let powers: Vec<_> =
            (0..count).map(|i| one.mul_bigint([1u64 << (i % 60)]).into_affine()).collect();
        for bases in [same, turns, opposite, powers] {
            let equal = vec![BigInt::from(5u64); count];
            let counted: Vec<_> = (0..count).map(|i| BigInt::from(i as u64 % 5)).collect();
            let full = std::env::var_os("WUFU_FULL").is_some_and(|flag| flag == "1");
            let shapes = [(5, 51), (4, 1), (6, 1)];
            for (window, step) in &shapes[..if count < 400 || full { 3 } else { 1 }] {
                let lists = [equal.clone(), counted.clone(), scalars(count, &mut rng)];
                every::<G>(*window, *step, &bases, &lists);
            }
        }
    }
}

#[test]
fn collisions_in_the_first_group() {
    collisions::<G1>();
}

#[test]
fn collisions_in_the_second_group() {
    collisions::<G2>();
}
