//! Compares the rounds with the definition, in emulation, which checks all bounds.
#![allow(clippy::unwrap_used)]

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup as _, Field as _, UniformRand as _};
use rand::{SeedableRng as _, rngs::StdRng};

use super::{Constants, Hash, table::Table};
use crate::{
    backend::{EmulatedIsa, Isa},
    field::Lanes as _,
};

/// Poseidon by its definition.
fn plain(c: &Constants<'_>, inputs: &[Fr]) -> Fr {
    let mut state = vec![Fr::ZERO];
    state.extend(inputs);
    let first = c.full_rounds / 2;
    for (round, constants) in c.round_constants.chunks(c.width).enumerate() {
        for (i, (element, constant)) in state.iter_mut().zip(constants).enumerate() {
            *element += constant;
            if i == 0 || round < first || round >= first + c.partial_rounds {
                *element *= element.square().square();
            }
        }
        let product = |row: &[Fr]| row.iter().zip(&state).map(|(a, b)| *a * b).sum();
        state = c.mds.chunks(c.width).map(product).collect();
    }
    state[0]
}

fn check<const N: usize>(full_rounds: usize, partial_rounds: usize) {
    let rng = &mut StdRng::seed_from_u64(N as u64);
    let mut elements = |count: usize| (0..count).map(|_| Fr::rand(rng)).collect::<Vec<Fr>>();
    let width = N + 1;
    // Random matrices produce every value of kappa.
    let (mds, round_constants) =
        (elements(width * width), elements((full_rounds + partial_rounds) * width));
    let constants = Constants {
        width,
        full_rounds,
        partial_rounds,
        round_constants: &round_constants,
        mds: &mds,
    };
    let mut inputs: Vec<[Fr; N]> = (0..8).map(|_| elements(N).try_into().unwrap()).collect();
    inputs.extend([[Fr::ZERO; N], [-Fr::ONE; N], [Fr::ONE; N]]);
    let table = Table::new(&constants).unwrap().map(&<EmulatedIsa as Isa>::Fr::single);
    let mut hashes = vec![Fr::ZERO; inputs.len()];
    EmulatedIsa.run(Hash { table: &table, inputs: inputs.as_flattened(), hashes: &mut hashes });
    let wanted: Vec<Fr> = inputs.iter().map(|inputs| plain(&constants, inputs)).collect();
    assert_eq!(hashes, wanted, "width {width}, {full_rounds} and {partial_rounds} rounds");
}

#[test]
fn bounds_hold_through_the_rounds() {
    check::<1>(4, 2);
    check::<1>(8, 56);
    check::<2>(8, 57);
    check::<3>(4, 4);
    check::<3>(8, 56);
    check::<4>(8, 60);
    check::<5>(6, 61);
    check::<8>(8, 63);
}
