//! The gate and the listener, in front of a small service.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod common;
mod listener;
mod messages;
mod metrics;
mod queries;
mod shutdown;
mod tls;
