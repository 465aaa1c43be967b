//! Reads the compressed points of many proofs together. Most of the cost is square roots, and lanes
//! take eight at a time.
//!
//! A point that is read here is certainly good: it satisfies its curve's equation, and its encoding
//! is the one that we write. All others are left to `decode_point`, so that refusals and their
//! reasons come from one place.

use alloc::vec::Vec;

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine, g1::Config as G1, g2::Config as G2};
use ark_ec::{
    AffineRepr,
    models::short_weierstrass::{Affine, SWCurveConfig},
};
use ark_ff::{AdditiveGroup, BigInt, Field, PrimeField};

use crate::groth16::{arithmetic, point::encode_point, proof::Proof};

/// The two highest bits of a compressed point's last byte: the sign of y, and infinity.
const FLAGS: u8 = 0xc0;

/// The points of a proof that were read. B's subgroup is not checked yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Points {
    pub(crate) a: Option<G1Affine>,
    pub(crate) b: Option<G2Affine>,
    pub(crate) c: Option<G1Affine>,
}

/// Reads A, B and C of each proof.
///
/// # Source
/// Square roots in the extension by the norm: Adj, Rodríguez-Henríquez, "Square Root Computation
/// over Even Extension Fields" (2014), algorithm 8, without its inversion.
pub(crate) fn read_all(proofs: &[[u8; Proof::BYTES]]) -> Vec<Points> {
    let sides: Vec<Sides<'_>> = proofs.iter().map(Sides::of).collect();
    let values: Vec<Fq> = sides.iter().flat_map(|s| [s.a, s.c, norm(&s.b)]).collect();
    let roots = arithmetic::inverse_roots(&values);
    let (roots, _) = roots.as_chunks::<3>();
    // b = (b0, b1), s^2 = b0^2 + b1^2, half = (b0 + s) / 2.
    let half = |(s, [.., root]): (&Sides<'_>, &[Fq; 3])| (s.b.c0 + norm(&s.b) * root) * HALF;
    let halves: Vec<Fq> = sides.iter().zip(roots).map(half).collect();
    let half_roots = arithmetic::inverse_roots(&halves);
    let points = sides.iter().zip(roots).zip(halves.iter().zip(&half_roots));
    let read = |((s, [a, c, _]), (half, root)): ((&Sides<'_>, &[Fq; 3]), (&Fq, &Fq))| Points {
        a: point::<G1>(&s.bytes[..32], s.xs.0, s.a * a, s.a),
        b: point::<G2>(&s.bytes[32..96], s.xs.1, twisted(&s.b, half, root), s.b),
        c: point::<G1>(&s.bytes[96..], s.xs.2, s.c * c, s.c),
    };
    points.map(read).collect()
}

/// One over two.
const HALF: Fq = ark_ff::MontFp!(
    "10944121435919637611123202872628637544348155578648911831344518947322613104292"
);

/// x of each point, and the right side of its curve's equation. Zeros where there is no x.
struct Sides<'a> {
    bytes: &'a [u8; Proof::BYTES],
    xs: (Fq, Fq2, Fq),
    a: Fq,
    b: Fq2,
    c: Fq,
}

impl<'a> Sides<'a> {
    fn of(bytes: &'a [u8; Proof::BYTES]) -> Self {
        let [first, low, high, last] = [0, 32, 64, 96].map(|at| &bytes[at..at + 32]);
        let coordinate = |bytes, flags| coordinate(bytes, flags).unwrap_or_default();
        let (a, c) = (coordinate(first, FLAGS), coordinate(last, FLAGS));
        let b = Fq2::new(coordinate(low, 0), coordinate(high, FLAGS));
        Self { bytes, xs: (a, b, c), a: side::<G1>(a), b: side::<G2>(b), c: side::<G1>(c) }
    }
}

/// Reads a coordinate of 32 bytes, without its flags. Returns `None` if it is not canonical.
fn coordinate(bytes: &[u8], flags: u8) -> Option<Fq> {
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_le_bytes(*chunk);
    }
    limbs[3] &= !(u64::from(flags) << 56);
    Fq::from_bigint(BigInt(limbs))
}

/// x^3 + b.
fn side<P: SWCurveConfig>(x: P::BaseField) -> P::BaseField {
    x.square() * x + P::COEFF_B
}

fn norm(value: &Fq2) -> Fq {
    value.c0.square() + value.c1.square()
}

/// Returns a square root of `b`, if it has one, from half = (b0 + s) / 2 and half^((q - 3) / 4).
///
/// If half is a square, `root` is one over its root, and the result is (half root, b1 root / 2). If
/// not, (b0 - s) / 2 = -b1^2 / (4 half) is a square, and half root^2 = -1, so the result is (b1
/// root / 2, -half root).
fn twisted(b: &Fq2, half: &Fq, root: &Fq) -> Fq2 {
    let (first, second) = (*half * root, b.c1 * root * HALF);
    if first.square() == *half { Fq2::new(first, second) } else { Fq2::new(second, -first) }
}

/// Returns the point (x, y) or (x, -y), whichever is encoded as `bytes`, if y is a root of the
/// right side.
fn point<P: SWCurveConfig>(
    bytes: &[u8],
    x: P::BaseField,
    y: P::BaseField,
    side: P::BaseField,
) -> Option<Affine<P>> {
    let point = Affine::<P>::new_unchecked(x, y);
    let fits = |point: &Affine<P>| !point.is_zero() && encode_point(point) == bytes;
    let on_curve = y.square() == side && side != P::BaseField::ZERO;
    [point, -point].into_iter().find(|point| on_curve && fits(point))
}

#[cfg(test)]
mod tests {
    use ark_bn254::{G1Projective, G2Projective};
    use ark_ec::{CurveGroup, PrimeGroup};
    use ark_serialize::CanonicalDeserialize;

    use super::*;

    /// Returns what arkworks reads: on the curve, in the encoding that it would write, not the
    /// identity.
    fn plain<P: SWCurveConfig>(bytes: &[u8]) -> Option<Affine<P>> {
        let point = Affine::<P>::deserialize_compressed_unchecked(bytes).ok()?;
        (!point.is_zero() && encode_point(&point) == bytes).then_some(point)
    }

    fn expected(proof: &[u8; Proof::BYTES]) -> Points {
        Points {
            a: plain::<G1>(&proof[..32]),
            b: plain::<G2>(&proof[32..96]),
            c: plain::<G1>(&proof[96..]),
        }
    }

    fn proofs(count: u64) -> Vec<[u8; Proof::BYTES]> {
        let g1 =
            |k: u64| encode_point(&(G1Projective::generator() * crate::Fr::from(k)).into_affine());
        let g2 =
            |k: u64| encode_point(&(G2Projective::generator() * crate::Fr::from(k)).into_affine());
        let proof = |k| [g1(k), g2(k * k + 1), g1(7 * k)].concat().try_into().unwrap();
        (1..=count).map(proof).collect()
    }

    #[test]
    fn points_are_those_that_arkworks_reads() {
        let proofs = proofs(70);
        let read = read_all(&proofs);
        for (points, proof) in read.iter().zip(&proofs) {
            assert_eq!(*points, expected(proof));
            assert!(points.a.is_some() && points.b.is_some() && points.c.is_some());
        }
        assert!(read_all(&[]).is_empty());
    }

    /// Rows of docs/failures.md: 4.
    #[test]
    fn what_arkworks_refuses_is_not_read() {
        let [good] = proofs(1)[..] else { panic!("one") };
        let mut changed = Vec::new();
        for bit in 0..8 * good.len() {
            let mut other = good;
            other[bit / 8] ^= 1 << (bit % 8);
            changed.push(other);
        }
        // Small x, most of which no point has, and points of the twist whose root has the other
        // form.
        for x in 0..200u8 {
            let mut other = good;
            for (at, byte) in other.iter_mut().enumerate() {
                *byte = if at % 32 == 0 { x } else { 0 };
            }
            changed.push(other);
            other[64] = 0;
            changed.push(other);
        }
        changed.extend([[0; 128], [0xff; 128], [0x40; 128], [0x80; 128]]);
        let (mut some, mut none) = (0, 0);
        for (points, proof) in read_all(&changed).iter().zip(&changed) {
            assert_eq!(*points, expected(proof), "{proof:?}");
            let read = [points.a.is_some(), points.b.is_some(), points.c.is_some()];
            some += read.iter().filter(|read| **read).count();
            none += read.iter().filter(|read| !**read).count();
        }
        assert!(some > 1_000 && none > 800, "{some} were read, {none} not");
    }
}
