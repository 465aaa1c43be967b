//! Field elements that nobody can guess.

use rand::{RngCore, rngs::OsRng};
use wufu_verifier::{Fr, encoding::field};

/// A field element drawn uniformly from the system's generator.
///
/// # Source
/// Rejection sampling: 254 random bits until they are below the modulus, three times in four at the first attempt.
pub(crate) fn element() -> Fr {
    let mut bytes = [0u8; 32];
    loop {
        OsRng.fill_bytes(&mut bytes);
        bytes[31] &= 0x3f;
        if let Ok(value) = field::decode("random", &bytes) {
            return value;
        }
    }
}
