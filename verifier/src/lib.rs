//! The light half of Wufu: everything a party needs to check a proof, and nothing else.
//!
//! A verifier embeds this crate. It recomputes what it asked for (scope, policy, anchor, bound payload), checks the
//! proof under a key that it pinned, and receives a [`Verified`] value, which nothing else can make. The crate is
//! `no_std` with `alloc`, has no clock and no network: the time is passed in. Only batches need randomness; it is passed in, too,
//! or comes from the operating system with feature `std`.
//!
//! Field elements are those of BN254's scalar field, [`Fr`]. On the wire one is 32 bytes, little-endian, canonical.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

extern crate alloc;

mod arithmetic;
pub mod batch;
pub mod canonical;
pub mod checkpoint;
mod comb;
pub mod domain;
pub mod epochs;
pub mod field;
pub mod h2f;
pub mod hex;
pub mod key;
pub mod merkle;
pub mod note;
pub mod notes;
pub mod pending;
mod points;
pub mod policy;
pub mod poseidon;
pub mod proof;
pub mod readable;
pub mod reason;
pub mod record;
pub mod request;
pub mod spent;
pub mod statement;
pub mod text;
pub mod verify;

pub use ark_bn254::Fr;
pub use batch::{BatchVerifier, verify_batch};
pub use field::{FieldBytes, FieldError};
pub use key::{CircuitId, KeyId, Trust, VerifyingKey};
pub use pending::OpenedProof;
pub use policy::{Policy, ProjectSet};
pub use proof::Proof;
pub use reason::Reason;
pub use record::{Amount, ProjectKey, Record, Time};
pub use request::ProofRequest;
pub use spent::NullifierStore;
pub use statement::{CircuitName, Donation, FiveFu, Gift, Statement};
pub use verify::{ClaimCheck, DonationCheck, GiftCheck, Verified, VerifyError};
