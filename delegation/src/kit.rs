//! The kit: what a wallet needs of a proving key, about 2 kB.

use std::fmt;

use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::{AffineRepr, pairing::Pairing};
use wufu_verifier::{KeyId, VerifyingKey, encoding::hex::Hex};

use crate::point::{self, PointError};

/// The BLAKE3 context of a kit's id.
const ID_CONTEXT: &str = "wufu 2026-11 blind kit v1";
const MAGIC: &[u8; 8] = b"wufu-bk1";
const HEADER: usize = 8 + 32;
const SINGLE: usize = 3 * 32 + 2 * 64;
const WIRE: usize = 3 * 32 + 64;

/// Errors from reading or building a kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KitError {
    /// The wrong number of bytes for the key's circuit.
    #[error("kit is {got} bytes, expected {expected}")]
    Length {
        /// The number of bytes.
        got: usize,
        /// The expected number.
        expected: usize,
    },
    /// The bytes do not begin like a kit of this version.
    #[error("not a kit of version 1")]
    Magic,
    /// The kit belongs to another key.
    #[error("kit is of key {got}, expected {expected}")]
    Key {
        /// The key that the kit belongs to.
        got: KeyId,
        /// The expected key.
        expected: KeyId,
    },
    /// A point is refused.
    #[error("kit's {0}")]
    Point(#[from] PointError),
    /// A point is not the verifying key's, or is another multiple of the generator than its
    /// counterpart in the other group.
    #[error("kit's {point} is not the verifying key's")]
    Stranger {
        /// The point.
        point: &'static str,
    },
    /// The number of bases is not the number of public wires.
    #[error("kit has bases for {got} public wires, expected {expected}")]
    Wires {
        /// The number of bases.
        got: usize,
        /// The expected number.
        expected: usize,
    },
}

/// The id of a kit, which a wallet pins beside the key's id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KitId(pub [u8; 32]);

impl fmt::Display for KitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for KitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The bases of a public wire in the four sums. Each may be the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicBases {
    /// The base in A.
    pub a: G1Affine,
    /// The base in B in the first group.
    pub b1: G1Affine,
    /// The base in B in the second group.
    pub b2: G2Affine,
    /// The base in L with H.
    pub lh: G1Affine,
}

/// The parts of a proving key that enter a proof once, and those that belong to the public wires.
///
/// A kit cannot make a false proof pass, because every proof is verified. A wrong kit makes proofs
/// fail, so a wallet pins its [`id`](Self::id).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kit {
    pub(crate) key_id: KeyId,
    pub(crate) alpha: G1Affine,
    pub(crate) beta_g1: G1Affine,
    pub(crate) beta_g2: G2Affine,
    pub(crate) delta_g1: G1Affine,
    pub(crate) delta_g2: G2Affine,
    pub(crate) wires: Vec<PublicBases>,
}

impl Kit {
    /// Creates the kit of a key from points of its proving half: beta and delta in the first group,
    /// and the bases of the public wires, the constant one's first.
    ///
    /// # Errors
    /// Returns an error if there are bases for too few or too many wires, or if beta or delta are
    /// not the verifying key's.
    ///
    /// # Cost
    /// Four pairings.
    pub fn new(
        key: &VerifyingKey,
        beta_g1: G1Affine,
        delta_g1: G1Affine,
        wires: Vec<PublicBases>,
    ) -> Result<Self, KitError> {
        let points = key.points();
        let kit = Self {
            key_id: key.id(),
            alpha: points.alpha,
            beta_g1,
            beta_g2: points.beta,
            delta_g1,
            delta_g2: points.delta,
            wires,
        };
        kit.check(key)?;
        Ok(kit)
    }

    /// Checks the parts that belong to the key whose id both callers used.
    fn check(&self, key: &VerifyingKey) -> Result<(), KitError> {
        let points = key.points();
        for (point, same) in [
            ("alpha", self.alpha == points.alpha),
            ("beta in G2", self.beta_g2 == points.beta),
            ("delta in G2", self.delta_g2 == points.delta),
            ("beta in G1", is_multiple(self.beta_g1, self.beta_g2)),
            ("delta in G1", is_multiple(self.delta_g1, self.delta_g2)),
        ] {
            if !same {
                return Err(KitError::Stranger { point });
            }
        }
        let (got, expected) = (self.wires.len(), points.inputs.len());
        if got != expected {
            return Err(KitError::Wires { got, expected });
        }
        Ok(())
    }

    /// The length of the encoded kit of a key.
    pub fn bytes(key: &VerifyingKey) -> usize {
        HEADER + SINGLE + WIRE * key.points().inputs.len()
    }

    /// Decodes the kit of a key.
    ///
    /// # Errors
    /// Returns an error if the bytes are malformed or belong to another key, if a point is not
    /// canonical, off its curve or outside its subgroup, or if alpha, beta or delta are not the
    /// verifying key's.
    ///
    /// # Cost
    /// A square root for each point and four pairings: some milliseconds. Keep the value.
    pub fn decode(bytes: &[u8], key: &VerifyingKey) -> Result<Self, KitError> {
        let (got, expected) = (bytes.len(), Self::bytes(key));
        let length = KitError::Length { got, expected };
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or(length)?;
        if magic != MAGIC {
            return Err(KitError::Magic);
        }
        let (key_id, rest) = rest.split_first_chunk::<32>().ok_or(length)?;
        if *key_id != key.id().0 {
            return Err(KitError::Key { got: KeyId(*key_id), expected: key.id() });
        }
        if got != expected {
            return Err(length);
        }
        let (single, wires) = rest.split_at(SINGLE);
        let wires = wires.chunks_exact(WIRE).map(|wire| {
            Ok(PublicBases {
                a: point::decode("base of A", &wire[..32])?,
                b1: point::decode("base of B in G1", &wire[32..64])?,
                b2: point::decode("base of B in G2", &wire[64..128])?,
                lh: point::decode("base of L with H", &wire[128..])?,
            })
        });
        let kit = Self {
            key_id: key.id(),
            alpha: point::decode("alpha", &single[..32])?,
            beta_g1: point::decode("beta in G1", &single[32..64])?,
            beta_g2: point::decode("beta in G2", &single[64..128])?,
            delta_g1: point::decode("delta in G1", &single[128..160])?,
            delta_g2: point::decode("delta in G2", &single[160..])?,
            wires: wires.collect::<Result<_, PointError>>()?,
        };
        kit.check(key)?;
        Ok(kit)
    }

    /// Encodes the kit.
    ///
    /// # Shapes
    /// `wufu-bk1` (8 bytes), key id (32), alpha (32), beta in G1 (32) and G2 (64), delta in G1 (32)
    /// and G2 (64); then for the leading one and each public input its bases in A (32), B in G1
    /// (32), B in G2 (64), L with H (32).
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER + SINGLE + WIRE * self.wires.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(self.key_id.as_bytes());
        point::encode(&self.alpha, &mut out);
        point::encode(&self.beta_g1, &mut out);
        point::encode(&self.beta_g2, &mut out);
        point::encode(&self.delta_g1, &mut out);
        point::encode(&self.delta_g2, &mut out);
        for PublicBases { a, b1, b2, lh } in &self.wires {
            point::encode(a, &mut out);
            point::encode(b1, &mut out);
            point::encode(b2, &mut out);
            point::encode(lh, &mut out);
        }
        out
    }

    /// Returns the id, which covers the whole kit.
    pub fn id(&self) -> KitId {
        KitId(blake3::derive_key(ID_CONTEXT, &self.encode()))
    }

    /// The key that the kit belongs to.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }
}

/// Whether both are the same multiple of their generators.
fn is_multiple(one: G1Affine, two: G2Affine) -> bool {
    Bn254::pairing(one, G2Affine::generator()) == Bn254::pairing(G1Affine::generator(), two)
}
