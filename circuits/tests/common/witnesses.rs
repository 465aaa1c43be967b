//! Witnesses for the comparison with the twins: true, unusual, false in one clause, and with one
//! value changed.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField, UniformRand};
use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};
use wufu_analysis::samples::{self, paths};
use wufu_circuits::{
    Circuit, DonationInstance, DonationWitness, FiveFuInstance, FiveFuWitness, GiftInstance,
    GiftWitness, Ownership, Path, Person, SpendKey,
};
use wufu_verifier::{
    PublicKey, Scope, Statement,
    encoding::field,
    hash::{
        domain::Domain,
        merkle::{ARITY, CARD_DEPTH, DONATION_DEPTH, SET_DEPTH},
        poseidon::{hash3, hash4},
    },
};

use crate::common::Fields;

/// A witness, and why it was chosen.
pub struct Case<C> {
    pub sort: &'static str,
    pub instance: C,
}

/// A statement that has a twin.
pub trait Twin: Circuit + Fields {
    /// A true instance.
    fn honest(rng: &mut StdRng) -> Self;

    /// An instance of unusual values, true or false.
    fn edge(rng: &mut StdRng) -> Self;

    /// Makes a true instance false in clause `which` (modulo their number) and in no other.
    fn lie(&mut self, rng: &mut StdRng, which: usize);

    /// The input signals of the twin.
    fn signals(&self) -> Value;

    /// The public side.
    fn public_mut(&mut self) -> &mut Self::Public;

    /// The public side that follows from the witness, natively. What does not follow from it is as
    /// claimed.
    fn derived(&self) -> Self::Public;

    /// The values of [`Twin::derived`].
    fn values(&self) -> Vec<Fr> {
        self.derived().public_inputs()
    }
}

/// Returns the witness number `index`. The sorts take turns, and so do the values that are changed.
pub fn case<C: Twin>(rng: &mut StdRng, index: usize) -> Case<C> {
    let mut instance = C::honest(rng);
    let turn = index / 8;
    let sort = match index % 8 {
        0 => "honest",
        1 | 2 => {
            instance = C::edge(rng);
            "edge"
        }
        3 => {
            instance.lie(rng, turn);
            "one clause false"
        }
        4 | 5 => {
            // The two take the values of a witness from both ends.
            let count = instance.fields().len();
            let at = if index.is_multiple_of(2) { turn % count } else { count - 1 - turn % count };
            corrupt(rng, &mut instance, at);
            "one private value changed"
        }
        6 => {
            let at = rng.gen_range(0..instance.fields().len());
            corrupt(rng, &mut instance, at);
            *instance.public_mut() = instance.derived();
            "one private value changed, public ones recomputed"
        }
        _ => {
            let mut values = instance.public().public_inputs();
            let at = turn % values.len();
            values[at] = changed(rng, values[at]);
            let bytes: Vec<u8> = values.iter().flat_map(field::encode).collect();
            *instance.public_mut() = C::Public::decode(&bytes).unwrap();
            "one public value changed"
        }
    };
    Case { sort, instance }
}

fn corrupt<C: Twin>(rng: &mut StdRng, instance: &mut C, at: usize) {
    let mut fields = instance.fields();
    // Sometimes a value of the witness itself, in another place.
    let value = match rng.gen_range(0..4) {
        0 => *fields[rng.gen_range(0..fields.len())],
        _ => changed(rng, *fields[at]),
    };
    *fields[at] = value;
}

fn changed(rng: &mut StdRng, value: Fr) -> Fr {
    match rng.gen_range(0..6) {
        0 => value + Fr::ONE,
        1 => value - Fr::ONE,
        2 => -value,
        3 => Fr::ZERO,
        4 => value.double(),
        _ => Fr::rand(rng),
    }
}

/// 0, 1, r - 1, or any.
fn extreme(rng: &mut StdRng) -> Fr {
    match rng.gen_range(0..4) {
        0 => Fr::ZERO,
        1 => Fr::ONE,
        2 => -Fr::ONE,
        _ => Fr::rand(rng),
    }
}

/// A path that leads from `leaf` to a root and is unusual at its lowest level: empty neighbours, or
/// the leaf four times.
fn odd_path<const DEPTH: usize>(rng: &mut StdRng, leaf: Fr) -> Path<DEPTH> {
    let mut levels = vec![match rng.gen_range(0..3) {
        0 => [leaf; ARITY],
        1 => [leaf, Fr::ZERO, Fr::ZERO, Fr::ZERO],
        _ => [Fr::ZERO, leaf, Fr::ZERO, leaf],
    }];
    while levels.len() < DEPTH {
        let mut children = [Fr::ZERO; ARITY];
        children[rng.gen_range(0..ARITY)] = hash4(levels[levels.len() - 1]);
        levels.push(children);
    }
    Path::from_levels(&levels).unwrap()
}

fn path_of<const DEPTH: usize>(rng: &mut StdRng, leaf: Fr) -> Path<DEPTH> {
    if rng.r#gen() { odd_path(rng, leaf) } else { paths(rng, &[leaf]).pop().unwrap() }
}

fn signal(value: &Fr) -> Value {
    Value::String(format!("0x{}", hex::encode(value.into_bigint().to_bytes_be())))
}

fn signals<'a>(values: impl IntoIterator<Item = &'a Fr>) -> Value {
    values.into_iter().map(signal).collect()
}

fn path_signals<const DEPTH: usize>(path: &Path<DEPTH>) -> Value {
    path.levels().iter().map(signals).collect()
}

fn key(sk: Fr) -> Fr {
    SpendKey::from_field(sk).public_key().fr()
}

impl Twin for FiveFuInstance {
    fn honest(rng: &mut StdRng) -> Self {
        samples::five_fu(rng)
    }

    fn edge(rng: &mut StdRng) -> Self {
        let mut claim = samples::five_fu(rng);
        let w: &mut FiveFuWitness = &mut claim.private;
        w.sk = extreme(rng);
        w.pk = key(w.sk);
        (w.salt, w.scope, w.ext) = (extreme(rng), extreme(rng), extreme(rng));
        for (kind, card) in w.cards.iter_mut().enumerate() {
            (card.rho, card.rcm) = (extreme(rng), extreme(rng));
            card.cm = commitment(Fr::from(kind as u64), w.pk, card.rho, card.rcm);
        }
        let leaves = w.cards.each_ref().map(|card| card.cm);
        for (card, path) in w.cards.iter_mut().zip(paths::<CARD_DEPTH>(rng, &leaves)) {
            card.path = path;
        }
        let person = Person { salt: w.salt }.leaf(PublicKey(w.pk));
        w.person = path_of(rng, person);
        match rng.gen_range(0..4) {
            // The empty leaf, whose path is all zeros, as a card.
            0 => {
                let path = odd_path(rng, Fr::ZERO);
                let card = &mut w.cards[rng.gen_range(0..5)];
                (card.cm, card.path) = (Fr::ZERO, path);
            }
            // A card that stands for two kinds.
            1 => w.cards[rng.gen_range(0..2)] = w.cards[rng.gen_range(2..5)].clone(),
            _ => {}
        }
        (w.cards_root, w.persons_root) = (w.cards[4].path.top(), w.person.top());
        claim.public = claim.private.statement();
        claim
    }

    fn lie(&mut self, rng: &mut StdRng, which: usize) {
        let (w, other) = (&mut self.private, Fr::rand(rng));
        let card = rng.gen_range(0..5);
        match which % 8 {
            0 => {
                w.sk = other;
                self.public = self.private.statement();
            }
            1 => w.cards[card].rcm = other,
            2 => w.cards[card].path = path_of(rng, w.cards[card].cm),
            3 => {
                let nf = &mut self.public;
                *[&mut nf.nf_0, &mut nf.nf_1, &mut nf.nf_2, &mut nf.nf_3, &mut nf.nf_4][card] =
                    other;
            }
            4 => w.salt = other,
            5 => self.public.nf_p = other,
            6 => self.public.anchor = other,
            _ => self.public.ext = other,
        }
    }

    fn signals(&self) -> Value {
        let w = &self.private;
        json!({
            "ext": signal(&self.public.ext),
            "ext_squared": signal(&w.ext.square()),
            "sk": signal(&w.sk),
            "pk": signal(&w.pk),
            "scope": signal(&w.scope),
            "salt": signal(&w.salt),
            "r_cards": signal(&w.cards_root),
            "r_persons": signal(&w.persons_root),
            "cm": signals(w.cards.iter().map(|card| &card.cm)),
            "rho": signals(w.cards.iter().map(|card| &card.rho)),
            "rcm": signals(w.cards.iter().map(|card| &card.rcm)),
            "card_path": w.cards.iter().map(|card| path_signals(&card.path)).collect::<Value>(),
            "person_path": path_signals(&w.person),
        })
    }

    fn public_mut(&mut self) -> &mut Self::Public {
        &mut self.public
    }

    fn derived(&self) -> Self::Public {
        Self::Public { ext: self.public.ext, ..self.private.statement() }
    }
}

/// Sizes near which a range proof may be wrong.
fn size(rng: &mut StdRng) -> Fr {
    let power = Fr::from(1u128 << [0, 1, 39, 40, 41, 47, 48, 49, 64, 100][rng.gen_range(0..10)]);
    let near = power + Fr::from(rng.gen_range(0..3u64)) - Fr::ONE;
    match rng.gen_range(0..8) {
        0 => -near,
        1 => Fr::rand(rng),
        _ => near,
    }
}

/// Bounds near a value: at it, a step past it, or as far from it as a difference may be and a step
/// more.
fn bounds(rng: &mut StdRng, value: Fr) -> [Fr; 2] {
    [-Fr::ONE, Fr::ONE].map(|sign| {
        let power = Fr::from(1u64 << [40, 48][rng.gen_range(0..2)]);
        value
            + sign
                * match rng.gen_range(0..8) {
                    0 | 1 => Fr::ZERO,
                    2 => -Fr::ONE,
                    3 => power,
                    4 | 5 => power - Fr::ONE,
                    6 => Fr::from(rng.gen_range(0..1u64 << 40)),
                    _ => Fr::from(rng.gen_range(0..1u64 << 48)),
                }
    })
}

impl Twin for DonationInstance {
    fn honest(rng: &mut StdRng) -> Self {
        samples::donation(rng)
    }

    fn edge(rng: &mut StdRng) -> Self {
        let mut showing = samples::donation(rng);
        let w: &mut DonationWitness = &mut showing.private;
        w.sk = extreme(rng);
        w.pk = key(w.sk);
        (w.receipt, w.rcm, w.ext) = (extreme(rng), extreme(rng), extreme(rng));
        // One in three is about keys and paths only, with the bounds of a true one.
        if rng.gen_range(0..3) > 0 {
            (w.amount, w.time) = (size(rng), size(rng));
            [w.bounds.amount_min, w.bounds.amount_max] = bounds(rng, w.amount);
            [w.bounds.time_min, w.bounds.time_max] = bounds(rng, w.time);
        }
        if rng.r#gen() {
            w.project_key = extreme(rng);
            w.set_path = path_of::<SET_DEPTH>(rng, w.project_key);
            w.set_root = w.set_path.top();
        }
        let body = hash4([Domain::Body.value(), w.project_key, w.amount, w.time]);
        let own = Ownership { receipt: w.receipt, rcm: w.rcm }.own(PublicKey(w.pk));
        w.don = hash3([Domain::Don.value(), body, own]);
        // Sometimes the empty leaf.
        if rng.gen_range(0..8) == 0 {
            w.don = Fr::ZERO;
        }
        w.path = path_of::<DONATION_DEPTH>(rng, w.don);
        let scope = extreme(rng);
        showing.public = showing.private.statement(Scope(scope));
        showing
    }

    fn lie(&mut self, rng: &mut StdRng, which: usize) {
        let (w, other) = (&mut self.private, Fr::rand(rng));
        let scope = self.public.scope;
        match which % 8 {
            0 => {
                w.sk = other;
                self.public = self.private.statement(Scope(scope));
            }
            1 => w.receipt = other,
            2 => {
                w.path = path_of(rng, other);
                self.public.root = w.path.top();
            }
            3 => self.public.nf_d = other,
            4 => self.public.policy = other,
            5 => {
                w.set_path = path_of(rng, other);
                w.set_root = w.set_path.top();
                self.public = self.private.statement(Scope(scope));
            }
            6 => {
                match rng.gen_range(0..4) {
                    0 => w.bounds.amount_min = w.amount + Fr::ONE,
                    1 => w.bounds.amount_max = w.amount - Fr::ONE,
                    2 => w.bounds.time_min = w.time + Fr::ONE,
                    _ => w.bounds.time_max = w.time - Fr::ONE,
                }
                self.public = self.private.statement(Scope(scope));
            }
            _ => self.public.ext = other,
        }
    }

    fn signals(&self) -> Value {
        let w = &self.private;
        json!({
            "ext": signal(&self.public.ext),
            "ext_squared": signal(&w.ext.square()),
            "sk": signal(&w.sk),
            "pk": signal(&w.pk),
            "claimed_scope": signal(&self.public.scope),
            "project_key": signal(&w.project_key),
            "amount": signal(&w.amount),
            "time": signal(&w.time),
            "receipt": signal(&w.receipt),
            "rcm": signal(&w.rcm),
            "don": signal(&w.don),
            "path": path_signals(&w.path),
            "set_root": signal(&w.set_root),
            "set_path": path_signals(&w.set_path),
            "amt_min": signal(&w.bounds.amount_min),
            "amt_max": signal(&w.bounds.amount_max),
            "t_min": signal(&w.bounds.time_min),
            "t_max": signal(&w.bounds.time_max),
        })
    }

    fn public_mut(&mut self) -> &mut Self::Public {
        &mut self.public
    }

    fn derived(&self) -> Self::Public {
        Self::Public { ext: self.public.ext, ..self.private.statement(Scope(self.public.scope)) }
    }
}

/// A card's commitment, of any kind.
fn commitment(kind: Fr, pk: Fr, rho: Fr, rcm: Fr) -> Fr {
    hash4([Domain::Note.value() + kind, pk, rho, rcm])
}

/// Turns a gift into one of a card of this kind, with everything else made to fit.
fn gift_of_kind(rng: &mut StdRng, gift: &mut GiftInstance, kind: Fr) {
    let w: &mut GiftWitness = &mut gift.private;
    w.kind = kind;
    w.cm = commitment(kind, w.pk, w.rho, w.rcm);
    w.path = path_of(rng, w.cm);
    gift.public = gift.private.statement();
}

impl Twin for GiftInstance {
    fn honest(rng: &mut StdRng) -> Self {
        samples::gift(rng)
    }

    fn edge(rng: &mut StdRng) -> Self {
        let mut gift = samples::gift(rng);
        let w: &mut GiftWitness = &mut gift.private;
        w.sk = extreme(rng);
        w.pk = key(w.sk);
        (w.rho, w.rcm, w.ext) = (extreme(rng), extreme(rng), extreme(rng));
        (w.pk_friend, w.rcm_out) = (extreme(rng), extreme(rng));
        let kind = Fr::from(rng.gen_range(0..8u64));
        gift_of_kind(rng, &mut gift, kind);
        // Sometimes the empty leaf.
        if rng.gen_range(0..8) == 0 {
            gift.private.cm = Fr::ZERO;
            gift.private.path = odd_path(rng, Fr::ZERO);
            gift.public = gift.private.statement();
        }
        gift
    }

    fn lie(&mut self, rng: &mut StdRng, which: usize) {
        let (w, other) = (&mut self.private, Fr::rand(rng));
        match which % 7 {
            0 => {
                w.sk = other;
                self.public = self.private.statement();
            }
            1 => w.rcm = other,
            2 => {
                w.path = path_of(rng, other);
                self.public.root = w.path.top();
            }
            3 => {
                // The new card is that of the nullifier that is shown.
                self.public.nf_in = other;
                self.public.cm_out = commitment(w.kind, w.pk_friend, other, w.rcm_out);
            }
            4 => self.public.cm_out = other,
            5 => {
                let kind = [Fr::from(5u64), Fr::from(8u64), -Fr::ONE, other][rng.gen_range(0..4)];
                gift_of_kind(rng, self, kind);
            }
            _ => self.public.ext = other,
        }
    }

    fn signals(&self) -> Value {
        let w = &self.private;
        json!({
            "ext": signal(&self.public.ext),
            "ext_squared": signal(&w.ext.square()),
            "sk": signal(&w.sk),
            "pk": signal(&w.pk),
            "kind": signal(&w.kind),
            "rho": signal(&w.rho),
            "rcm": signal(&w.rcm),
            "cm_in": signal(&w.cm),
            "path": path_signals(&w.path),
            "pk_friend": signal(&w.pk_friend),
            "rcm_out": signal(&w.rcm_out),
        })
    }

    fn public_mut(&mut self) -> &mut Self::Public {
        &mut self.public
    }

    fn derived(&self) -> Self::Public {
        Self::Public { ext: self.public.ext, ..self.private.statement() }
    }
}
