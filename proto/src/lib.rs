//! Messages of Wufu: what travels, and how it becomes what the project works with.
//!
//! The only place that names both wire and domain types. With no features it needs prost alone, so that an embedder can
//! open an [`v1::Envelope`]; feature `rpc` brings the gRPC clients and servers, feature `witness` the conversions of
//! witnesses.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod secret;

/// The generated messages and services of package `wufu.v1`.
pub mod v1 {
    #![allow(missing_docs, clippy::all, clippy::pedantic)]
    include!(concat!(env!("OUT_DIR"), "/wufu.v1.rs"));
}

/// The compiled `.proto` files, for reflection and for JSON.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
