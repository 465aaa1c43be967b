//! Which circuits may be proved in blind mode: those whose witness nobody can guess.

use wufu_circuits::registry_entry;
use wufu_verifier::CircuitName;

/// The error for a circuit that is not proved in blind mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{circuit} is not proved blind: its witness holds no secret of 128 bits")]
pub struct NotBlind {
    /// The circuit.
    pub circuit: CircuitName,
}

/// Returns what in a circuit's witness nobody can guess
/// ([`Circuit::SECRETS`](wufu_circuits::Circuit::SECRETS)).
///
/// # Errors
/// Returns an error if there is no such secret.
pub fn secrets(circuit: CircuitName) -> Result<&'static str, NotBlind> {
    registry_entry(circuit).secrets.ok_or(NotBlind { circuit })
}
