//! Seeds, and the masks that they expand to.

use std::fmt;

use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};
use blake3::{Hasher, OutputReader};
use rand::{CryptoRng, RngCore};
use wufu_verifier::encoding::{canonical::Writer, hex::Hex};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::shape::{Shape, integer};

/// What the masks are for: the first field of the message that is hashed with the seed as key.
const CONTEXT: &str = "wufu 2026-11 blind masks v1";
/// The BLAKE3 context of a seed's id.
const SEED_ID_CONTEXT: &str = "wufu 2026-11 blind seed id v1";

/// 32 random bytes that all masks of a token come from. Whoever holds the seed and the request that
/// it masked can compute the witness.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct MaskSeed([u8; 32]);

/// The id of a seed. A wallet keeps it for ever, to recognise the seed if it comes again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeedId(pub [u8; 32]);

impl fmt::Debug for SeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

impl MaskSeed {
    /// Draws a fresh seed.
    pub fn random(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        let mut seed = Self([0; 32]);
        rng.fill_bytes(&mut seed.0);
        seed
    }

    /// Creates the seed from its bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the id, which reveals nothing of the seed.
    pub fn id(&self) -> SeedId {
        SeedId(blake3::derive_key(SEED_ID_CONTEXT, &self.0))
    }
}

impl fmt::Debug for MaskSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskSeed")
    }
}

/// The masks of a token, as integers below the modulus. They are wiped when dropped.
pub struct Masks {
    /// One for each private wire.
    pub wires: Zeroizing<Vec<BigInt<4>>>,
    /// One for each product.
    pub products: Zeroizing<Vec<BigInt<4>>>,
}

impl Masks {
    /// Expands a seed into its masks under a key: independent and uniform in the field, if BLAKE3's
    /// output is that of a random function.
    ///
    /// # Shapes
    /// Candidates are 32 bytes each of BLAKE3's output, keyed with the seed, over the canonical
    /// bytes of context, key id, wires and products: read little-endian, the two highest bits
    /// cleared. Those below the modulus (three in four) are the masks, in order: the private
    /// wires', then the products'.
    pub fn new(seed: &MaskSeed, shape: &Shape) -> Self {
        let mut stream = Stream::new(seed, shape);
        let mut take = |count: usize| {
            let mut masks = Zeroizing::new(Vec::with_capacity(count));
            masks.extend((0..count).map(|_| stream.next()));
            masks
        };
        Self { wires: take(shape.private()), products: take(shape.domain()) }
    }
}

impl fmt::Debug for Masks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masks")
            .field("wires", &self.wires.len())
            .field("products", &self.products.len())
            .finish()
    }
}

/// Subtracts the masks of a seed from values, which are in the masks' order.
pub(crate) fn subtract(seed: &MaskSeed, shape: &Shape, values: &mut [BigInt<4>]) {
    let mut stream = Stream::new(seed, shape);
    for value in values {
        let mut mask = stream.next();
        *value = difference(value, &mask);
        mask.zeroize();
    }
}

/// Returns `a - b` modulo the modulus, of integers below it. It takes the same steps for all
/// values.
fn difference(a: &BigInt<4>, b: &BigInt<4>) -> BigInt<4> {
    let mut out = BigInt::default();
    let mut borrow = false;
    for ((out, a), b) in out.0.iter_mut().zip(a.0).zip(b.0) {
        let (less, first) = a.overflowing_sub(b);
        let (less, second) = less.overflowing_sub(u64::from(borrow));
        (*out, borrow) = (less, first | second);
    }
    let below_zero = u64::from(borrow).wrapping_neg();
    let mut carry = false;
    for (out, modulus) in out.0.iter_mut().zip(Fr::MODULUS.0) {
        let (more, first) = out.overflowing_add(modulus & below_zero);
        let (more, second) = more.overflowing_add(u64::from(carry));
        (*out, carry) = (more, first | second);
    }
    out
}

/// The stream of masks.
struct Stream {
    output: OutputReader,
    buffer: Zeroizing<[u8; Stream::BUFFER]>,
    at: usize,
}

impl Stream {
    const BUFFER: usize = 4096;

    fn new(seed: &MaskSeed, shape: &Shape) -> Self {
        let message = Writer::new()
            .text(CONTEXT)
            .bytes(shape.key_id().as_bytes())
            .u64(shape.private() as u64)
            .u64(shape.domain() as u64)
            .finish();
        let mut hasher = Hasher::new_keyed(seed.as_bytes());
        hasher.update(&message);
        let output = hasher.finalize_xof();
        hasher.zeroize();
        Self { output, buffer: Zeroizing::new([0; Self::BUFFER]), at: Self::BUFFER }
    }

    fn next(&mut self) -> BigInt<4> {
        loop {
            let (chunks, _) = self.buffer[self.at..].as_chunks::<32>();
            let Some(bytes) = chunks.first() else {
                self.output.fill(&mut *self.buffer);
                self.at = 0;
                continue;
            };
            self.at += 32;
            let mut candidate = integer(bytes);
            candidate.0[3] &= u64::MAX >> 2;
            if candidate < Fr::MODULUS {
                return candidate;
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.output.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wufu_circuits::r1cs::Size;
    use wufu_verifier::{
        CircuitName, VerifyingKey,
        groth16::key::{KeyPoints, Provenance, Reduction},
    };

    use super::*;

    fn shape(size: Size) -> Shape {
        use ark_bn254::{G1Affine, G2Affine};
        use ark_ec::{AffineRepr, CurveGroup};
        let g1 = |times: u64| (G1Affine::generator() * Fr::from(times)).into_affine();
        let g2 = |times: u64| (G2Affine::generator() * Fr::from(times)).into_affine();
        let points = KeyPoints {
            alpha: g1(3),
            beta: g2(5),
            gamma: g2(7),
            delta: g2(11),
            inputs: [13, 17, 19, 23, 29].map(g1).to_vec(),
        };
        let (development, libsnark) = (Provenance::Development, Reduction::Libsnark);
        let key = VerifyingKey::new(CircuitName::Gift, development, libsnark, points).unwrap();
        Shape::with_size(&key, size)
    }

    fn values() -> impl Strategy<Value = Fr> {
        let edges = [Fr::from(0u64), Fr::from(1u64), -Fr::from(1u64)];
        prop_oneof![
            1 => prop::sample::select(edges.to_vec()),
            4 => any::<[u8; 32]>().prop_map(|bytes| Fr::from_le_bytes_mod_order(&bytes)),
        ]
    }

    proptest! {
        #[test]
        fn differences_are_those_of_the_field(a in values(), b in values()) {
            let got = difference(&a.into_bigint(), &b.into_bigint());
            prop_assert_eq!(got, (a - b).into_bigint());
        }

        #[test]
        fn what_is_subtracted_are_the_masks(
            seed in any::<[u8; 32]>(),
            wires in 5..400usize,
            rows in 1..300usize,
            value in values(),
        ) {
            let (seed, shape) = (MaskSeed::from_bytes(seed), shape(Size { rows, wires }));
            let mut got = vec![value.into_bigint(); shape.values()];
            subtract(&seed, &shape, &mut got);
            let masks = Masks::new(&seed, &shape);
            let masks: Vec<Fr> = masks
                .wires
                .iter()
                .chain(masks.products.iter())
                .map(|mask| Fr::from_bigint(*mask).unwrap())
                .collect();
            let expected: Vec<_> = masks.iter().map(|mask| (value - mask).into_bigint()).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
