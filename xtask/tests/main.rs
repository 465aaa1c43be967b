//! The integration tests of this crate, in one binary because each binary costs a link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod api;
mod vectors;
