//! True instances of the statements ([`samples`]), and a hunt for second witnesses ([`hunt`]).
//!
//! Tests, benches and reports use this crate. No program that serves or proves does.
//!
//! The hunt shows that the rows of a circuit leave no wire open, and finds the hole if a row is
//! removed:
//!
//! ```
//! use wufu_analysis::hunt::{Hunt, System};
//! use wufu_circuits::{Circuit as _, GiftInstance};
//!
//! let mut file = Vec::new();
//! GiftInstance::shape().write(&mut file)?;
//! let system = System::read(&file).unwrap();
//! assert!(Hunt::with_inputs(&system).undetermined().is_empty());
//!
//! let without_last_row = system.without([system.rows().len() - 1]);
//! assert_eq!(without_last_row.rows().len(), system.rows().len() - 1);
//! # Ok::<(), std::io::Error>(())
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
