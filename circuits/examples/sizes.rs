//! Prints the sizes of the circuits, and how long a pass over them takes: the shortest of twenty.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::time::{Duration, Instant};

use ark_bn254::Fr;
use rand::{SeedableRng, rngs::StdRng};
use wufu_analysis::samples;
use wufu_circuits::{Circuit, Tree};
use wufu_verifier::hash::merkle::CARD_DEPTH;

const RUNS: u32 = 20;
const LEAVES: u64 = 1_000_000;

/// The shortest of all runs, which the rest of the machine disturbed least.
fn timed<T>(mut work: impl FnMut() -> T) -> Duration {
    (0..RUNS)
        .map(|_| {
            let begin = Instant::now();
            std::hint::black_box(work());
            begin.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn report<C: Circuit>(instance: &C) {
    let shape = C::shape();
    let [a, b, c] = shape.matrices().map(|matrix| matrix.non_zeros());
    println!("{}", C::NAME);
    println!("  rows {}, domain 2^{}", shape.rows(), shape.domain_log2());
    println!(
        "  wires {}, public inputs {}, declared private inputs {}",
        shape.wires(),
        shape.public_inputs(),
        shape.private_inputs()
    );
    println!("  non-zeros {} (A {a}, B {b}, C {c})", shape.non_zeros());
    println!("  circuit id {}", shape.id());
    println!("  shape {:?}", timed(C::shape));
    println!("  witness {:?}", timed(|| instance.assign()));
    println!("  native check {:?}", timed(|| instance.false_clauses()));
    let assignment = instance.assign();
    println!("  all rows by sparse products {:?}", timed(|| shape.check(assignment.z())));
}

fn main() {
    let mut rng = StdRng::seed_from_u64(5);
    report(&samples::five_fu(&mut rng));
    report(&samples::donation(&mut rng));
    report(&samples::gift(&mut rng));

    let leaves: Vec<Fr> = (1..=LEAVES).map(Fr::from).collect();
    let mut tree = Tree::new(CARD_DEPTH);
    let begin = Instant::now();
    let appended = tree.extend(&leaves);
    println!("tree of {LEAVES} leaves: {:?} in {:?}", appended, begin.elapsed());
    println!("  path {:?}", timed(|| tree.path::<CARD_DEPTH>(LEAVES as usize / 2)));
}
