//! Field elements that nobody can guess.

use rand::{RngCore, rngs::OsRng};
use wufu_verifier::{Fr, encoding::field};

/// Draws a uniform field element from the system's random generator.
///
/// # Source
/// Rejection sampling: draws 254 random bits until they are below the modulus. Three times out of
/// four, the first attempt succeeds.
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
