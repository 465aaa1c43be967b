//! Blind proofs: they equal local ones, bit for bit; cheating servers are caught; and what an
//! evaluator receives is uniform.
//!
//! docs/blind.md argues what these try.
#![allow(clippy::print_stderr, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cheating;
mod exact;
mod scene;
mod uniform;
mod uniformity;
