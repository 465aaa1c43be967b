//! The integration tests of this crate, in one binary, because linking each further binary takes
//! time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod vectors;
