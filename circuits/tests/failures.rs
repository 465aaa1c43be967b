//! Failures of other systems, tried on the circuits: false statements, refused by native check and circuit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, UniformRand};
use common::{CASES, accepted, alone, refused, rngs};
use rand::{Rng, rngs::StdRng};
use wufu_circuits::{
    Card, Clause, DonationInstance, FiveFuInstance, GiftInstance, Ownership, Path, SpendKey,
    testing::{self, donation, five_fu, gift, paths},
};
use wufu_verifier::{
    domain::Domain,
    poseidon::{hash3, hash4},
};

#[test]
fn f10_a_kind_between_the_kinds_is_refused() {
    // A fraction and a large kind are no selectors, though every other clause holds: see also clause_G6.
    let third = Fr::from(3u64).inverse().unwrap();
    alone(Clause::G6, gift, |rng, gift: &mut GiftInstance| {
        let w = &mut gift.private;
        w.kind = third * Fr::from(rng.gen_range(1..3u64));
        w.cm = hash4([Domain::Note.value() + w.kind, w.pk, w.rho, w.rcm]);
        w.path = paths(rng, &[w.cm]).pop().unwrap();
        gift.public = gift.private.statement();
    });
}

#[test]
fn f11_an_inner_node_is_no_leaf() {
    // The value above the card, as if it were the card: it is on the path, but no level of the path holds it in the
    // leaf's place.
    alone(Clause::F3, five_fu, |_, claim: &mut FiveFuInstance| {
        let card = &mut claim.private.cards[2];
        let mut levels = card.path.levels()[1..].to_vec();
        levels.push(*card.path.levels().last().unwrap());
        card.path = Path::from_levels(&levels).unwrap();
    });
    // An inner node of the donation log as donation: the path is repaired, so what refuses is that it opens to nothing.
    for mut rng in rngs(CASES) {
        let mut showing = donation(&mut rng);
        let w = &mut showing.private;
        let inner = wufu_verifier::merkle::parent(w.path.levels()[0]);
        w.don = inner;
        w.path = paths(&mut rng, &[inner]).pop().unwrap();
        showing.public = showing.private.statement(showing.public.scope);
        refused(&showing, Clause::D2);
    }
}

#[test]
fn f12_the_empty_leaf_is_no_member() {
    // A place that is empty does lead to the root; what is claimed of it cannot be opened.
    let empty = Fr::from(0u64);
    for mut rng in rngs(CASES) {
        let mut showing = donation(&mut rng);
        showing.private.don = empty;
        showing.private.path = paths(&mut rng, &[empty]).pop().unwrap();
        showing.public = showing.private.statement(showing.public.scope);
        refused(&showing, Clause::D2);

        let mut given = gift(&mut rng);
        given.private.cm = empty;
        given.private.path = paths(&mut rng, &[empty]).pop().unwrap();
        given.public = given.private.statement();
        refused(&given, Clause::G2);

        let mut claim = five_fu(&mut rng);
        let mut leaves = claim.private.cards.each_ref().map(|card| card.cm);
        leaves[3] = empty;
        for (card, path) in claim.private.cards.iter_mut().zip(paths(&mut rng, &leaves)) {
            card.path = path;
        }
        claim.private.cards[3].cm = empty;
        claim.private.cards_root = claim.private.cards[0].path.top();
        claim.public = claim.private.statement();
        refused(&claim, Clause::F2);
    }
}

#[test]
fn f13_amounts_do_not_wrap() {
    // Amounts that no record holds, in a leaf that somebody got into the log all the same.
    let max = Fr::from((1u64 << 48) - 1);
    for amount in [-Fr::ONE, Fr::from(1u128 << 64), Fr::from(1u64 << 48), max.double()] {
        alone(
            Clause::D7,
            |rng| testing::donation_of(rng, (0, 0..=(1 << 48) - 1), (0, 0..=0)),
            |rng, showing: &mut DonationInstance| {
                showing.private.amount = amount;
                reopen(rng, showing);
            },
        );
    }
    // Bounds swapped: nothing is between them.
    for amount in [5, 10, 15] {
        alone(
            Clause::D7,
            |rng| testing::donation_of(rng, (amount, 0..=20), (0, 0..=0)),
            |_, showing: &mut DonationInstance| {
                showing.private.bounds.amount_min = Fr::from(12u64);
                showing.private.bounds.amount_max = Fr::from(8u64);
                showing.public = showing.private.statement(showing.public.scope);
            },
        );
    }
}

/// Sees that native check and circuit are of one mind about an amount, or a time, between bounds of any size.
fn within_bounds(rng: &mut StdRng, is_time: bool, [value, min, max]: [Fr; 3], holds: bool) {
    let mut showing = testing::donation_of(rng, (0, 0..=0), (0, 0..=0));
    let w = &mut showing.private;
    let bounds = &mut w.bounds;
    match is_time {
        false => (w.amount, bounds.amount_min, bounds.amount_max) = (value, min, max),
        true => (w.time, bounds.time_min, bounds.time_max) = (value, min, max),
    }
    reopen(rng, &mut showing);
    match holds {
        true => accepted(&showing),
        false => refused(&showing, Clause::D7),
    }
}

/// Makes everything but D7 true again after a change of the record or the bounds.
fn reopen(rng: &mut StdRng, showing: &mut DonationInstance) {
    let w = &mut showing.private;
    let ownership = Ownership { receipt: w.receipt, rcm: w.rcm };
    let body = hash4([Domain::Body.value(), w.project_key, w.amount, w.time]);
    w.don = hash3([Domain::Don.value(), body, ownership.own(w.pk)]);
    w.path = paths(rng, &[w.don]).pop().unwrap();
    showing.public = showing.private.statement(showing.public.scope);
}

#[test]
fn f13_native_and_circuit_agree_at_every_edge() {
    let one = Fr::ONE;
    for (is_time, power) in [(false, 1u64 << 48), (true, 1 << 40)] {
        let power = Fr::from(power);
        let last = power - one;
        for mut rng in rngs(1) {
            let half = power.double().inverse().unwrap();
            for value in [Fr::ZERO, Fr::from(5u64), last, power, -one, half] {
                let is_integer = ![power, -one, half].contains(&value);
                // Bounds that no policy has: both go by the differences, not by what is between.
                let (min, max) = (value - last, value + last);
                for (min, max, holds) in [
                    (Fr::ZERO, last, is_integer),
                    (value, value, true),
                    (value + one, value + one, false),
                    (value - one, value - one, false),
                    (value + one, value - one, false),
                    (min, max, true),
                    (min - one, max, false),
                    (min, max + one, false),
                    (Fr::rand(&mut rng), Fr::rand(&mut rng), false),
                ] {
                    within_bounds(&mut rng, is_time, [value, min, max], holds);
                }
            }
            let (three, five) = (Fr::from(3u64), Fr::from(5u64));
            within_bounds(&mut rng, is_time, [three, -five, five], true);
        }
    }
}

#[test]
fn f14_one_card_one_nullifier() {
    // Another path of the same card, and another claim: the same nullifier. Any other nullifier is refused.
    for mut rng in rngs(CASES) {
        let claim = five_fu(&mut rng);
        let sk = SpendKey::from_field(claim.private.sk);
        let leaves = claim.private.cards.each_ref().map(|card| card.cm);
        let mut moved = claim.clone();
        for (card, path) in moved.private.cards.iter_mut().zip(paths(&mut rng, &leaves)) {
            card.path = path;
        }
        moved.private.cards_root = moved.private.cards[0].path.top();
        moved.private.scope = Fr::rand(&mut rng);
        moved.private.ext = Fr::rand(&mut rng);
        moved.public = moved.private.statement();
        accepted(&moved);
        assert_eq!(moved.public.nf_2, claim.public.nf_2);
        assert_ne!(moved.public.nf_p, claim.public.nf_p);
        for wrong in
            [-claim.public.nf_2, claim.public.nf_2 + Fr::ONE, Card::nullifier(&sk, leaves[1])]
        {
            moved.public.nf_2 = wrong;
            refused(&moved, Clause::F4);
        }
    }
}
