//! The integration tests of this crate, in one binary: each further binary costs a link. A test
//! that needs a process of its own is a `[[test]]` in `Cargo.toml`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod clauses;
mod common;
mod deletion;
mod failures;
mod hunt;
mod many;
mod mutation;
mod shape;
mod twins;
mod vectors;
