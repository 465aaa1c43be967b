//! Failures of other systems, tried on the circuits: false statements, refused by native check and
//! circuit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::common::{CASES, accepted, alone, broken_clauses, refused, rngs};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, UniformRand};
use rand::{Rng, rngs::StdRng};
use wufu_analysis::samples::{self, donation, five_fu, gift, paths};
use wufu_circuits::{
    Card, Circuit, Clause, DonationInstance, FiveFuInstance, GiftInstance, GiftWitness, Kind,
    Ownership, Path, Person, SpendKey, Tree,
};
use wufu_verifier::{
    Commitment, FiveFu, Nullifier, PublicKey, Scope,
    hash::{
        domain::Domain,
        merkle::{CARD_DEPTH, parent},
        poseidon::{hash2, hash3, hash4},
    },
};

/// Rows of docs/failures.md: 10.
#[test]
fn a_kind_between_the_kinds_is_refused() {
    // A fraction and a large kind do not select a kind, although every other clause holds: see also
    // clause_G6.
    let third = Fr::from(3u64).inverse().unwrap();
    alone(Clause::G6, gift, |rng, gift: &mut GiftInstance| {
        let w = &mut gift.private;
        w.kind = third * Fr::from(rng.gen_range(1..3u64));
        w.cm = hash4([Domain::Note.value() + w.kind, w.pk, w.rho, w.rcm]);
        w.path = paths(rng, &[w.cm]).pop().unwrap();
        gift.public = gift.private.statement();
    });
}

/// Rows of docs/failures.md: 11.
#[test]
fn an_inner_node_is_no_leaf() {
    // The value above the card, presented as if it were the card: it is on the path, but no level
    // of the path holds it in the leaf's place.
    alone(Clause::F3, five_fu, |_, claim: &mut FiveFuInstance| {
        let card = &mut claim.private.cards[2];
        let mut levels = card.path.levels()[1..].to_vec();
        levels.push(*card.path.levels().last().unwrap());
        card.path = Path::from_levels(&levels).unwrap();
    });
    alone(Clause::G3, gift, |_, gift: &mut GiftInstance| {
        let mut levels = gift.private.path.levels()[1..].to_vec();
        levels.push(*gift.private.path.levels().last().unwrap());
        gift.private.path = Path::from_levels(&levels).unwrap();
    });
    // An inner node of the donation log, presented as a donation. The path is repaired, so the
    // refusal is because it does not open.
    for mut rng in rngs(CASES) {
        let mut showing = donation(&mut rng);
        let w = &mut showing.private;
        let inner = parent(w.path.levels()[0]);
        w.don = inner;
        w.path = paths(&mut rng, &[inner]).pop().unwrap();
        showing.public = showing.private.statement(Scope(showing.public.scope));
        refused(&showing, Clause::D2);
    }
}

/// Rows of docs/failures.md: 11.
/// A card's commitment and a node of the log are outputs of one hash: four neighbouring leaves that
/// spell an opening have a parent that opens as a card. It is refused because it stands a level
/// above the leaves.
#[test]
fn four_leaves_that_spell_a_card_are_none() {
    for mut rng in rngs(CASES) {
        let mut given = gift(&mut rng);
        let w = &given.private;
        let spelled = [Domain::Note.value() + w.kind, w.pk, w.rho, w.rcm];
        assert_eq!(parent(spelled), w.cm);
        let mut log = Tree::new(CARD_DEPTH);
        log.extend(&spelled).unwrap();
        log.extend(&[Fr::rand(&mut rng); 5]).unwrap();
        given.public.root = log.root();
        for path in from_one_level_up(&log) {
            given.private.path = path;
            refused(&given, Clause::G3);
        }

        // The same in a claim whose other cards are honest cards of the same log.
        let mut claim = five_fu(&mut rng);
        let w = &mut claim.private;
        let k = rng.gen_range(0..5);
        let card = &w.cards[k];
        let spelled = [Kind::ALL[k].domain(), w.pk, card.rho, card.rcm];
        assert_eq!(parent(spelled), card.cm);
        let mut log = Tree::new(CARD_DEPTH);
        log.extend(&spelled).unwrap();
        log.extend(&w.cards.each_ref().map(|card| card.cm)).unwrap();
        for (place, card) in w.cards.iter_mut().enumerate() {
            card.path = log.path(4 + place).unwrap();
        }
        w.cards_root = log.root();
        claim.public = claim.private.statement();
        accepted(&claim);
        for path in from_one_level_up(&log) {
            claim.private.cards[k].path = path;
            refused(&claim, Clause::F3);
        }
    }
}

/// What somebody would show for the node above the first four leaves: its fifteen levels, and a
/// sixteenth.
fn from_one_level_up(log: &Tree) -> [Path<CARD_DEPTH>; 4] {
    let path: Path<CARD_DEPTH> = log.path(0).unwrap();
    let [lowest, .., top] = *path.levels();
    [top, lowest, [log.root(); 4], [Fr::ZERO; 4]].map(|last| {
        let levels = [&path.levels()[1..], &[last]].concat();
        Path::from_levels(&levels).unwrap()
    })
}

/// Rows of docs/failures.md: 11.
/// The opening of a real leaf as if it were four leaves below it.
#[test]
fn what_a_leaf_is_made_of_is_no_leaf() {
    for mut rng in rngs(CASES) {
        let honest = gift(&mut rng);
        let w = &honest.private;
        let opening = [Domain::Note.value() + w.kind, w.pk, w.rho, w.rcm];
        for below in opening {
            let mut given = honest.clone();
            let levels = [&[opening], &w.path.levels()[..CARD_DEPTH - 1]].concat();
            (given.private.path, given.private.cm) = (Path::from_levels(&levels).unwrap(), below);
            given.public = given.private.statement();
            given.public.root = honest.public.root;
            // It does not open, and its path ends a level too low.
            assert_eq!(given.false_clauses(), [Clause::G2, Clause::G3]);
            assert_eq!(broken_clauses(&given), [Clause::G2, Clause::G3]);
        }
    }
}

/// Rows of docs/failures.md: 12.
#[test]
fn the_empty_leaf_is_no_member() {
    // An empty place does lead to the root, but what is claimed about it cannot be opened.
    let empty = Fr::from(0u64);
    for mut rng in rngs(CASES) {
        let mut showing = donation(&mut rng);
        showing.private.don = empty;
        showing.private.path = paths(&mut rng, &[empty]).pop().unwrap();
        showing.public = showing.private.statement(Scope(showing.public.scope));
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

        // An empty place as a person, whatever salt is claimed for it.
        let mut claim = five_fu(&mut rng);
        claim.private.person = paths(&mut rng, &[empty]).pop().unwrap();
        claim.private.persons_root = claim.private.person.top();
        for salt in [empty, claim.private.salt, Fr::rand(&mut rng)] {
            claim.private.salt = salt;
            claim.public = claim.private.statement();
            refused(&claim, Clause::F5);
        }
    }
}

/// Rows of docs/failures.md: 13.
#[test]
fn amounts_do_not_wrap() {
    // Amounts that no record holds, in a leaf that somebody got into the log all the same.
    let max = Fr::from((1u64 << 48) - 1);
    for amount in [-Fr::ONE, Fr::from(1u128 << 64), Fr::from(1u64 << 48), max.double()] {
        alone(
            Clause::D7,
            |rng| samples::donation_of(rng, (0, 0..=(1 << 48) - 1), (0, 0..=0)),
            |rng, showing: &mut DonationInstance| {
                showing.private.amount = amount;
                reopen(rng, showing);
            },
        );
    }
    // Swapped bounds: nothing is between them.
    for amount in [5, 10, 15] {
        alone(
            Clause::D7,
            |rng| samples::donation_of(rng, (amount, 0..=20), (0, 0..=0)),
            |_, showing: &mut DonationInstance| {
                showing.private.bounds.amount_min = Fr::from(12u64);
                showing.private.bounds.amount_max = Fr::from(8u64);
                showing.public = showing.private.statement(Scope(showing.public.scope));
            },
        );
    }
}

/// Checks that native check and circuit agree about an amount, or a time, between bounds of any
/// size.
fn within_bounds(rng: &mut StdRng, is_time: bool, [value, min, max]: [Fr; 3], holds: bool) {
    let mut showing = samples::donation_of(rng, (0, 0..=0), (0, 0..=0));
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
    w.don = hash3([Domain::Don.value(), body, ownership.own(PublicKey(w.pk))]);
    w.path = paths(rng, &[w.don]).pop().unwrap();
    showing.public = showing.private.statement(Scope(showing.public.scope));
}

/// Rows of docs/failures.md: 13.
#[test]
fn native_and_circuit_agree_at_every_edge() {
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

/// Rows of docs/failures.md: 14.
#[test]
fn one_card_one_nullifier() {
    // Another path of the same card, and another claim: the same nullifier. Any other nullifier is
    // refused.
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
        for wrong in [
            -claim.public.nf_2,
            claim.public.nf_2 + Fr::ONE,
            Card::nullifier(&sk, Commitment(leaves[1])).fr(),
        ] {
            moved.public.nf_2 = wrong;
            refused(&moved, Clause::F4);
        }
    }
}

/// Rows of docs/failures.md: 14.
#[test]
fn one_donation_one_nullifier_for_a_scope() {
    // Another path, root, policy and payload: the same nullifier. Another scope: another.
    for mut rng in rngs(CASES) {
        let first = samples::donation_of(&mut rng, (500, 0..=600), (5, 0..=9));
        let (mut again, scope) = (first.clone(), first.public.scope);
        let w = &mut again.private;
        w.path = paths(&mut rng, &[w.don]).pop().unwrap();
        w.set_path = paths(&mut rng, &[w.project_key]).pop().unwrap();
        w.set_root = w.set_path.top();
        w.bounds.amount_max += Fr::ONE;
        w.ext = Fr::rand(&mut rng);
        again.public = again.private.statement(Scope(scope));
        accepted(&again);
        let [one, two] = [&first, &again].map(|instance| &instance.public);
        assert!(one.root != two.root && one.policy != two.policy && one.ext != two.ext);
        assert_eq!(one.nf_d, two.nf_d);
        let elsewhere = again.private.statement(Scope(Fr::rand(&mut rng)));
        assert_ne!(elsewhere.nf_d, one.nf_d);
        for wrong in [-one.nf_d, one.nf_d + Fr::ONE, elsewhere.nf_d] {
            let mut other = again.clone();
            other.public.nf_d = wrong;
            refused(&other, Clause::D4);
        }
    }
}

/// Rows of docs/failures.md: 14.
#[test]
fn one_gift_one_nullifier() {
    // Another path, friend, blinding and payload: the same nullifier, and another card.
    for mut rng in rngs(CASES) {
        let first = gift(&mut rng);
        let mut again = first.clone();
        let w = &mut again.private;
        w.path = paths(&mut rng, &[w.cm]).pop().unwrap();
        (w.pk_friend, w.rcm_out) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
        w.ext = Fr::rand(&mut rng);
        again.public = again.private.statement();
        accepted(&again);
        assert_eq!(first.public.nf_in, again.public.nf_in);
        assert_ne!(first.public.cm_out, again.public.cm_out);
    }
}

/// Rows of docs/failures.md: 14.
/// A card cannot be both given away and claimed: both statements show the same nullifier, so one
/// spent set takes it once.
#[test]
fn a_card_given_and_claimed_shows_one_nullifier() {
    for mut rng in rngs(CASES) {
        let claim = five_fu(&mut rng);
        accepted(&claim);
        let FiveFu { nf_0, nf_1, nf_2, nf_3, nf_4, .. } = claim.public;
        let sk = SpendKey::from_field(claim.private.sk);
        let shown = [nf_0, nf_1, nf_2, nf_3, nf_4];
        for ((kind, held), nf) in Kind::ALL.into_iter().zip(&claim.private.cards).zip(shown) {
            let card = Card { kind, rho: held.rho, rcm: held.rcm };
            let [friend, rcm, ext] = [(); 3].map(|()| Fr::rand(&mut rng));
            let friend = PublicKey(friend);
            let path = held.path.clone();
            let mut given = GiftWitness::new(&sk, (&card, path), friend, rcm, ext).into_instance();
            accepted(&given);
            assert_eq!(given.public.nf_in, nf);
            // No other nullifier would do.
            given.public.nf_in += Fr::ONE;
            given.public.cm_out =
                Card::given(kind, Nullifier(given.public.nf_in), rcm).commitment(friend).fr();
            refused(&given, Clause::G4);
        }
    }
}

/// Rows of docs/failures.md: 30.
/// Whoever issues cards and registers persons chooses or sees all of these values, and keeps them
/// for ever. None of them is a key, and none hashes to a key or a nullifier.
#[test]
fn what_an_issuer_and_a_registrar_hold_spends_nothing() {
    for mut rng in rngs(1) {
        let claim = five_fu(&mut rng);
        let w = &claim.private;
        let mut held = vec![w.pk, w.salt, Person { salt: w.salt }.leaf(PublicKey(w.pk))];
        held.extend([w.cards_root, w.persons_root, w.scope]);
        held.extend(w.cards.iter().flat_map(|card| [card.rho, card.rcm, card.cm]));
        held.extend(w.cards[0].path.levels()[0]);
        held.extend(w.person.levels()[0]);
        held.extend([Domain::Pk, Domain::Nf, Domain::Pnf, Domain::Note].map(Domain::value));
        held.sort();
        held.dedup();
        let FiveFu { nf_p, nf_0, nf_1, nf_2, nf_3, nf_4, .. } = claim.public;
        let hidden = [w.sk, nf_p, nf_0, nf_1, nf_2, nf_3, nf_4];
        assert!(hidden.iter().all(|value| !held.contains(value)));
        for a in &held {
            for b in &held {
                assert!(!hidden.contains(&hash2([*a, *b])));
                for c in held.iter().step_by(3) {
                    assert!(!hidden.contains(&hash3([*a, *b, *c])));
                }
            }
        }
        // As somebody's key, with everything that follows from it: another key has another pk.
        for value in held {
            let mut tried = claim.clone();
            tried.private.sk = value;
            tried.public = tried.private.statement();
            refused(&tried, Clause::F1);
        }
    }
}
