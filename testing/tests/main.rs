//! Tests of the time limit. Each one runs this test binary again, as a process of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod limit;
