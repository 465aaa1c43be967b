//! What snarkjs and the ceremonies made with it read and write: keys in, proofs and keys out.
//!
//! `.r1cs`, `.wtns` and `.sym` are written by `wufu-circuits`. Here are snarkjs's `.zkey`
//! ([`zkey::read`]) and its JSON ([`json`]).

pub mod json;
pub mod zkey;

pub use zkey::ZkeyError;
