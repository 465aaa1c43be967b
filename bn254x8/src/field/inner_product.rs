//! Inner products with constants, reduced once: the linear layers of permutations.

use super::{Fp, InnerProduct, Lanes as _, U64x8, accumulator::Accumulator, prime::Prime};
use crate::backend::{Field8, Isa, Plain};

impl<P: Prime, W: U64x8> InnerProduct for Fp<P, W>
where
    W::Token: Isa,
{
    #[inline(always)]
    fn weighted(isa: W::Token, weights: &[Self::Single], values: &[Self], more: &Self) -> Self {
        let mut sum = Accumulator::none(more.limbs[0]);
        for (weight, value) in weights.iter().zip(values) {
            sum.add(value, &Self::broadcast(isa, weight));
        }
        sum.add_above(more);
        sum.reduce()
    }

    #[inline(always)]
    fn plus(&self, other: &Self) -> Self {
        self.add_lazy(other)
    }
}

impl<F: Field8> InnerProduct for Plain<F> {
    #[inline(always)]
    fn weighted(_: Self::Isa, weights: &[F], values: &[Self], more: &Self) -> Self {
        let mut sum = *more;
        for (weight, value) in weights.iter().zip(values) {
            for (sum, value) in sum.0.iter_mut().zip(&value.0) {
                *sum += *weight * value;
            }
        }
        sum
    }

    #[inline(always)]
    fn plus(&self, other: &Self) -> Self {
        self.add(other)
    }
}
