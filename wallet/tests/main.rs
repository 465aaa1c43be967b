//! The integration tests of this crate, in one binary, because linking each further binary takes
//! time. A test that needs its own process is a `[[test]]` in `Cargo.toml`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod answers;
mod blind;
mod busy;
mod campaign;
mod checks;
mod common;
mod honest;
mod looks;
mod provers;
mod scale;
mod secrets;
mod store_versions;
mod submissions;
mod swapped;
mod tokens;
mod transport;
