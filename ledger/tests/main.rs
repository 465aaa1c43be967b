//! The integration tests of this crate, in one binary because each binary costs a link. A test that
//! needs a process of its own is a `[[test]]` in `Cargo.toml`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod audit;
mod cases;
mod checks;
mod claims;
mod clock;
mod common;
mod disk;
mod durable;
mod evidence;
mod folder;
mod import;
mod logs;
mod reader;
mod receipts;
mod refusals;
mod service;
mod shards;
mod strangers;
mod submit;
mod summary;
