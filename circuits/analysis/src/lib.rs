//! Honest instances of the statements ([`samples`]), and the hunt for second witnesses ([`hunt`]).
//!
//! Tests, benches and reports use this crate; no program that serves or proves does.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

pub mod hunt;
pub mod samples;
