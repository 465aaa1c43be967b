//! What the tests of the circuits share.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part")]

mod fields;
pub mod node;
mod solver;
pub mod witnesses;

use std::{
    collections::BTreeSet,
    fmt::Debug,
    io::{self, Write as _},
    process::Command,
    sync::OnceLock,
};

use rand::{SeedableRng, rngs::StdRng};
use wufu_circuits::{Circuit, Clause, ClauseError, Instance, R1cs};
use wufu_verifier::CircuitName;

pub use self::{fields::Fields, solver::Solver};

/// The number of instances on which a test tries a change.
pub const CASES: u64 = 3;

/// One value for each circuit, made when it is first needed.
type PerCircuit<T> = [OnceLock<T>; CircuitName::ALL.len()];

/// The shape of a circuit, recorded once for all tests of a binary.
pub fn shape<C: Circuit>() -> &'static R1cs {
    static SHAPES: PerCircuit<R1cs> = [const { OnceLock::new() }; CircuitName::ALL.len()];
    SHAPES[C::NAME as usize].get_or_init(C::shape)
}

/// How the circuit's wires follow from the declared inputs.
pub fn solver<C: Circuit>() -> &'static Solver {
    static SOLVERS: PerCircuit<Solver> = [const { OnceLock::new() }; CircuitName::ALL.len()];
    SOLVERS[C::NAME as usize].get_or_init(|| Solver::new(shape::<C>()))
}

/// Prints what a run was about, even if it passes, so that it can be repeated: commit, circuit and
/// its id, and `what`.
pub fn tell<C: Circuit>(what: &str) {
    let describe = ["describe", "--always", "--dirty"];
    let described = Command::new("git").args(describe).output().ok();
    let commit = described.filter(|output| output.status.success());
    let commit = commit.and_then(|output| String::from_utf8(output.stdout).ok());
    let commit = commit.as_deref().unwrap_or("unknown").trim();
    let line = format!("commit {commit}, {} {}: {what}\n", C::NAME, shape::<C>().id());
    // The test harness holds back what a macro prints if the test passes.
    io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Random generators, the same in every run.
pub fn rngs(count: u64) -> impl Iterator<Item = StdRng> {
    (0..count).map(StdRng::seed_from_u64)
}

/// Returns the clauses whose rows do not hold for the declared inputs of an instance, if everything
/// else is chosen so that as much as possible holds.
pub fn broken_clauses<C: Circuit>(instance: &C) -> Vec<Clause> {
    let shape = shape::<C>();
    let z = solver::<C>().solve(shape, instance.assign().z());
    let broken: BTreeSet<Clause> = shape.broken(&z).map(|row| shape.clauses()[row]).collect();
    assert_eq!(broken.is_empty(), shape.check(&z).is_ok());
    broken.into_iter().collect()
}

/// Checks that native check and circuit accept an instance.
pub fn accepted<C: Circuit>(instance: &C) {
    assert_eq!(instance.false_clauses(), []);
    assert_eq!(instance.check(), Ok(instance.public()));
    assert_eq!(broken_clauses(instance), []);
}

/// Checks that an instance is false in one clause and in no other, for the native check and for the
/// circuit.
pub fn refused<C: Circuit + Debug>(instance: &C, clause: Clause) {
    assert_eq!(instance.false_clauses(), [clause]);
    assert_eq!(instance.check(), Err(ClauseError { clause }));
    assert_eq!(broken_clauses(instance), [clause]);
}

/// Makes a true instance, changes it, and checks that exactly `clause` is false.
pub fn alone<P, W>(
    clause: Clause,
    make: impl Fn(&mut StdRng) -> Instance<P, W>,
    change: impl Fn(&mut StdRng, &mut Instance<P, W>),
) where
    Instance<P, W>: Circuit + Debug,
{
    for mut rng in rngs(CASES) {
        let mut instance = make(&mut rng);
        change(&mut rng, &mut instance);
        refused(&instance, clause);
    }
}
