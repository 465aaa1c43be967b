//! Operations on Fq2 that pairings need: sums of products with one reduction, and products with
//! 9 + u, from which the higher extensions are built.

use ark_bn254::{Fq, Fq2};
use ark_ff::Field as _;

use super::{Extension, Fp, Fp2, U64x8, accumulator::Accumulator, bound::Bound, prime::Base};
use crate::backend::{Isa, Plain};

/// A prepared factor: its parts c0 and c1, and -c1.
#[derive(Clone, Copy, Debug)]
pub struct Factor<W> {
    pub(super) c0: Fp<Base, W>,
    pub(super) c1: Fp<Base, W>,
    pub(super) negative: Fp<Base, W>,
}

impl<W: U64x8> Fp<Base, W> {
    /// 9·a + b, not reduced.
    #[inline(always)]
    fn nine_and(a: &Self, b: &Self) -> Self {
        let (mut bound, mut i) = (b.bound, 0);
        while i < 9 {
            bound = bound.plus(a.bound);
            i += 1;
        }
        let (a, b) = (&a.limbs, &b.limbs);
        macro_rules! limb {
            ($i:literal) => {
                a[$i].shl::<3>().add(a[$i]).add(b[$i])
            };
        }
        Self::carried([limb!(0), limb!(1), limb!(2), limb!(3), limb!(4)], bound)
    }

    /// 12 p - 9·a - b. Both must be below 1.2 p.
    #[inline(always)]
    fn twelve_less(a: &Self, b: &Self) -> Self {
        a.bound.at_most(1.2);
        b.bound.at_most(1.2);
        let (six, a, b) = (a.multiple(6), &a.limbs, &b.limbs);
        macro_rules! limb {
            ($i:literal) => {
                six[$i].add(six[$i]).sub(a[$i].shl::<3>().add(a[$i]).add(b[$i]))
            };
        }
        Self::carried([limb!(0), limb!(1), limb!(2), limb!(3), limb!(4)], Bound::of(12.0))
    }
}

impl<W: U64x8> Extension for Fp2<W>
where
    W::Token: Isa,
{
    type Base = Fp<Base, W>;
    type Factor = Factor<W>;

    #[inline(always)]
    fn factor(&self) -> Factor<W> {
        Factor { c0: self.c0, c1: self.c1, negative: self.c1.negative::<2>() }
    }

    #[inline(always)]
    fn xi_factor(&self) -> Factor<W> {
        Factor {
            c0: Fp::nine_and(&self.c0, &self.c1.negative::<2>()),
            c1: Fp::nine_and(&self.c1, &self.c0),
            negative: Fp::twelve_less(&self.c1, &self.c0),
        }
    }

    #[inline(always)]
    fn dot<const N: usize>(a: [&Self; N], b: [&Factor<W>; N]) -> Self {
        let word = a[0].c0.limbs[0];
        let mut c0 = Accumulator::none(word);
        let mut i = 0;
        while i < N {
            c0.add(&a[i].c0, &b[i].c0);
            c0.add(&a[i].c1, &b[i].negative);
            i += 1;
        }
        let mut c1 = Accumulator::none(word);
        i = 0;
        while i < N {
            c1.add(&a[i].c0, &b[i].c1);
            c1.add(&a[i].c1, &b[i].c0);
            i += 1;
        }
        Self { c0: c0.reduce(), c1: c1.reduce() }
    }

    #[inline(always)]
    fn xi(&self) -> Self {
        // 9·c0 - c1 and 9·c1 + c0, where 9·x is computed as 3·(3·x) and 3·x is reduced.
        macro_rules! nine {
            ($part:expr) => {{
                let three = $part.add_lazy(&$part).add_lazy(&$part).reduce();
                three.add_lazy(&three).add_lazy(&three).reduce()
            }};
        }
        use super::Lanes as _;
        Self { c0: nine!(self.c0).sub(&self.c1), c1: nine!(self.c1).add(&self.c0) }
    }

    #[inline(always)]
    fn conjugate(&self) -> Self {
        Self { c0: self.c0, c1: self.c1.negative::<2>() }
    }

    #[inline(always)]
    fn scale(&self, factor: &Fp<Base, W>) -> Self {
        use super::Lanes as _;
        Self { c0: self.c0.mul(factor), c1: self.c1.mul(factor) }
    }
}

impl Extension for Plain<Fq2> {
    type Base = Plain<Fq>;
    type Factor = Self;

    #[inline(always)]
    fn factor(&self) -> Self {
        *self
    }

    #[inline(always)]
    fn xi_factor(&self) -> Self {
        self.xi()
    }

    #[inline(never)]
    fn dot<const N: usize>(a: [&Self; N], b: [&Self; N]) -> Self {
        Self::each(|lane| {
            let (a, b) = (a.map(|a| a.0[lane]), b.map(|b| b.0[lane]));
            Fq2::sum_of_products(&a, &b)
        })
    }

    #[inline(always)]
    fn xi(&self) -> Self {
        use ark_ff::Fp6Config as _;
        Self::each(|lane| ark_bn254::Fq6Config::mul_fp2_by_nonresidue(self.0[lane]))
    }

    #[inline(always)]
    fn conjugate(&self) -> Self {
        Self::each(|lane| Fq2::new(self.0[lane].c0, -self.0[lane].c1))
    }

    #[inline(always)]
    fn scale(&self, factor: &Plain<Fq>) -> Self {
        Self::each(|lane| {
            let (a, b) = (&self.0[lane], &factor.0[lane]);
            Fq2::new(a.c0 * b, a.c1 * b)
        })
    }
}
