//! Checks: what a verifier asked, compared with what somebody presented.
//!
//! Each check recomputes what the verifier asked for, and trusts nothing in the answer. The order
//! is: lengths and canonical encoding; key id and circuit; number of public inputs; curve and
//! subgroup; roots within the window; scope, policy, payload and expiry; the pairing equation. Then
//! the caller's store takes the nullifiers ([`Verified::spend`]).
//!
//! `verify` does all of it for one proof. `open` leaves out the two parts that many proofs can
//! share, subgroup and equation, for [`verify_batch`](crate::check::batch::verify_batch).

mod asked;
pub mod batch;
mod claim;
mod donation;
mod error;
mod gift;
mod opened;
mod presented;
pub mod reason;
pub mod request;
pub mod spent;
mod verified;

pub use claim::{ClaimCheck, SubmittedClaim};
pub use donation::DonationCheck;
pub use error::VerifyError;
pub use gift::GiftCheck;
pub use opened::OpenedProof;
pub use presented::{PresentedProof, UnverifiedProof};
pub use verified::{AnyVerified, Verified};
