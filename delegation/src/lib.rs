//! The mathematics of blind mode: how two servers compute the sums of a proof and learn neither the
//! witness nor the public inputs.
//!
//! Except for the products `a b` on the coset, everything in a Groth16 proof is linear in the
//! wires. A proof takes these steps:
//!
//! 1. A dealer draws a seed, expands it into masks, and returns both the seed and the four sums
//!    over the masks in a [`Token`].
//! 2. A wallet computes the products itself. It subtracts the masks from everything that is not
//!    public ([`BlindKey::share`]), and sends the differences to an evaluator.
//! 3. The evaluator returns the four sums over the differences, as [`FourSums`].
//! 4. The wallet adds both sums and the public part from a [`Kit`] of about 2 kB. The result is the
//!    proof, which [`BlindedJob::finish`] verifies before it returns it.
//!
//! The masks are as many as the numbers that they hide, and are known only to those who have the
//! seed:
//!
//! ```
//! use rand::rngs::OsRng;
//! use wufu_delegation::{MaskSeed, Masks, Shape, secrets};
//! use wufu_verifier::{Trust, VerifyingKey};
//!
//! # let vectors = include_str!("../../vectors/envelopes.json");
//! # let digits = vectors.rsplit("\"gift\": \"").next().unwrap().split('"').next().unwrap();
//! # let key_bytes = hex::decode(digits).unwrap();
//! let key = VerifyingKey::decode(&key_bytes, Trust::AcceptDevelopment)?;
//! // Only circuits whose witness nobody can guess are proved in blind mode.
//! secrets(key.circuit())?;
//!
//! let shape = Shape::of(&key);
//! let masks = Masks::new(&MaskSeed::random(&mut OsRng), &shape);
//! assert_eq!(masks.wires.len(), shape.private());
//! assert_eq!(masks.products.len(), shape.domain());
//! assert_eq!(shape.request_bytes(), 32 * (shape.private() + shape.domain()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A token is a one-time pad: it serves one request. This crate remembers nothing, so it cannot
//! enforce that. [`BlindKey::share`] takes tokens by value, and whoever stores them must mark them
//! as spent first.
//!
//! # What to read next
//! - [`BlindKey`] and [`BlindedJob`]: the wallet's side.
//! - [`Token`] and [`Masks`]: the dealer's side.
//! - The servers, and the engine that computes the sums, are in the crate `wufu-prover`.
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
