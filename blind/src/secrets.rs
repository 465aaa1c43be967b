//! Which circuits may be proved blind: those whose witness nobody can guess.

use wufu_verifier::CircuitName;

/// Why a circuit is not proved blind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{circuit} is not proved blind: its witness holds no secret of 128 bits")]
pub struct NotBlind {
    /// The circuit.
    pub circuit: CircuitName,
}

/// What in a circuit's witness nobody guesses: at least 128 bits that its owner drew.
///
/// A cheating evaluator has one guess at the whole witness for each job. Where the witness is a vote or an amount that is a good
/// guess, so a circuit without such secrets is refused. A new circuit must be decided here.
///
/// # Errors
/// When there is no such secret.
pub const fn secrets(circuit: CircuitName) -> Result<&'static str, NotBlind> {
    match circuit {
        // Derived from the wallet's seed of 256 random bits; each card's trapdoor was drawn, or derived from another such seed.
        CircuitName::FiveFu => Ok("the spend key sk, and the trapdoor rcm of each card"),
        CircuitName::Donation => Ok("the spend key sk, and the trapdoor rcm of the donation"),
        CircuitName::Gift => Ok("the spend key sk, and the trapdoors rcm of both cards"),
    }
}
