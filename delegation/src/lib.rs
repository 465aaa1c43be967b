//! Blind mode's mathematics: how two servers make the sums of a proof and learn neither witness nor public inputs.
//!
//! All of a Groth16 proof but the products `a b` on the coset is linear in the wires. A wallet computes those products itself, takes
//! masks from everything that is not public ([`BlindKey::share`]) and sends the differences to an evaluator; the sums over the masks
//! are in a [`Token`] that a dealer made beforehand. Both [`FourSums`] together, with the public part from a [`Kit`] of some 2 kB, are
//! the wallet's proof ([`BlindedJob::finish`]), which is verified before it is handed out.
//!
//! What a token's masks were used for is what a one-time pad was used for: a token serves one request. This crate cannot
//! see to that, since it remembers nothing; [`BlindKey::share`] takes tokens by value, and who keeps them keeps them spent.
//!
//! Here is no server and no engine. What makes the sums is in `wufu-prover`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

mod key;
mod kit;
mod mask;
mod point;
mod secrets;
mod shape;
mod share;
mod share_error;
mod sums;
mod token;

pub use key::BlindKey;
pub use kit::{Kit, KitError, KitId, PublicBases};
pub use mask::{MaskSeed, Masks, SeedId};
pub use point::PointError;
pub use secrets::{NotBlind, secrets};
pub use shape::{RequestError, Shape};
pub use share::{AnswerError, BlindedJob, Blinding, Request, Shared};
pub use share_error::ShareError;
pub use sums::{FourSums, SumsError};
pub use token::{LIFE, MAX_LIFE, Token, TokenError};
