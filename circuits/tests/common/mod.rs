//! What the tests of the circuits share.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::{collections::BTreeSet, fmt::Debug, sync::LazyLock};

use rand::{SeedableRng, rngs::StdRng};
use wufu_circuits::{
    Circuit, Clause, ClauseError, DonationInstance, FiveFuInstance, GiftInstance, R1cs,
};
use wufu_verifier::CircuitName;

static FIVE_FU: LazyLock<R1cs> = LazyLock::new(FiveFuInstance::shape);
static DONATION: LazyLock<R1cs> = LazyLock::new(DonationInstance::shape);
static GIFT: LazyLock<R1cs> = LazyLock::new(GiftInstance::shape);

/// The shape of a circuit, made once for all tests of a binary.
pub fn shape<C: Circuit>() -> &'static R1cs {
    match C::NAME {
        CircuitName::FiveFu => &FIVE_FU,
        CircuitName::Donation => &DONATION,
        CircuitName::Gift => &GIFT,
    }
}

/// Generators of randomness, the same in every run.
pub fn rngs(count: u64) -> impl Iterator<Item = StdRng> {
    (0..count).map(StdRng::seed_from_u64)
}

/// The clauses whose rows do not hold for an instance.
pub fn broken_clauses<C: Circuit>(instance: &C) -> Vec<Clause> {
    let shape = shape::<C>();
    let assignment = instance.assign();
    let broken: BTreeSet<Clause> =
        shape.broken(assignment.z()).map(|row| shape.clauses()[row]).collect();
    assert_eq!(broken.is_empty(), shape.check(assignment.z()).is_ok());
    broken.into_iter().collect()
}

/// Sees that native check and circuit accept an instance.
pub fn accepted<C: Circuit + Debug>(instance: &C) {
    assert_eq!(instance.false_clauses(), []);
    assert_eq!(instance.check(), Ok(instance.public()));
    assert_eq!(broken_clauses(instance), []);
}

/// Sees that an instance is false in one clause and in no other, for the native check and for the circuit.
pub fn refused<C: Circuit + Debug>(instance: &C, clause: Clause) {
    assert_eq!(instance.false_clauses(), [clause]);
    assert_eq!(instance.check(), Err(ClauseError { clause }));
    assert_eq!(broken_clauses(instance), [clause]);
}
