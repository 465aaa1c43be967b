//! The circuits with a row removed.

use std::collections::BTreeSet;

use ark_bn254::Fr;
use ark_ff::UniformRand;
use rand::{rngs::StdRng, seq::index};
use wufu_analysis::{
    hunt::{Determination, System},
    samples::{donation, five_fu, gift},
};
use wufu_circuits::{Circuit, Clause, DonationInstance, FiveFuInstance, GiftInstance};

use crate::{
    common::{Solver, rngs, shape},
    hunt::{NONE, full, hole_beside, open, rows_of, second_from, system, wires},
};

/// Rows of docs/failures.md: 10.
/// The rows of D7 are 48 bits and their sum, twice, then 40 bits and their sum, twice.
#[test]
fn a_boolean_that_donation_lacks_is_a_hole() {
    let (system, z) = (system::<DonationInstance>(), wires(donation));
    let rows = rows_of(shape::<DonationInstance>(), Clause::D7);
    for (at, bits) in [(0, 48), (47, 48), (49 + 13, 48), (98, 40), (98 + 41 + 39, 40)] {
        let without = system.without([rows[at]]);
        assert_eq!(open(&without).len(), bits);
        let other = hole_beside(&without, &z, &open(&without));
        assert_eq!(system.broken(&other), [rows[at]]);
    }
}

/// Rows of docs/failures.md: 13.
#[test]
fn a_range_that_donation_lacks_is_a_hole() {
    let (system, z) = (system::<DonationInstance>(), wires(donation));
    let rows = rows_of(shape::<DonationInstance>(), Clause::D7);
    for (sum, bits) in [(48, 48), (97, 48), (138, 40), (179, 40)] {
        let without = system.without([rows[sum]]);
        assert_eq!(open(&without).len(), bits);
        let other = hole_beside(&without, &z, &open(&without));
        assert_eq!(system.broken(&other), [rows[sum]]);
    }
}

/// Rows of docs/failures.md: 7.
#[test]
fn a_payload_that_no_row_binds_is_told() {
    fn unbound<C: Circuit>(payload: Clause) {
        let system = system::<C>();
        let (public, inputs) = (system.public() as u32, system.inputs());
        assert_eq!(system.unused(), NONE);
        let without = system.without(rows_of(shape::<C>(), payload));
        assert_eq!(without.unused(), [public, inputs.end - 1]);
    }
    unbound::<FiveFuInstance>(Clause::F8);
    unbound::<DonationInstance>(Clause::D8);
    unbound::<GiftInstance>(Clause::G7);
}

/// Rows of docs/failures.md: 8.
/// The last row of a hash is the equality with what is claimed.
#[test]
fn an_equality_that_a_circuit_lacks_is_told() {
    fn follows<C: Circuit>(clause: Clause) -> (Determination, Determination, System) {
        let (system, rows) = (system::<C>(), rows_of(shape::<C>(), clause));
        let without = system.without(rows.last().copied());
        // No wire is open. What is lost is that one input follows from others.
        assert_eq!(open(&without), NONE);
        (Determination::new(&system), Determination::new(&without), without)
    }
    let (with, without, _) = follows::<FiveFuInstance>(Clause::F1);
    assert!(with.private.contains(&10) && !without.private.contains(&10), "pk");
    let (with, without, _) = follows::<DonationInstance>(Clause::D2);
    assert!(with.private.contains(&13) && !without.private.contains(&13), "don");
    // A nullifier that is compared with nothing can be anything.
    let (with, without, system) = follows::<DonationInstance>(Clause::D4);
    assert!(with.public.contains(&3) && without.free_public.contains(&3), "nf_d");
    assert_eq!(system.unused(), [3]);
    assert_eq!(second_from(&system, &wires(donation), &[1, 2, 4, 5]), [3]);
}

/// Rows of docs/failures.md: 14.
/// A row in the middle of a nullifier's hash: one set of secrets has many nullifiers.
#[test]
fn a_hash_that_lacks_a_row_gives_two_nullifiers() {
    let (system, z) = (system::<FiveFuInstance>(), wires(five_fu));
    let rows = rows_of(shape::<FiveFuInstance>(), Clause::F4);
    for (card, at) in [(0, 0), (2, 100), (4, 256)] {
        let nullifier = 3 + card;
        let without = system.without([rows[card * 258 + at]]);
        assert_eq!(Determination::new(&without).free_public, [nullifier as u32, 8]);
        // Everything public is given except this nullifier.
        let given: Vec<u32> = (1..9).filter(|wire| *wire != nullifier as u32).collect();
        assert!(second_from(&without, &z, &given).contains(&nullifier));
    }
}

/// Rows of docs/failures.md: 14.
/// The inputs determine every other wire, including the nullifiers; and if any wire on the way to a
/// nullifier has another value, a row is broken.
#[test]
fn wires_that_reach_a_nullifier_are_unique() {
    fn unique<C: Circuit>(clauses: &[Clause], nullifiers: &[usize], make: fn(&mut StdRng) -> C) {
        let shape = shape::<C>();
        let system = system::<C>();
        let follows = Determination::new(&system);
        assert!(nullifiers.iter().all(|wire| follows.public.contains(&(*wire as u32))));
        let mut known = vec![true; 1 + shape.public_inputs() + shape.private_inputs()];
        follows.private.iter().chain(&follows.public).for_each(|w| known[*w as usize] = false);
        let solver = Solver::from_known(shape, &known);
        // The wires of the rows that make the nullifiers.
        let matrices = shape.matrices();
        let on_the_way: BTreeSet<usize> = clauses
            .iter()
            .flat_map(|clause| rows_of(shape, *clause))
            .flat_map(|row| matrices.map(|matrix| matrix.row(row)).concat())
            .map(|(wire, _)| wire as usize)
            .filter(|wire| *wire >= known.len() || !known[*wire])
            .collect();
        let on_the_way: Vec<usize> = on_the_way.into_iter().collect();
        let some = if full() { on_the_way.len() } else { 8 };
        for mut rng in rngs(2) {
            let honest = make(&mut rng).assign().z().to_vec();
            let mut forgotten = honest.clone();
            for wire in (0..honest.len()).filter(|wire| !solver.free().contains(wire)) {
                if !known.get(wire).copied().unwrap_or(false) {
                    forgotten[wire] = Fr::rand(&mut rng);
                }
            }
            assert!(solver.solve(shape, &forgotten) == honest);
            // A wire with another value, and everything that follows from it.
            for place in index::sample(&mut rng, on_the_way.len(), some) {
                let wire = on_the_way[place];
                let z = solver.solve_with(shape, &honest, wire, Fr::rand(&mut rng));
                assert!(shape.broken(&z).next().is_some(), "{} wire {wire}", C::NAME);
            }
        }
    }
    let five = [Clause::F1, Clause::F2, Clause::F4, Clause::F6];
    unique(&five, &[2, 3, 4, 5, 6, 7], five_fu);
    unique(&[Clause::D1, Clause::D2, Clause::D4], &[3], donation);
    unique(&[Clause::G1, Clause::G2, Clause::G4], &[2], gift);
}
