//! True instances, drawn at random, with proptest strategies for them.
//!
//! The trees are not whole: each leaf gets a path of random neighbours, and the paths meet near the
//! root. So an instance costs only the hashes of its paths, and a leaf may have any position.
#![allow(clippy::expect_used, reason = "only tests and benches reach this module")]

use std::ops::RangeInclusive;

use ark_bn254::Fr;
use ark_ff::UniformRand;
use proptest::prelude::*;
use rand::{CryptoRng, Rng, RngCore, SeedableRng, rngs::StdRng};
use wufu_verifier::{
    Amount, CircuitName, Policy, ProjectKey, ProjectSet, Record, Scope, Time,
    hash::merkle::{ARITY, CARD_DEPTH, parent},
    statement::policy::Bounds,
};

use wufu_circuits::{
    Circuit, CircuitVisitor,
    card::{Card, Kind},
    donation::Ownership,
    gadgets::path::{Children, Path},
    keys::{Seed, SpendKey},
    person::Person,
    statements::{
        DonationInstance, DonationWitness, FiveFuInstance, FiveFuWitness, GiftInstance, GiftWitness,
    },
    tree::set_path,
};

/// The largest number of paths that [`paths`] can bring to one root.
pub const MAX_PATHS: usize = ARITY * ARITY;

/// Returns paths from these leaves, at most [`MAX_PATHS`], to one root, each at a random position.
///
/// # Shapes
/// `DEPTH` is 3 or more; one path for each leaf, in order.
pub fn paths<const DEPTH: usize>(rng: &mut impl RngCore, leaves: &[Fr]) -> Vec<Path<DEPTH>> {
    let mut slots: Vec<usize> = (0..MAX_PATHS).collect();
    let mut top: [Children; ARITY] = std::array::from_fn(|_| random_children(rng));
    let lower: Vec<(usize, Vec<Children>)> = leaves
        .iter()
        .map(|leaf| {
            let slot = slots.swap_remove(rng.gen_range(0..slots.len()));
            let mut node = *leaf;
            let levels = (0..DEPTH - 2)
                .map(|_| {
                    let mut children = random_children(rng);
                    children[rng.gen_range(0..ARITY)] = node;
                    node = parent(children);
                    children
                })
                .collect();
            top[slot / ARITY][slot % ARITY] = node;
            (slot, levels)
        })
        .collect();
    let roof = top.map(parent);
    lower
        .into_iter()
        .filter_map(|(slot, mut levels)| {
            levels.extend([top[slot / ARITY], roof]);
            Path::from_levels(&levels).ok()
        })
        .collect()
}

fn random_children(rng: &mut impl RngCore) -> Children {
    std::array::from_fn(|_| Fr::rand(rng))
}

fn path<const DEPTH: usize>(rng: &mut impl RngCore, leaf: Fr) -> Path<DEPTH> {
    paths(rng, &[leaf]).pop().unwrap_or_default()
}

/// Returns a random wallet's key at an organisation.
pub fn spend_key(rng: &mut (impl CryptoRng + RngCore), org: &str) -> SpendKey {
    Seed::random(rng).spend_key(org)
}

/// Returns a true Five Fu claim.
pub fn five_fu(rng: &mut (impl CryptoRng + RngCore)) -> FiveFuInstance {
    let sk = spend_key(rng, "wufu");
    let cards = Kind::ALL.map(|kind| Card::issued(kind, "wufu", rng.r#gen(), Fr::rand(rng)));
    five_fu_of(rng, &sk, cards).into_instance()
}

/// Returns the witness of a claim with these cards, all in one log.
pub fn five_fu_of(rng: &mut impl RngCore, sk: &SpendKey, cards: [Card; 5]) -> FiveFuWitness {
    let pk = sk.public_key();
    let leaves = cards.each_ref().map(|card| card.commitment(pk).fr());
    let mut paths = paths::<CARD_DEPTH>(rng, &leaves).into_iter();
    let cards = cards.map(|card| (card, paths.next().unwrap_or_default()));
    let person = Person { salt: Fr::rand(rng) };
    let person_path = path(rng, person.leaf(pk));
    FiveFuWitness::new(sk, cards, (person, person_path), Scope(Fr::rand(rng)), Fr::rand(rng))
}

/// Returns a true showing of a donation under a policy of up to 40 projects.
pub fn donation(rng: &mut (impl CryptoRng + RngCore)) -> DonationInstance {
    let amount = rng.gen_range(0..=Amount::MAX.minor());
    let time = rng.gen_range(0..=Time::MAX.seconds());
    let amounts = rng.gen_range(0..=amount)..=rng.gen_range(amount..=Amount::MAX.minor());
    let times = rng.gen_range(0..=time)..=rng.gen_range(time..=Time::MAX.seconds());
    donation_of(rng, (amount, amounts), (time, times))
}

/// Returns a showing of a donation with the given amount and time and the given bounds. It is true
/// if they fit.
///
/// # Shapes
/// Amounts below 2^48, times below 2^40, no empty range.
pub fn donation_of(
    rng: &mut (impl CryptoRng + RngCore),
    (amount, amounts): (u64, RangeInclusive<u64>),
    (time, times): (u64, RangeInclusive<u64>),
) -> DonationInstance {
    let minor = |minor| Amount::new(minor).expect("amounts are below 2^48");
    let seconds = |seconds| Time::new(seconds).expect("times are below 2^40");

    let sk = spend_key(rng, "charity");
    let ownership = Ownership::new(&rng.r#gen::<[u8; 16]>(), Fr::rand(rng));
    let projects: Vec<ProjectKey> = (0..rng.gen_range(1..=40)).map(|_| project(rng)).collect();
    let record = Record {
        project: projects[rng.gen_range(0..projects.len())],
        amount: minor(amount),
        time: seconds(time),
        own: ownership.own(sk.public_key()),
    };
    let policy = Policy {
        projects: ProjectSet::new(projects).expect("1 to 40 projects are a set"),
        amount: Bounds::amounts(minor(*amounts.start()), minor(*amounts.end()))
            .expect("the range is not empty"),
        time: Bounds::times(seconds(*times.start()), seconds(*times.end()))
            .expect("the range is not empty"),
    };
    let set_path = set_path(&policy.projects, record.project).expect("the project is a member");
    let path = path(rng, record.leaf());
    let ext = Fr::rand(rng);
    DonationWitness::new(&sk, (&record, &ownership), path, (&policy, set_path), ext)
        .into_instance(Scope(Fr::rand(rng)))
}

fn project(rng: &mut impl RngCore) -> ProjectKey {
    ProjectKey::new(rng.gen_range(1..=37), rng.gen_range(1..=304)).expect("ids are from 1")
}

/// Returns a true gift.
pub fn gift(rng: &mut (impl CryptoRng + RngCore)) -> GiftInstance {
    let seed = Seed::random(rng);
    let sk = seed.spend_key("wufu");
    let friend = spend_key(rng, "wufu").public_key();
    let kind = Kind::ALL[rng.gen_range(0..Kind::ALL.len())];
    let card = Card::issued(kind, "wufu", rng.r#gen(), Fr::rand(rng));
    let cm = card.commitment(sk.public_key());
    let path = path(rng, cm.fr());
    let rcm_out = seed.gift_rcm(Card::nullifier(&sk, cm), friend);
    GiftWitness::new(&sk, (&card, path), friend, rcm_out, Fr::rand(rng)).into_instance()
}

/// A circuit of which a true instance can be drawn.
pub trait Sample: Circuit {
    /// Draws a true instance from `rng`.
    fn sample(rng: &mut StdRng) -> Self;
}

macro_rules! samples {
    ($($instance:ident: $sample:ident),+ $(,)?) => {
        $(
            impl Sample for $instance {
                fn sample(rng: &mut StdRng) -> Self {
                    $sample(rng)
                }
            }
        )+

        /// Works on a true instance of a circuit.
        pub fn visit_sample<V: CircuitVisitor>(
            circuit: CircuitName,
            rng: &mut StdRng,
            visitor: V,
        ) -> V::Output {
            match circuit {
                $(<$instance as Circuit>::NAME => visitor.visit(&$instance::sample(rng)),)+
            }
        }
    };
}

samples![FiveFuInstance: five_fu, DonationInstance: donation, GiftInstance: gift];

/// Any field element.
pub fn arb_fr() -> impl Strategy<Value = Fr> {
    arb_rng().prop_map(|mut rng| Fr::rand(&mut rng))
}

/// True Five Fu claims.
pub fn arb_five_fu() -> impl Strategy<Value = FiveFuInstance> {
    arb_rng().prop_map(|mut rng| five_fu(&mut rng))
}

/// True showings of donations.
pub fn arb_donation() -> impl Strategy<Value = DonationInstance> {
    arb_rng().prop_map(|mut rng| donation(&mut rng))
}

/// True gifts.
pub fn arb_gift() -> impl Strategy<Value = GiftInstance> {
    arb_rng().prop_map(|mut rng| gift(&mut rng))
}

fn arb_rng() -> impl Strategy<Value = StdRng> {
    any::<u64>().prop_map(StdRng::seed_from_u64)
}
