//! BN254 eight lanes at a time: multi-scalar multiplication over fixed bases, number-theoretic transforms, transforms of points, and pairings.
//!
//! # Source
//! README.md beside this crate's manifest says what each part rests on, and in which order to read.

#[cfg(test)]
use wufu_testing as _;

mod backend;
mod division;
mod error;
mod field;
mod glv;
pub mod msm;
mod multiples;
pub mod ntt;
pub mod pairing;
pub mod poseidon;
pub mod reference;
pub mod roots;
pub mod subgroup;
pub mod transform;

pub use backend::Backend;
pub use error::Error;
pub use msm::{G1, G2, Group, Scratch, Table};
pub use ntt::Ntt;

/// Its examples, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
