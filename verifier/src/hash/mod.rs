//! Hashes: Poseidon of field elements, trees of it, and hashes of bytes to field elements.

pub mod domain;
pub mod element;
pub mod h2f;
pub mod merkle;
pub mod poseidon;
