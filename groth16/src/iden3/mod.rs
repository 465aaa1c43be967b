//! What snarkjs and the ceremonies made with it read and write: keys in, proofs and keys out.
//!
//! `.r1cs`, `.wtns` and `.sym` are written by `wufu-circuits`. Here are the quotient as snarkjs has it
//! ([`CircomReduction`]), its `.zkey` ([`zkey::read`]) and its JSON ([`json`]).

pub mod json;
mod reduction;
pub mod zkey;

pub use reduction::CircomReduction;
pub use zkey::ZkeyError;
