//! Groth16 over BN254: keys and proofs as bytes, their points, and the pairing equation.

pub(crate) mod arithmetic;
mod comb;
pub(crate) mod curve_proof;
pub mod key;
mod many_points;
pub mod point;
pub mod proof;
