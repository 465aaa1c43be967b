//! Checks: what a verifier asked, against what it was given.
//!
//! Each check recomputes what it asked for and takes nothing from the answer on trust. The order
//! is: lengths and canonical encoding; key id and circuit; number of public inputs; curve and
//! subgroup; roots within the window; scope, policy, payload and expiry; the pairing equation. Then
//! the caller's store takes the nullifiers ([`Verified::spend`]).
//!
//! `verify` does it all for one proof. `open` does all but the two that many proofs can share, and
//! leaves them to [`verify_batch`](crate::check::batch::verify_batch): subgroup and equation.

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
pub use presented::PresentedProof;
pub use verified::{AnyVerified, Verified};
