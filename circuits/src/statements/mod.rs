//! The statements: what is public, what is private, the native check and the circuit.

mod donation;
mod five_fu;
mod gift;
mod registry;

use wufu_verifier::{CircuitName, Statement};

pub use donation::{DonationInstance, DonationWitness, PolicyBounds};
pub use five_fu::{CardWitness, FiveFuInstance, FiveFuWitness};
pub use gift::{GiftInstance, GiftWitness};
pub use registry::{CircuitVisitor, RegistryEntry, registry_entry, visit_blank};

use crate::{
    clause::{Clause, ClauseError},
    r1cs::{Assignment, Builder, Mode, R1cs, Size},
};

/// The public inputs of a claimed statement and a witness that is said to support them.
///
/// They may not fit: [`Circuit::check`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance<P, W> {
    /// What everybody sees.
    pub public: P,
    /// What only the prover sees.
    pub private: W,
}

/// A statement with its circuit.
pub trait Circuit: Sized {
    /// The statement.
    const NAME: CircuitName;

    /// The size of the circuit.
    const SIZE: Size;

    /// What in the witness nobody can guess: at least 128 bits that its owner drew. `None` if there
    /// is no such secret, as in a vote or an amount. A cheating evaluator has one guess at the
    /// whole witness for each job, so such a circuit is not proved in blind mode.
    const SECRETS: Option<&'static str>;

    /// The public side.
    type Public: Statement;

    /// The public inputs that are claimed.
    fn public(&self) -> &Self::Public;

    /// Returns an instance of the right form in which every value is zero. It is not true, but has
    /// the circuit's shape.
    fn blank() -> Self;

    /// Returns the false clauses, in order. They are computed natively, without the circuit's
    /// gadgets.
    fn false_clauses(&self) -> Vec<Clause>;

    /// Runs the circuit.
    fn synthesize(&self, mode: Mode) -> Builder;

    /// Checks the statement natively.
    ///
    /// # Errors
    /// Returns the first clause that is false.
    fn check(&self) -> Result<&Self::Public, ClauseError> {
        match self.false_clauses().first() {
            Some(clause) => Err(ClauseError { clause: *clause }),
            None => Ok(self.public()),
        }
    }

    /// Records the circuit's rows. They are the same for every instance.
    fn shape() -> R1cs {
        Self::blank().synthesize(Mode::Shape).finish().0
    }

    /// Computes every wire and row of the circuit for this instance. Call [`Circuit::check`] first:
    /// for a false instance the result is wrong.
    ///
    /// # Cost
    /// One native hash for every hash of the statement, and little more.
    fn assign(&self) -> Assignment {
        self.synthesize(Mode::Witness).finish().1
    }
}

/// Collects the false clauses.
#[derive(Default)]
struct Findings(Vec<Clause>);

impl Findings {
    fn expect(&mut self, clause: Clause, holds: bool) {
        if !holds && self.0.last() != Some(&clause) {
            self.0.push(clause);
        }
    }
}
