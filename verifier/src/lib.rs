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

pub mod check;
pub mod encoding;
pub mod groth16;
pub mod hash;
pub mod log;
pub mod statement;

pub use ark_bn254::Fr;
pub use check::{
    ClaimCheck, DonationCheck, GiftCheck, OpenedProof, Verified, VerifyError,
    batch::{BatchVerifier, verify_batch},
    reason::Reason,
    request::ProofRequest,
    spent::NullifierStore,
};
pub use encoding::field::{FieldBytes, FieldError};
pub use groth16::{
    key::{Trust, VerifyingKey},
    proof::Proof,
};
pub use hash::element::{Anchor, Commitment, PublicKey, Root, Scope};
pub use statement::{
    CircuitId, CircuitName, Donation, FiveFu, Gift, KeyId, Statement,
    policy::{Policy, ProjectSet},
    record::{Amount, ProjectKey, Record, Time},
};
