//! Poseidon over BN254's scalar field, exactly as circomlib has it.
//!
//! There is one hash for each number of inputs. A hash of variable length would be unsafe: with
//! zero padding, `H(a)` and `H(a, 0)` would be the same value.
//!
//! - `parameters`: the one table of round constants and MDS matrix, from which everything else is
//!   made
//! - `plain`: the definition, short and slow, the reference for everything else
//! - `recurrence`: the same function in the form that [`hash2`], [`hash3`] and [`hash4`] run
//! - `many`: many hashes at a time
//! - `lazy`: the field arithmetic underneath, which reduces only where it must

mod lazy;
mod many;
mod parameters;
mod plain;
mod recurrence;

use ark_bn254::Fr;

pub use many::{hash3_many, hash4_many};
pub use parameters::{Parameters, parameters};
pub use plain::plain;

/// Computes Poseidon of two field elements (width 3).
///
/// # Cost
/// 81 S-boxes. [`plain`] gives the same value and takes more than twice as long.
///
/// # Source
/// Grassi, Khovratovich, Rechberger, Roy, Schofnegger: "Poseidon", USENIX Security 2021, with
/// circomlib's parameters.
#[must_use]
pub fn hash2(inputs: [Fr; 2]) -> Fr {
    recurrence::hash::<3, 2, 2>(&parameters::WIDTH3, &recurrence::WIDTH3, &inputs)
}

/// Computes Poseidon of three field elements (width 4). See [`hash2`].
#[must_use]
pub fn hash3(inputs: [Fr; 3]) -> Fr {
    recurrence::hash::<4, 3, 5>(&parameters::WIDTH4, &recurrence::WIDTH4, &inputs)
}

/// Computes Poseidon of four field elements (width 5). See [`hash2`].
#[must_use]
pub fn hash4(inputs: [Fr; 4]) -> Fr {
    recurrence::hash::<5, 4, 1>(&parameters::WIDTH5, &recurrence::WIDTH5, &inputs)
}
