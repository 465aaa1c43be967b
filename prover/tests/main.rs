//! The integration tests of this crate, in one binary because each binary costs a link. A test that
//! needs a process of its own is a `[[test]]` in `Cargo.toml`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

#[cfg(feature = "service")]
mod blind;
mod checks;
#[cfg(feature = "service")]
mod common;
#[cfg(feature = "service")]
mod engine;
mod key_file;
mod keys;
#[cfg(feature = "service")]
mod leaving;
#[path = "../../groth16/tests/matrices.rs"]
mod matrices;
mod prepared;
mod prepared_file;
#[cfg(feature = "service")]
mod service;
mod setup;
mod snarkjs;
#[cfg(feature = "service")]
mod strangers;
mod zkey;
