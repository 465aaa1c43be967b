//! The user's side of Wufu.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod file;
pub mod log;
pub mod place;
pub mod seed;
pub mod source;
pub mod store;
pub mod view;
