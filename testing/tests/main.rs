//! Tests of the time limit, each with a process of its own: this test binary, run again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod limit;
