//! The integration tests of this crate in one binary, because each further binary costs a link. A
//! test that needs its own process is a `[[test]]` in `Cargo.toml`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod msm;
mod multiples;
mod ntt;
mod pairing;
mod properties;
mod single;
mod transform;
