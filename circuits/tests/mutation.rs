//! One change at a time: whatever changes in a true witness, the circuit notices.
//!
//! Every run changes all wires, and all private values of donations and gifts. Claims have the
//! largest circuit, and each value is a pass over it, so a run changes a random sample of their
//! private values, and all of them with `WUFU_FULL=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeMap, fmt::Debug};

use crate::common::{Fields, broken_clauses, rngs, shape, solver, tell};
use ark_bn254::Fr;
use ark_ff::{Field, UniformRand};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::index};
use wufu_analysis::samples::{Sample, donation, five_fu, gift};
use wufu_circuits::{Circuit, Clause, DonationInstance, FiveFuInstance, GiftInstance, R1cs};

/// The number of private values of a claim that a run changes if it is not full.
const SAMPLE: usize = 25;

/// Circuits with no more private values than this have all of them changed.
const FEW: usize = 100;

/// Changes that the circuit does not notice, by wire and change, with the reason.
///
/// `ext` is squared, and `-ext` has the same square. It is a public input: a proof made for `ext`
/// does not verify for `-ext`, since the verifier's sum has `ext` itself in it (tried on real keys,
/// for each input, by `a_proof_is_of_its_public_inputs_and_no_others` of the prover's
/// `tests/engine.rs`). The square is there so that the sum has a place for it.
fn is_listed<C: Circuit>(wire: usize, change: &str) -> bool {
    wire == shape::<C>().public_inputs() && change == "negated"
}

fn full() -> bool {
    std::env::var_os("WUFU_FULL").is_some_and(|flag| flag == "1")
}

/// Fresh randomness: another sample in each run, or that of `WUFU_SEED`. The seed is printed in any
/// case.
fn fresh<C: Circuit>() -> (u64, StdRng) {
    let given = std::env::var("WUFU_SEED").ok();
    let seed = given.map_or_else(rand::random, |seed| seed.parse().unwrap());
    tell::<C>(&format!("seed {seed}"));
    (seed, StdRng::seed_from_u64(seed))
}

/// The rows in which each wire occurs.
fn rows_by_wire(shape: &R1cs) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); shape.wires()];
    for matrix in shape.matrices() {
        for (row, terms) in matrix.rows().enumerate() {
            for (wire, _) in terms {
                rows[*wire as usize].push(row);
            }
        }
    }
    rows
}

pub fn no_wire_can_change_alone<C: Sample>() {
    let (seed, mut rng) = fresh::<C>();
    let shape = shape::<C>();
    let rows = rows_by_wire(shape);
    let mut z = C::sample(&mut rng).assign().z().to_vec();
    assert_eq!(shape.check(&z), Ok(()));
    let (mut tried, mut unnoticed) = (0, 0);
    for wire in 1..shape.wires() {
        let honest = z[wire];
        let changes = [
            ("random", Fr::rand(&mut rng)),
            ("one more", honest + Fr::ONE),
            ("negated", -honest),
            ("zero", Fr::from(0u64)),
            ("one", Fr::ONE),
        ];
        for (change, value) in changes.into_iter().filter(|(_, value)| *value != honest) {
            z[wire] = value;
            let noticed = rows[wire].iter().any(|row| !shape.holds(*row, &z));
            let listed = is_listed::<C>(wire, change);
            assert_eq!(noticed, !listed, "{} wire {wire}, {change}, seed {seed}", C::NAME);
            tried += 1;
            unnoticed += usize::from(!noticed);
        }
        z[wire] = honest;
    }
    let wires = shape.wires() - 1;
    tell::<C>(&format!("{wires} wires, {tried} changes, {unnoticed} unnoticed and listed"));
}

/// Rows of docs/failures.md: 8.
#[test]
fn no_wire_of_five_fu_can_change_alone() {
    no_wire_can_change_alone::<FiveFuInstance>();
}

/// Rows of docs/failures.md: 8.
#[test]
fn no_wire_of_donation_can_change_alone() {
    no_wire_can_change_alone::<DonationInstance>();
}

/// Rows of docs/failures.md: 8.
#[test]
fn no_wire_of_gift_can_change_alone() {
    no_wire_can_change_alone::<GiftInstance>();
}

/// Searches for a second witness with the same inputs: a wire that the rows leave open.
///
/// What the solver does not find from the public and the declared private inputs must be bits. A
/// row ties each of them to 0 or 1, and a sum in which they have different powers of two ties them
/// together, so that they too have one solution.
pub fn inputs_determine_all_wires<C: Circuit>(bits: usize) {
    let shape = shape::<C>();
    let [a, b, c] = shape.matrices();
    let is_bit_row = |row: &usize, wire: u32| {
        a.row(*row) == [(wire, Fr::ONE)]
            && b.row(*row) == [(0, -Fr::ONE), (wire, Fr::ONE)]
            && c.row(*row).is_empty()
    };
    let rows = rows_by_wire(shape);
    let free = solver::<C>().free();
    assert_eq!(free.len(), bits, "free wires of {}", C::NAME);
    // By the row of their sum: the weights of the bits.
    let mut sums: BTreeMap<usize, Vec<Fr>> = BTreeMap::new();
    for wire in free {
        let number = u32::try_from(*wire).unwrap();
        assert!(rows[*wire].iter().any(|row| is_bit_row(row, number)), "wire {wire} is not a bit");
        for row in rows[*wire].iter().filter(|row| !is_bit_row(row, number)) {
            assert!(b.row(*row) == [(0, Fr::ONE)] && c.row(*row).is_empty());
            let term = a.row(*row).iter().find(|(wire, _)| *wire == number).unwrap();
            sums.entry(*row).or_default().push(term.1);
        }
    }
    assert_eq!(sums.values().map(Vec::len).sum::<usize>(), bits);
    for weights in sums.values() {
        let powers = (0..weights.len()).map(|i| Fr::from(1u64 << i));
        assert!(powers.eq(weights.iter().copied()));
    }
}

/// Rows of docs/failures.md: 8.
#[test]
fn there_is_no_second_witness_for_the_same_inputs() {
    inputs_determine_all_wires::<FiveFuInstance>(0);
    inputs_determine_all_wires::<DonationInstance>(2 * 48 + 2 * 40);
    inputs_determine_all_wires::<GiftInstance>(0);
}

/// Changes one private value, lets the circuit compute everything from it, and checks that native
/// check and circuit refuse the same clauses.
fn no_private_value_can_change<C: Circuit + Fields + Debug>(make: impl Fn(&mut StdRng) -> C) {
    let (seed, mut rng) = fresh::<C>();
    let mut instance = make(&mut rng);
    let count = instance.fields().len();
    assert_eq!(count, shape::<C>().private_inputs());
    let sample = if full() || count <= FEW { count } else { SAMPLE };
    let mut tried = 0;
    for field in index::sample(&mut rng, count, sample) {
        let honest = *instance.fields()[field];
        for value in [Fr::rand(&mut rng), honest + Fr::ONE, Fr::from(0u64)] {
            if value == honest {
                continue;
            }
            *instance.fields()[field] = value;
            let clauses = instance.false_clauses();
            assert!(!clauses.is_empty(), "{} field {field}, seed {seed}", C::NAME);
            assert_eq!(
                broken_clauses(&instance),
                clauses,
                "{} field {field}, seed {seed}",
                C::NAME
            );
            tried += 1;
        }
        *instance.fields()[field] = honest;
    }
    tell::<C>(&format!("{sample} of {count} private values, {tried} changes, all refused"));
}

/// Rows of docs/failures.md: 8.
#[test]
fn no_private_value_of_five_fu_can_change() {
    no_private_value_can_change(five_fu);
}

/// Rows of docs/failures.md: 8.
#[test]
fn no_private_value_of_donation_can_change() {
    no_private_value_can_change(donation);
}

/// Rows of docs/failures.md: 8.
#[test]
fn no_private_value_of_gift_can_change() {
    no_private_value_can_change(gift);
}

/// Rows of docs/failures.md: 10.
/// Wires of a range proof that are not bits, with all sums kept right, in the whole circuit.
#[test]
fn bits_of_a_donation_are_bits() {
    let shape = shape::<DonationInstance>();
    let [a, b, c] = shape.matrices();
    // The wires of the bits, in the order of their rows: four numbers, each from its lowest bit.
    let bits: Vec<(usize, usize)> = (0..shape.rows())
        .filter(|row| shape.clauses()[*row] == Clause::D7 && c.row(*row).is_empty())
        .filter_map(|row| match (a.row(row), b.row(row)) {
            ([(wire, _)], [(0, _), (same, _)]) if wire == same => Some((row, *wire as usize)),
            _ => None,
        })
        .collect();
    assert_eq!(bits.len(), 176);
    let half = Fr::from(2u64).inverse().unwrap();
    for mut rng in rngs(2) {
        let honest = donation(&mut rng).assign().z().to_vec();
        for number in [0, 48, 96, 136] {
            for lowest in [Fr::from(2u64), half, -Fr::ONE, Fr::rand(&mut rng)] {
                let at = number + rng.gen_range(0..39);
                let [(row, wire), (next_row, next)] = [bits[at], bits[at + 1]];
                let mut z = honest.clone();
                let surplus = z[wire] - lowest;
                z[next] += surplus * half;
                z[wire] = lowest;
                let broken: Vec<usize> = shape.broken(&z).collect();
                assert!(broken.contains(&row));
                assert!(broken.iter().all(|broken| [row, next_row].contains(broken)));
            }
        }
    }
}

/// Rows of docs/failures.md: 9.
/// A running value that is none of the children, with the products made to fit by hand.
#[test]
fn membership_products_cannot_be_made_up() {
    let shape = shape::<GiftInstance>();
    let [a, b, c] = shape.matrices();
    // Rows `u v = 0` of the path, each after those of u and v.
    let zero_rows: Vec<usize> = (0..shape.rows())
        .filter(|row| shape.clauses()[*row] == Clause::G3 && c.row(*row).is_empty())
        .collect();
    assert_eq!(zero_rows.len(), 16);
    for mut rng in rngs(2) {
        let mut instance = gift(&mut rng);
        let level = rng.gen_range(0..16);
        // Spoil the level: no child is the running value, and the level above takes the new hash of
        // this level.
        for child in &mut instance.private.path.levels_mut()[level] {
            *child = Fr::rand(&mut rng);
        }
        let mut z = instance.assign().z().to_vec();
        let row = zero_rows[level];
        let ([(u, _)], [(v, _)]) = (a.row(row), b.row(row)) else {
            panic!("u and v are wires");
        };
        assert!(!shape.holds(row, &z));
        for made_up in [*u, *v] {
            let honest = std::mem::replace(&mut z[made_up as usize], Fr::from(0u64));
            assert!(shape.holds(row, &z));
            assert!(!shape.holds(row - 1, &z) || !shape.holds(row - 2, &z));
            z[made_up as usize] = honest;
        }
    }
}
