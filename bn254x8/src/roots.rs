//! Square roots in the base field, eight at a time, for decompressing points.

use ark_bn254::Fq;

use crate::{
    Backend, Error,
    backend::{Isa, Kernel, dispatch},
    field::Lanes,
};

/// `(p - 3) / 4`, lowest limb first.
const EXPONENT: [u64; 4] =
    [0x4f08_2305_b61f_3f51, 0x65e0_5aa4_5a1c_72a3, 0x6e14_116d_a060_5617, 0x0c19_139c_b84c_680a];
/// Bits of the exponent per step.
const WINDOW: u32 = 4;
/// Vectors whose multiplications are interleaved.
const ABREAST: usize = 4;

/// Computes `r = v^((p - 3) / 4)` for every value v.
///
/// Since p is 3 modulo 4, r is an inverse square root of v if v is a nonzero square. If v is not a
/// square, r is an inverse square root of -v with its sign changed. For v = 0, r = 0. So `v * r` is
/// a square root of v exactly when v is a square.
///
/// # Errors
/// Returns an error if the CPU does not support the backend.
///
/// # Cost
/// For every eight values, 252 squarings and 76 products of vectors.
///
/// # Source
/// Adj, Rodríguez-Henríquez: "Square root computation over even extension fields", IEEE
/// Transactions on Computers 2014.
pub fn inverse_roots(backend: Backend, values: &[Fq]) -> Result<Vec<Fq>, Error> {
    dispatch!(backend, isa => {
        let mut out = isa.run(Power::<'_>(values));
        out.truncate(values.len());
        out
    })
}

/// The kernel that raises all values to the power.
struct Power<'a>(&'a [Fq]);

impl<I: Isa> Kernel<I> for Power<'_> {
    type Output = Vec<Fq>;

    #[inline(always)]
    fn run(self, isa: I) -> Vec<Fq> {
        let mut out = Vec::with_capacity(self.0.len().next_multiple_of(8 * ABREAST));
        for values in self.0.chunks(8 * ABREAST) {
            // A single vector takes no longer by itself than beside empty ones, and much less in
            // the portable backend.
            if values.len() <= 8 {
                out.extend(
                    power(isa, &gather::<I, 1>(isa, values)).map(I::Fq::to_plain).as_flattened(),
                );
            } else {
                let vectors = gather::<I, ABREAST>(isa, values);
                out.extend(power(isa, &vectors).map(I::Fq::to_plain).as_flattened());
            }
        }
        out
    }
}

/// Gathers at most 8·N values into vectors, and fills the rest with zeros.
#[inline(always)]
fn gather<I: Isa, const N: usize>(isa: I, values: &[Fq]) -> [I::Fq; N] {
    let mut vectors = [I::Fq::zero(isa); N];
    for (vector, values) in vectors.iter_mut().zip(values.chunks(8)) {
        let mut lanes = [Fq::default(); 8];
        lanes[..values.len()].copy_from_slice(values);
        *vector = I::Fq::from_plain(isa, &lanes);
    }
    vectors
}

#[inline(always)]
fn power<I: Isa, const N: usize>(isa: I, vectors: &[I::Fq; N]) -> [I::Fq; N] {
    // The powers 0 to 15.
    let mut powers = [[I::Fq::splat(isa, &Fq::from(1u64)); N]; 1 << WINDOW];
    for exponent in 1..powers.len() {
        for at in 0..N {
            powers[exponent][at] = powers[exponent - 1][at].mul(&vectors[at]);
        }
    }
    let mut product = powers[0];
    for window in (0..256 / WINDOW).rev() {
        for _ in 0..WINDOW {
            product.iter_mut().for_each(|vector| *vector = vector.square());
        }
        let digit = EXPONENT[(window * WINDOW / 64) as usize] >> (window * WINDOW % 64) & 15;
        for (vector, power) in product.iter_mut().zip(&powers[digit as usize]) {
            *vector = vector.mul(power);
        }
    }
    product
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ark_ff::{BigInt, Field, PrimeField};

    use super::*;

    #[test]
    fn the_exponent_is_a_quarter_of_p_less_three() {
        let mut quarter = Fq::MODULUS;
        quarter.0[0] -= 3;
        quarter >>= 2;
        assert_eq!(BigInt(EXPONENT), quarter);
    }

    #[test]
    fn a_value_to_the_power() {
        for backend in Backend::available() {
            let mut value = Fq::from(5u64);
            for count in [0, 1, 7, 8, 9, 31, 32, 33, 70] {
                let mut values: Vec<Fq> = (0..count)
                    .map(|_| {
                        value = value.square() + Fq::ONE;
                        value
                    })
                    .collect();
                // Zero, one and a non-square among ordinary values.
                for (at, special) in [Fq::from(0u64), Fq::ONE, -Fq::ONE].into_iter().enumerate() {
                    if let Some(place) = values.get_mut(3 * at) {
                        *place = special;
                    }
                }
                let expected: Vec<Fq> = values.iter().map(|v| v.pow(EXPONENT)).collect();
                assert_eq!(inverse_roots(backend, &values).unwrap(), expected, "{backend} {count}");
                for (value, root) in values.iter().zip(expected) {
                    let root = *value * root;
                    assert_eq!(root.square() == *value, value.sqrt().is_some());
                }
            }
        }
    }
}
