//! Sizes of the circuits, and how long a pass over them takes.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::time::{Duration, Instant};

use rand::{SeedableRng, rngs::StdRng};
use wufu_circuits::{Circuit, testing};

const RUNS: u32 = 20;

fn timed<T>(mut work: impl FnMut() -> T) -> Duration {
    let _ = work();
    let begin = Instant::now();
    for _ in 0..RUNS {
        std::hint::black_box(work());
    }
    begin.elapsed() / RUNS
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
    report(&testing::five_fu(&mut rng));
    report(&testing::donation(&mut rng));
    report(&testing::gift(&mut rng));
}
