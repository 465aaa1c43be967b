//! Messages of Wufu: what travels, and how it becomes what the project works with.
//!
//! The only place that names both wire and domain types. With no features it needs prost alone, so that an embedder can
//! open an [`v1::Envelope`]; feature `json` brings the JSON form, `rpc` the gRPC clients and servers, `witness` the
//! conversions of witnesses, grants and addresses.
//!
//! Wire becomes domain by `TryFrom`, strictly; domain becomes wire by `From`. Notes (checkpoints, lists of projects,
//! receipts of claims) travel as text and are opened with the key that should have signed them: see
//! [`Checkpoint::open`](wufu_verifier::log::checkpoint::Checkpoint::open).
//!
//! Messages with secrets print only their names, and their memory is wiped when they are dropped.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

pub mod blind;
pub mod claim;
#[cfg(feature = "rpc")]
pub mod connection;
pub mod envelope;
mod error;
pub mod file;
#[cfg(feature = "json")]
pub mod json;
pub mod limits;
pub mod log;
mod policy;
pub mod prover;
mod read;
mod request;
mod secret;
pub mod voucher;

#[cfg(feature = "witness")]
mod address;
#[cfg(feature = "witness")]
pub mod append;
#[cfg(feature = "witness")]
pub mod grant;
#[cfg(feature = "witness")]
pub mod shard_path;
#[cfg(feature = "witness")]
pub mod witness;

pub use envelope::Envelope;
pub use error::ConvertError;
pub use file::FileError;
pub use read::{MAX_NAME, decode};

/// The generated messages and services of package `wufu.v1`.
pub mod v1 {
    #![allow(missing_docs, clippy::all, clippy::pedantic)]
    include!(concat!(env!("OUT_DIR"), "/wufu.v1.rs"));
}

/// The compiled `.proto` files, for reflection and for JSON.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
