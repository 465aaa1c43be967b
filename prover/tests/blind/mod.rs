//! Blind proofs: those that would have been made at home, bit for bit; what cheating servers get; what an evaluator sees.
//!
//! docs/blind.md argues what these try.
#![allow(clippy::print_stderr, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cheating;
mod exact;
mod scene;
mod uniform;
mod uniformity;
