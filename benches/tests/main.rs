//! The integration tests of this crate, in one binary, because linking each further binary takes
//! time. A test that needs its own process is a `[[test]]` in `Cargo.toml`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod hunt;
mod poseidon;
