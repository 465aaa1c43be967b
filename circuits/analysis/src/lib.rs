//! True instances of the statements ([`samples`]), and a hunt for second witnesses ([`hunt`]).
//!
//! Tests, benches and reports use this crate. No program that serves or proves does.
//!
//! The hunt says which wires the inputs of a circuit determine. If a row is missing, it builds a
//! second witness:
//!
//! ```
//! use wufu_analysis::hunt::{Hunt, Search, System, second};
//! use wufu_verifier::Fr;
//!
//! let [one, two] = [1u64, 2].map(Fr::from);
//! // Wire 1 is x. Wires 2 and 3 are its bits: b (b - 1) = 0 for each, and b0 + 2 b1 - x = 0.
//! let bit = |wire| [vec![(wire, one)], vec![(0, -one), (wire, one)], vec![]];
//! let sum = [vec![(1, -one), (2, one), (3, two)], vec![(0, one)], vec![]];
//! let system = System::new(1, 0, 4, vec![bit(2), bit(3), sum]);
//! assert!(Hunt::with_inputs(&system).undetermined().is_empty());
//!
//! // Without the row of the first bit, x = 1 has a second witness.
//! let hole = system.without([0]);
//! let witness = [1u64, 1, 1, 0].map(Fr::from);
//! assert!(second(&Hunt::with_inputs(&hole), &witness, &Search::default()).is_some());
//! ```
//!
//! # What to read next
//! - [`samples`]: true instances for tests and benches.
//! - [`hunt`]: the rules of the hunt, and what it does not promise.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

pub mod hunt;
pub mod samples;
