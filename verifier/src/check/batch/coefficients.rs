//! The random coefficients of a batch.

use alloc::vec::Vec;

use super::entropy::{Entropy, EntropyError};
use crate::encoding::canonical::Writer;

/// The BLAKE3 context of coefficients.
const CONTEXT: &str = "wufu 2026-11 batch v1";

/// Returns one coefficient for each candidate, none of them zero, derived from everything that is
/// checked and then from fresh bytes.
///
/// # Shapes
/// `absorbed`: key id, public inputs and proof of each. Hashed: their number (u64); the canonical
/// bytes of each; 32 bytes of `entropy`. A coefficient is 16 bytes of output.
pub(super) fn coefficients<'a>(
    absorbed: impl ExactSizeIterator<Item = [&'a [u8]; 3]>,
    entropy: &mut impl Entropy,
) -> Result<Vec<u128>, EntropyError> {
    let count = absorbed.len();
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&(count as u64).to_le_bytes());
    for [key_id, inputs, proof] in absorbed {
        hasher.update(&Writer::new().bytes(key_id).bytes(inputs).bytes(proof).finish());
    }
    // Drawn last, so that nothing that is checked can depend on it.
    hasher.update(&entropy.draw()?);
    let mut output = hasher.finalize_xof();
    let mut coefficient = || loop {
        let mut bytes = [0; 16];
        output.fill(&mut bytes);
        match u128::from_le_bytes(bytes) {
            // Zero would leave this proof out.
            0 => {}
            other => return other,
        }
    };
    Ok((0..count).map(|_| coefficient()).collect())
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    type TranscriptParts = [Vec<u8>; 3];

    fn drawn(absorbed: &[TranscriptParts], fresh: u8) -> Vec<u128> {
        let parts = absorbed.iter().map(|parts| parts.each_ref().map(Vec::as_slice));
        coefficients(parts, &mut || Ok([fresh; 32])).unwrap()
    }

    /// Rows of docs/failures.md: 19.
    #[test]
    fn coefficients_depend_on_all_inputs_and_on_a_secret() {
        let one = |byte: u8| [vec![byte; 32], vec![byte + 1; 128], vec![byte + 2; 128]];
        let batch = vec![one(1), one(2), one(3)];
        let mut seen = BTreeSet::from([drawn(&batch, 7)]);
        assert_eq!(drawn(&batch, 7), drawn(&batch, 7));
        let mut fresh = |batch: &[TranscriptParts], entropy| {
            let drawn = drawn(batch, entropy);
            // Each differs, whichever byte was changed.
            for before in &seen {
                assert!(before.iter().zip(&drawn).all(|(before, now)| before != now));
            }
            assert!(seen.insert(drawn));
        };
        fresh(&batch, 8);
        for item in 0..3 {
            for part in 0..3 {
                for at in [0, batch[item][part].len() - 1] {
                    let mut other = batch.clone();
                    other[item][part][at] ^= 1;
                    fresh(&other, 7);
                }
            }
        }
        fresh(&batch[..2], 7);
        fresh(&[one(2), one(1), one(3)], 7);
        // The same bytes, split elsewhere.
        let mut cut = batch.clone();
        let moved = cut[0][1].pop().unwrap();
        cut[0][2].insert(0, moved);
        fresh(&cut, 7);
    }

    /// Rows of docs/failures.md: 19.
    #[test]
    fn without_entropy_there_are_no_coefficients() {
        let part = [[&[1u8][..]; 3]];
        let refused = coefficients(part.into_iter(), &mut || Err(EntropyError));
        assert_eq!(refused, Err(EntropyError));
    }
}
