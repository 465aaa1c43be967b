//! The messages of Wufu, and their conversion to the types of the other crates.
//!
//! This is the only crate that names both the wire types ([`v1`]) and the domain types. A message
//! becomes a domain value by `TryFrom`, which checks it strictly; a domain value becomes a message
//! by `From`. Checkpoints, lists of projects and receipts of claims travel as signed text, and are
//! opened with the key that should have signed them: see
//! [`Checkpoint::open`](wufu_verifier::log::checkpoint::Checkpoint::open).
//!
//! Messages that hold secrets print only their names, and are wiped from memory when they are
//! dropped.
//!
//! Read an envelope from a file, and see what it claims:
//!
//! ```
//! use wufu_proto::{envelope::Binding, file};
//!
//! # let vectors = include_str!("../../vectors/envelopes.json");
//! # let vectors: serde_json::Value = serde_json::from_str(vectors)?;
//! # let donation = vectors["cases"].as_array().unwrap().iter().find(|case| {
//! #     case["verdict"] == "accepted" && case["asked"]["circuit"] == "donation"
//! # });
//! # let bytes = hex::decode(donation.unwrap()["envelope"].as_str().unwrap())?;
//! let envelope = file::envelope(&bytes)?;
//! assert_eq!(envelope.circuit().as_str(), "donation");
//! let Binding::Request(request) = envelope.binding() else { unreachable!() };
//! println!("for {:?}, in the log {}", request.question().purpose, request.question().origin);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The claims are not checked yet. To check them, read [`wufu_verifier`] next.
//!
//! # Features
//! Without features this crate needs only prost: enough to open an [`Envelope`]. All of these are
//! on by default:
//!
//! - `json`: the JSON form of every message.
//! - `rpc`: gRPC clients and servers.
//! - `witness`: conversions of witnesses, grants and addresses.
//!
//! # What to read next
//! - [`mod@file`]: how messages are stored as files.
//! - [`envelope`]: what a verifier receives.
//! - `wufu/v1/*.proto` in this crate's folder: every service, message and field, with limits and
//!   errors.
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

/// The compiled `.proto` files with their comments, for reflection and for JSON.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
