//! Derives Poseidon's tables again, and compares them with the checked-in files.
//!
//! The dense parameters come from the Grain generator of the paper, and the recurrence from the
//! dense parameters. `WUFU_BLESS=1 cargo test --release -p wufu-verifier --test poseidon_table`
//! writes the files instead of comparing them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod derive;
mod grain;
mod linear;
mod render;

use std::{env, fs, path::Path};

use ark_bn254::Fr;
use derive::Recurrence;
use grain::Dense;
use light_poseidon::parameters::bn254_x5::get_poseidon_parameters;
use wufu_verifier::hash::poseidon::parameters;

/// Width and number of partial rounds.
const WIDTHS: [(usize, usize); 3] = [(3, 57), (4, 56), (5, 60)];

#[test]
fn files_are_what_the_generator_gives() {
    for (width, partial_rounds) in WIDTHS {
        let dense = Dense::generate(width, partial_rounds);
        same_file(&format!("parameters/width{width}.rs"), &render::dense(&dense));
        let recurrence = Recurrence::derive(&dense);
        same_file(&format!("recurrence/width{width}.rs"), &render::recurrence(&recurrence));
    }
}

#[test]
fn kappa_is_as_hash2_hash3_and_hash4_have_it() {
    let kappas = WIDTHS.map(|(width, partial_rounds)| {
        Recurrence::derive(&Dense::generate(width, partial_rounds)).kappa
    });
    assert_eq!(kappas, [2, 5, 1]);
}

#[test]
fn parameters_are_those_of_light_poseidon() {
    for (width, _) in WIDTHS {
        let theirs = get_poseidon_parameters::<Fr>(u8::try_from(width).unwrap()).unwrap();
        let ours = parameters(width - 1).unwrap();
        assert_eq!(ours.width, theirs.width);
        assert_eq!(ours.full_rounds, theirs.full_rounds);
        assert_eq!(ours.partial_rounds, theirs.partial_rounds);
        assert_eq!(theirs.alpha, 5);
        assert!(ours.round_constants == theirs.ark);
        assert!(ours.mds == theirs.mds.concat());
    }
}

#[test]
fn only_two_three_and_four_inputs_have_parameters() {
    let known: Vec<usize> = (0..20).filter(|inputs| parameters(*inputs).is_some()).collect();
    assert_eq!(known, [2, 3, 4]);
    assert!(parameters(usize::MAX).is_none());
}

/// Compares a checked-in file with what it should be, or writes it if told to.
fn same_file(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/hash/poseidon").join(name);
    if env::var_os("WUFU_BLESS").is_some() {
        fs::write(path, expected).unwrap();
        return;
    }
    let found = fs::read_to_string(path).unwrap();
    let first = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    assert!(found == expected, "{name} is not what it is derived from, from line {first:?} on");
}
