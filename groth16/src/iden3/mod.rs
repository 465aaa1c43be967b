//! The formats of snarkjs, and of the ceremonies made with it: reads keys, and writes proofs and
//! keys.
//!
//! `wufu-circuits` writes `.r1cs`, `.wtns` and `.sym`. This module has snarkjs's `.zkey`
//! ([`zkey::read`]) and its JSON ([`json`]).

pub mod json;
pub mod zkey;

pub use zkey::ZkeyError;
