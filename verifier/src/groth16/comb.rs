//! Sums of multiples of a few fixed points: those of a key.

use alloc::{vec, vec::Vec};

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, BigInteger, PrimeField};

/// The number of bits of a scalar taken at once, [`COLUMNS`] apart.
const TEETH: usize = 6;
/// The number of steps of a sum.
const COLUMNS: usize = (Fr::MODULUS_BIT_SIZE as usize).div_ceil(TEETH);

/// Points, each with the 63 sums of its multiples by `2^(COLUMNS k)`.
///
/// # Source
/// Lim, Lee, "More Flexible Exponentiation with Precomputation" (1994).
#[derive(Clone)]
pub(crate) struct Comb {
    tables: Vec<G1Affine>,
}

impl Comb {
    /// Computes the tables of these points, none of which is the identity.
    pub(crate) fn new(points: &[G1Affine]) -> Self {
        let mut tables = Vec::with_capacity(points.len() << TEETH);
        for point in points {
            let mut sums = vec![G1Projective::ZERO; 1 << TEETH];
            let mut tooth = point.into_group();
            for bit in 0..TEETH {
                for below in 0..1 << bit {
                    sums[1 << bit | below] = sums[below] + tooth;
                }
                (0..COLUMNS).for_each(|_| {
                    tooth.double_in_place();
                });
            }
            tables.extend(sums);
        }
        Self { tables: G1Projective::normalize_batch(&tables) }
    }

    /// Returns the sum of `scalars[i] * points[i]`, or `None` if there are not as many scalars as
    /// points.
    pub(crate) fn sum(&self, scalars: &[Fr]) -> Option<G1Projective> {
        if scalars.len() << TEETH != self.tables.len() {
            return None;
        }
        let scalars: Vec<_> = scalars.iter().map(|scalar| scalar.into_bigint()).collect();
        let mut sum = G1Projective::ZERO;
        for column in (0..COLUMNS).rev() {
            sum.double_in_place();
            for (scalar, table) in scalars.iter().zip(self.tables.chunks_exact(1 << TEETH)) {
                let bit = |tooth| usize::from(scalar.get_bit(column + COLUMNS * tooth)) << tooth;
                match (0..TEETH).map(bit).sum() {
                    0 => {}
                    digit => sum += table[digit],
                }
            }
        }
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    use ark_ec::PrimeGroup;

    use super::*;

    #[test]
    fn a_sum_is_that_of_the_multiples() {
        let points: Vec<G1Affine> = (1..=9u64)
            .map(|k| (G1Projective::generator() * Fr::from(k * k)).into_affine())
            .collect();
        let comb = Comb::new(&points);
        let edges = [Fr::ZERO, Fr::from(1u64), -Fr::from(1u64), Fr::from(u64::MAX)];
        let wide = blake3::derive_key("test", b"scalars");
        let random = |k: usize| Fr::from_le_bytes_mod_order(&wide) * Fr::from(3 + k as u64);
        for shift in 0..9 {
            let scalars: Vec<Fr> = (0..9)
                .map(|k| edges.get(k + shift).copied().unwrap_or_else(|| random(k)))
                .collect();
            let expected: G1Projective = points.iter().zip(&scalars).map(|(p, s)| *p * s).sum();
            assert_eq!(comb.sum(&scalars), Some(expected));
        }
        assert_eq!(comb.sum(&[Fr::ZERO; 8]), None);
        assert_eq!(comb.sum(&[Fr::ZERO; 10]), None);
    }
}
