//! For every clause: generated statements that are false in that clause only. The native check
//! refuses them and names the clause; the circuit refuses them in rows of that clause and no
//! others.
//!
//! The tag of the clause stands in the name of its test.
#![allow(non_snake_case, reason = "a tag is written as everywhere else")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changes;

use crate::common::{CASES, accepted, alone, refused, rngs};
use ark_bn254::Fr;
use ark_ff::{Field, UniformRand};
use rand::Rng;
use wufu_analysis::samples::{self, donation, five_fu, five_fu_of, gift, paths};
use wufu_circuits::{
    Card, Clause, DonationInstance, FiveFuInstance, GiftInstance, Kind, Ownership, Person, SpendKey,
};
use wufu_verifier::{
    PublicKey, Root, Scope,
    hash::{
        domain::Domain,
        merkle::{CARD_DEPTH, DONATION_DEPTH, PERSON_DEPTH, SET_DEPTH},
        poseidon::hash4,
    },
    statement::{ClaimRoots, anchor},
};

use changes::{alone_for_each_card, break_at, nullifier_mut};

const LEVELS: u64 = 32; // More than any tree has.

#[test]
fn honest_instances_are_accepted() {
    for mut rng in rngs(CASES) {
        accepted(&five_fu(&mut rng));
        accepted(&donation(&mut rng));
        accepted(&gift(&mut rng));
    }
}

// Five Fu.

#[test]
fn clause_F1_cards_and_person_of_another_key() {
    alone(Clause::F1, five_fu, |rng, claim: &mut FiveFuInstance| {
        claim.private.sk = Fr::rand(rng);
        claim.public = claim.private.statement();
    });
}

#[test]
fn clause_F2_one_kind_twice() {
    let missing =
        (0..5).flat_map(|missing| (1..5).map(move |next| (missing, (missing + next) % 5)));
    for ((missing, twice), mut rng) in missing.zip(rngs(20)) {
        let sk = samples::spend_key(&mut rng, "wufu");
        let mut kinds = Kind::ALL;
        kinds[missing] = kinds[twice];
        let cards = kinds.map(|kind| Card::issued(kind, "wufu", rng.r#gen(), Fr::rand(&mut rng)));
        refused(&five_fu_of(&mut rng, &sk, cards).into_instance(), Clause::F2);
    }
}

#[test]
fn clause_F2_a_card_of_somebody_else() {
    for (lent, mut rng) in rngs(5).enumerate() {
        let (mine, theirs) =
            (samples::spend_key(&mut rng, "wufu"), samples::spend_key(&mut rng, "wufu"));
        let cards =
            Kind::ALL.map(|kind| Card::issued(kind, "wufu", rng.r#gen(), Fr::rand(&mut rng)));
        let mut leaves = cards.each_ref().map(|card| card.commitment(mine.public_key()).fr());
        leaves[lent] = cards[lent].commitment(theirs.public_key()).fr();
        let mut witness = five_fu_of(&mut rng, &mine, cards);
        for ((card, leaf), path) in
            witness.cards.iter_mut().zip(leaves).zip(paths(&mut rng, &leaves))
        {
            (card.cm, card.path) = (leaf, path);
        }
        witness.cards_root = witness.cards[0].path.top();
        refused(&witness.into_instance(), Clause::F2);
    }
}

#[test]
fn clause_F2_an_opening_that_is_not_the_cards() {
    alone_for_each_card(Clause::F2, |rng, claim, card| {
        claim.private.cards[card].rcm = Fr::rand(rng);
    });
    alone_for_each_card(Clause::F2, |rng, claim, card| {
        claim.private.cards[card].rho = Fr::rand(rng);
    });
}

#[test]
fn clause_F3_a_card_that_is_not_in_the_log() {
    alone_for_each_card(Clause::F3, |rng, claim, card| {
        // A path of another card of the log: it leads to the right root, from another leaf.
        let other = (card + rng.gen_range(1..5)) % 5;
        claim.private.cards[card].path = claim.private.cards[other].path.clone();
    });
}

#[test]
fn clause_F3_a_card_of_another_log() {
    alone_for_each_card(Clause::F3, |rng, claim, card| {
        // A valid path to a root of its own: all five must end in one root.
        let leaf = claim.private.cards[card].cm;
        claim.private.cards[card].path = paths(rng, &[leaf]).pop().unwrap();
    });
}

#[test]
fn clause_F3_a_path_broken_at_one_level() {
    for (level, mut rng) in (1..CARD_DEPTH).zip(rngs(LEVELS)) {
        let mut claim = five_fu(&mut rng);
        let card = &mut claim.private.cards[level % 5];
        break_at(&mut rng, &mut card.path, card.cm, level);
        refused(&claim, Clause::F3);
    }
}

#[test]
fn clause_F4_a_nullifier_that_is_not_the_cards() {
    alone_for_each_card(Clause::F4, |rng, claim, card| {
        *nullifier_mut(&mut claim.public, card) = Fr::rand(rng);
    });
}

#[test]
fn clause_F4_nullifiers_in_another_order() {
    let pairs = (0..5).flat_map(|one| (0..one).map(move |other| (one, other)));
    for ((one, other), mut rng) in pairs.zip(rngs(10)) {
        let mut claim = five_fu(&mut rng);
        let nullifier = *nullifier_mut(&mut claim.public, one);
        let nullifier = std::mem::replace(nullifier_mut(&mut claim.public, other), nullifier);
        *nullifier_mut(&mut claim.public, one) = nullifier;
        refused(&claim, Clause::F4);
    }
}

#[test]
fn clause_F5_a_person_who_is_not_in_the_log() {
    alone(Clause::F5, five_fu, |rng, claim: &mut FiveFuInstance| {
        claim.private.salt = Fr::rand(rng);
    });
}

#[test]
fn clause_F5_a_person_who_lends_their_place() {
    alone(Clause::F5, five_fu, |rng, claim: &mut FiveFuInstance| {
        // The claimant's own cards under their own key. Somebody who does not claim reveals salt
        // and path of their leaf.
        let lender = samples::spend_key(rng, "wufu").public_key();
        let w = &mut claim.private;
        let lent = Person { salt: w.salt }.leaf(lender);
        w.person = paths(rng, &[lent]).pop().unwrap();
        w.persons_root = w.person.top();
        claim.public = claim.private.statement();
    });
}

#[test]
fn clause_F5_a_person_log_with_another_root() {
    alone(Clause::F5, five_fu, |rng, claim: &mut FiveFuInstance| {
        claim.private.persons_root = Fr::rand(rng);
        claim.public = claim.private.statement();
    });
}

#[test]
fn clause_F5_a_path_broken_at_one_level() {
    for (level, mut rng) in (1..PERSON_DEPTH).zip(rngs(LEVELS)) {
        let mut claim = five_fu(&mut rng);
        let w = &mut claim.private;
        let leaf = Person { salt: w.salt }.leaf(PublicKey(w.pk));
        break_at(&mut rng, &mut w.person, leaf, level);
        refused(&claim, Clause::F5);
    }
}

#[test]
fn clause_F6_a_nullifier_for_another_scope() {
    alone(Clause::F6, five_fu, |rng, claim: &mut FiveFuInstance| {
        let sk = SpendKey::from_field(claim.private.sk);
        claim.public.nf_p = Person::nullifier(&sk, Scope(Fr::rand(rng))).fr();
    });
}

#[test]
fn clause_F7_an_anchor_of_something_else() {
    for which in 0..4 {
        alone(Clause::F7, five_fu, |rng, claim: &mut FiveFuInstance| {
            let w = &claim.private;
            let mut inputs = [w.cards_root, w.persons_root, w.scope];
            match inputs.get_mut(which) {
                Some(input) => *input = Fr::rand(rng),
                None => inputs.swap(0, 1),
            }
            let [cards, persons, scope] = inputs;
            let roots = ClaimRoots { cards: Root(cards), persons: Root(persons) };
            claim.public.anchor = anchor(roots, Scope(scope)).fr();
        });
    }
}

#[test]
fn clause_F8_a_payload_of_another_witness() {
    alone(Clause::F8, five_fu, |rng, claim: &mut FiveFuInstance| {
        claim.public.ext = Fr::rand(rng);
    });
}

// Donation.

#[test]
fn clause_D1_a_donation_of_another_key() {
    alone(Clause::D1, donation, |rng, showing: &mut DonationInstance| {
        showing.private.sk = Fr::rand(rng);
        showing.public = showing.private.statement(Scope(showing.public.scope));
    });
}

#[test]
fn clause_D2_a_record_that_is_not_the_leafs() {
    for which in 0..5 {
        alone(
            Clause::D2,
            |rng| samples::donation_of(rng, (10, 0..=20), (10, 0..=20)),
            |rng, showing: &mut DonationInstance| {
                let w = &mut showing.private;
                match which {
                    0 => w.amount += Fr::ONE,
                    1 => w.time += Fr::ONE,
                    2 => w.receipt = Fr::rand(rng),
                    3 => w.rcm = Fr::rand(rng),
                    _ => {
                        // A donation of somebody else.
                        w.sk = Fr::rand(rng);
                        w.pk = SpendKey::from_field(w.sk).public_key().fr();
                        showing.public = showing.private.statement(Scope(showing.public.scope));
                    }
                }
            },
        );
    }
}

#[test]
fn clause_D2_another_member_of_the_set() {
    alone(Clause::D2, donation, |_, showing: &mut DonationInstance| {
        // Somebody who gave to the wrong project. Up to four members lie under one node of the
        // set's tree, and a path does not say which of them it is of: D6 holds as it stands.
        let w = &mut showing.private;
        let mine = w.project_key;
        let other = w.set_path.levels()[0].into_iter().find(|member| *member != mine);
        w.project_key = other.expect("a set of more than one");
    });
}

#[test]
fn clause_D3_a_donation_that_is_not_in_the_log() {
    alone(Clause::D3, donation, |rng, showing: &mut DonationInstance| {
        let other = Fr::rand(rng);
        showing.private.path = paths(rng, &[other]).pop().unwrap();
        showing.public.root = showing.private.path.top();
    });
}

#[test]
fn clause_D3_another_root() {
    alone(Clause::D3, donation, |rng, showing: &mut DonationInstance| {
        showing.public.root = Fr::rand(rng);
    });
}

#[test]
fn clause_D3_a_path_broken_at_one_level() {
    for (level, mut rng) in (1..DONATION_DEPTH).zip(rngs(LEVELS)) {
        let mut showing = donation(&mut rng);
        let w = &mut showing.private;
        break_at(&mut rng, &mut w.path, w.don, level);
        refused(&showing, Clause::D3);
    }
}

#[test]
fn clause_D4_a_nullifier_for_another_scope() {
    alone(Clause::D4, donation, |rng, showing: &mut DonationInstance| {
        let sk = SpendKey::from_field(showing.private.sk);
        showing.public.nf_d =
            Ownership::nullifier(&sk, Scope(Fr::rand(rng)), showing.private.don).fr();
    });
}

#[test]
fn clause_D4_a_nullifier_of_another_leaf_or_key() {
    for which in 0..4 {
        alone(Clause::D4, donation, |rng, showing: &mut DonationInstance| {
            let (w, scope) = (&showing.private, showing.public.scope);
            let (sk, pk) = (SpendKey::from_field(w.sk), SpendKey::from_field(w.pk));
            let body = hash4([Domain::Body.value(), w.project_key, w.amount, w.time]);
            showing.public.nf_d = match which {
                0 => Ownership::nullifier(&sk, Scope(scope), donation(rng).private.don),
                1 => Ownership::nullifier(&samples::spend_key(rng, "charity"), Scope(scope), w.don),
                2 => Ownership::nullifier(&sk, Scope(scope), body),
                _ => Ownership::nullifier(&pk, Scope(scope), w.don),
            }
            .fr();
        });
    }
}

#[test]
fn clause_D5_bounds_that_are_not_the_policys() {
    alone(Clause::D5, donation, |_, showing: &mut DonationInstance| {
        // The verifier asked for something else than what is proved.
        showing.private.bounds.amount_min = Fr::from(0u64);
        showing.private.bounds.amount_max = showing.private.amount;
    });
    alone(Clause::D5, donation, |rng, showing: &mut DonationInstance| {
        showing.public.policy = Fr::rand(rng);
    });
}

#[test]
fn clause_D6_a_project_outside_the_set() {
    alone(Clause::D6, donation, |rng, showing: &mut DonationInstance| {
        let other = Fr::from(rng.r#gen::<u64>());
        showing.private.set_path = paths(rng, &[other]).pop().unwrap();
        showing.private.set_root = showing.private.set_path.top();
        showing.public = showing.private.statement(Scope(showing.public.scope));
    });
}

#[test]
fn clause_D6_a_set_with_another_root() {
    alone(Clause::D6, donation, |rng, showing: &mut DonationInstance| {
        showing.private.set_root = Fr::rand(rng);
        showing.public = showing.private.statement(Scope(showing.public.scope));
    });
}

#[test]
fn clause_D6_a_path_broken_at_one_level() {
    for (level, mut rng) in (1..SET_DEPTH).zip(rngs(LEVELS)) {
        let mut showing = donation(&mut rng);
        let w = &mut showing.private;
        break_at(&mut rng, &mut w.set_path, w.project_key, level);
        refused(&showing, Clause::D6);
    }
}

#[test]
fn clause_D7_outside_the_bounds() {
    for which in 0..4 {
        alone(Clause::D7, donation, |_, showing: &mut DonationInstance| {
            let w = &mut showing.private;
            match which {
                0 => w.bounds.amount_min = w.amount + Fr::ONE,
                1 => w.bounds.amount_max = w.amount - Fr::ONE,
                2 => w.bounds.time_min = w.time + Fr::ONE,
                _ => w.bounds.time_max = w.time - Fr::ONE,
            }
            showing.public = showing.private.statement(Scope(showing.public.scope));
        });
    }
}

#[test]
fn clause_D8_a_payload_of_another_witness() {
    alone(Clause::D8, donation, |rng, showing: &mut DonationInstance| {
        showing.public.ext = Fr::rand(rng);
    });
}

// Gift.

#[test]
fn clause_G1_a_card_of_another_key() {
    alone(Clause::G1, gift, |rng, gift: &mut GiftInstance| {
        gift.private.sk = Fr::rand(rng);
        gift.public = gift.private.statement();
    });
}

#[test]
fn clause_G2_a_card_of_another_kind_or_owner() {
    alone(Clause::G2, gift, |_, gift: &mut GiftInstance| {
        // The card in the log is of one kind, and the gift claims the next.
        let next = gift.private.kind + Fr::ONE;
        gift.private.kind = if next == Fr::from(5u64) { Fr::from(0u64) } else { next };
        gift.public = gift.private.statement();
    });
    alone(Clause::G2, gift, |rng, gift: &mut GiftInstance| {
        gift.private.sk = Fr::rand(rng);
        gift.private.pk = SpendKey::from_field(gift.private.sk).public_key().fr();
        gift.public = gift.private.statement();
    });
}

#[test]
fn clause_G2_an_opening_that_is_not_the_cards() {
    alone(Clause::G2, gift, |rng, gift: &mut GiftInstance| gift.private.rho = Fr::rand(rng));
    alone(Clause::G2, gift, |rng, gift: &mut GiftInstance| gift.private.rcm = Fr::rand(rng));
}

#[test]
fn clause_G3_a_card_that_is_not_in_the_log() {
    alone(Clause::G3, gift, |rng, gift: &mut GiftInstance| {
        let other = Fr::rand(rng);
        gift.private.path = paths(rng, &[other]).pop().unwrap();
        gift.public.root = gift.private.path.top();
    });
}

#[test]
fn clause_G3_another_root() {
    alone(Clause::G3, gift, |rng, gift: &mut GiftInstance| {
        gift.public.root = Fr::rand(rng);
    });
}

#[test]
fn clause_G3_a_path_broken_at_one_level() {
    for (level, mut rng) in (1..CARD_DEPTH).zip(rngs(LEVELS)) {
        let mut gift = gift(&mut rng);
        let w = &mut gift.private;
        break_at(&mut rng, &mut w.path, w.cm, level);
        refused(&gift, Clause::G3);
    }
}

#[test]
fn clause_G4_a_nullifier_that_is_not_the_cards() {
    alone(Clause::G4, gift, |rng, gift: &mut GiftInstance| {
        let w = &gift.private;
        gift.public.nf_in = Fr::rand(rng);
        let inputs = [Domain::Note.value() + w.kind, w.pk_friend, gift.public.nf_in, w.rcm_out];
        gift.public.cm_out = hash4(inputs);
    });
}

#[test]
fn clause_G5_a_new_card_that_is_not_the_old_ones() {
    for which in 0..4 {
        alone(Clause::G5, gift, |rng, gift: &mut GiftInstance| {
            let w = &gift.private;
            let domain = Domain::Note.value() + w.kind;
            let mut inputs = [domain, w.pk_friend, gift.public.nf_in, w.rcm_out];
            inputs[which] = match which {
                0 => domain + Fr::ONE,
                _ => Fr::rand(rng),
            };
            gift.public.cm_out = hash4(inputs);
        });
    }
}

#[test]
fn clause_G6_a_sixth_kind() {
    let half = Fr::from(2u64).inverse().unwrap();
    for kind in [Fr::from(5u64), Fr::from(7u64), -Fr::ONE, half] {
        alone(Clause::G6, gift, |rng, gift: &mut GiftInstance| {
            let w = &mut gift.private;
            w.kind = kind;
            w.cm = hash4([Domain::Note.value() + kind, w.pk, w.rho, w.rcm]);
            w.path = paths(rng, &[w.cm]).pop().unwrap();
            gift.public = gift.private.statement();
        });
    }
}

#[test]
fn clause_G7_a_payload_of_another_witness() {
    alone(Clause::G7, gift, |rng, gift: &mut GiftInstance| {
        gift.public.ext = Fr::rand(rng);
    });
}
