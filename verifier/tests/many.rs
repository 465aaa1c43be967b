//! Hashing many values at a time gives the same as hashing one by one, and so do the trees over
//! them.
//!
//! Import, audit and plans took nine microseconds for each hash while lanes would have taken less
//! than two, because every tree hashed its nodes one by one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use ark_ff::UniformRand as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use wufu_verifier::{
    Amount, ProjectKey, Record, Time,
    hash::{
        merkle::{self, ARITY, EMPTY},
        poseidon::{hash3, hash3_many, hash4, hash4_many},
    },
};

/// Around whole vectors of eight.
const COUNTS: [usize; 16] = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 257];

fn elements(count: usize, rng: &mut StdRng) -> Vec<Fr> {
    (0..count)
        .map(|_| match rng.gen_range(0..8) {
            0 => Fr::from(0u64),
            1 => Fr::from(1u64),
            2 => -Fr::from(1u64),
            _ => Fr::rand(rng),
        })
        .collect()
}

#[test]
fn many_hashes_are_those_of_one_by_one() {
    let rng = &mut StdRng::seed_from_u64(1);
    for count in COUNTS {
        let all = elements(4 * count, rng);
        let threes: Vec<[Fr; 3]> = all.chunks(4).map(|four| [four[0], four[1], four[2]]).collect();
        let fours: Vec<[Fr; 4]> = all.chunks(4).map(|four| four.try_into().unwrap()).collect();
        let one_by_one: Vec<Fr> = threes.iter().map(|three| hash3(*three)).collect();
        assert_eq!(hash3_many(&threes), one_by_one, "{count}");
        let one_by_one: Vec<Fr> = fours.iter().map(|four| hash4(*four)).collect();
        assert_eq!(hash4_many(&fours), one_by_one, "{count}");
        assert_eq!(merkle::parents(&fours), one_by_one, "{count}");
    }
}

/// The definition: every place of the tree, the empty ones too.
fn plain_root(leaves: &[Fr], fill: Fr, depth: usize) -> Fr {
    let mut level = leaves.to_vec();
    level.resize(1 << (2 * depth), fill);
    while level.len() > 1 {
        level = level.chunks(ARITY).map(|four| hash4(four.try_into().unwrap())).collect();
    }
    level[0]
}

#[test]
fn roots_are_those_of_one_by_one() {
    let rng = &mut StdRng::seed_from_u64(2);
    for depth in 0..5 {
        let counts = COUNTS.into_iter().filter(|count| *count <= 1 << (2 * depth));
        for count in counts.chain([1 << (2 * depth)]) {
            let leaves = elements(count, rng);
            for fill in [EMPTY, Fr::rand(rng)] {
                let wanted = plain_root(&leaves, fill, depth);
                let got = merkle::root_from(&leaves, fill, depth);
                assert_eq!(got, Some(wanted), "{count} leaves, {depth} levels");
            }
        }
        assert_eq!(merkle::empty_root(depth), plain_root(&[], EMPTY, depth));
        assert_eq!(merkle::root(&vec![EMPTY; (1 << (2 * depth)) + 1], depth), None);
    }
    // Deeper than the empty roots that are kept.
    let deep = merkle::empty_root(16);
    assert_eq!(merkle::empty_root(18), merkle::parent([merkle::parent([deep; 4]); 4]));
}

#[test]
fn leaves_of_records_are_those_of_one_by_one() {
    let rng = &mut StdRng::seed_from_u64(3);
    for count in COUNTS {
        let record = |_| Record {
            project: ProjectKey::new(rng.gen_range(1..u32::MAX), 7).unwrap(),
            amount: Amount::new(rng.gen_range(1..1 << 48)).unwrap(),
            time: Time::new(rng.gen_range(0..1 << 40)).unwrap(),
            own: Fr::rand(rng),
        };
        let records: Vec<Record> = (0..count).map(record).collect();
        let one_by_one: Vec<Fr> = records.iter().map(Record::leaf).collect();
        assert_eq!(Record::leaves(&records), one_by_one, "{count}");
    }
}
