//! Leaves and owners' parts that are hashed many at a time equal those hashed one by one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use ark_ff::UniformRand as _;
use rand::{SeedableRng as _, rngs::StdRng};
use wufu_circuits::{Card, Kind, Ownership, Person, Tree};
use wufu_verifier::{PublicKey, hash::merkle};

/// Around whole vectors of eight.
const COUNTS: [usize; 8] = [0, 1, 2, 7, 8, 9, 17, 65];

#[test]
fn what_is_hashed_together_is_what_is_hashed_alone() {
    let rng = &mut StdRng::seed_from_u64(1);
    for count in COUNTS {
        let keys: Vec<PublicKey> = (0..count).map(|_| PublicKey(Fr::rand(rng))).collect();
        let keyed = || keys.iter().copied();

        let ownership = |at: usize| Ownership::new(&at.to_le_bytes(), Fr::rand(rng));
        let all: Vec<Ownership> = (0..count).map(ownership).collect();
        let alone: Vec<Fr> = all.iter().zip(keyed()).map(|(one, pk)| one.own(pk)).collect();
        assert_eq!(Ownership::own_many(all.iter().zip(keyed())), alone);

        let kind = |at: usize| Kind::ALL[at % Kind::ALL.len()];
        let card = |at: usize| Card::issued(kind(at), "wufu", at as u64, Fr::rand(rng));
        let all: Vec<Card> = (0..count).map(card).collect();
        let alone: Vec<_> = all.iter().zip(keyed()).map(|(one, pk)| one.commitment(pk)).collect();
        assert_eq!(Card::commitments(all.iter().zip(keyed())), alone);

        let all: Vec<Person> = (0..count).map(|_| Person { salt: Fr::rand(rng) }).collect();
        let alone: Vec<Fr> = all.iter().zip(keyed()).map(|(one, pk)| one.leaf(pk)).collect();
        assert_eq!(Person::leaves(all.iter().zip(keyed())), alone);
    }
}

#[test]
fn a_tree_that_grows_has_the_root_of_all_its_leaves() {
    let rng = &mut StdRng::seed_from_u64(2);
    let mut tree = Tree::new(5);
    let mut leaves = Vec::new();
    for count in COUNTS.into_iter().chain([255, 256, 257]) {
        let more: Vec<Fr> = (0..count).map(|_| Fr::rand(rng)).collect();
        tree.extend(&more).unwrap();
        leaves.extend(more);
        let mut level = leaves.clone();
        level.resize(1 << 10, merkle::EMPTY);
        while level.len() > 1 {
            level = level
                .chunks(merkle::ARITY)
                .map(|four| merkle::parent(four.try_into().unwrap()))
                .collect();
        }
        assert_eq!(tree.root(), level[0], "{} leaves", leaves.len());
    }
}
