//! The extension of degree twelve as Fq2(w) with w^6 = 9 + u, given by the coefficients of w^0 to
//! w^5.

use core::array;

use ark_bn254::{Fq2, Fq6, Fq12};

use super::Extension;
use crate::backend::{Isa, Kernel};

/// Eight elements, one per lane. Coefficients are reduced.
#[derive(Clone, Copy)]
pub(crate) struct Fp12Lanes<C>(pub(crate) [C; 6]);

impl<C: Extension> Fp12Lanes<C> {
    pub(crate) fn one(isa: C::Isa) -> Self {
        let mut coefficients = [C::zero(isa); 6];
        coefficients[0] = C::splat(isa, &<Fq2 as ark_ff::Field>::ONE);
        Self(coefficients)
    }

    /// Multiplies by the line 1 + b·w + c·w^3, where b and c must be below 1.2 p.
    ///
    /// A reduced coefficient times (9 + u)·b or (9 + u)·c is below 1.65·(12.8 + 12) p^2 in either
    /// part, so a reduction has room for two such products.
    #[inline(always)]
    pub(crate) fn line(&mut self, b: &C, c: &C) {
        let (wrapped_b, wrapped_c) = (b.xi_factor(), c.xi_factor());
        let (b, c) = (b.factor(), c.factor());
        let f = self.0;
        for (k, coefficient) in self.0.iter_mut().enumerate() {
            let b = if k < 1 { &wrapped_b } else { &b };
            let c = if k < 3 { &wrapped_c } else { &c };
            let sum = C::dot([&f[(k + 5) % 6], &f[(k + 3) % 6]], [b, c]);
            *coefficient = sum.add(&f[k]);
        }
    }

    /// Squares every element.
    #[inline(always)]
    pub(crate) fn square(&mut self) {
        let f = self.0;
        macro_rules! twice {
            ($i:literal) => {
                f[$i].add(&f[$i]).factor()
            };
        }
        let (d1, d2, d3, d4, d5) = (twice!(1), twice!(2), twice!(3), twice!(4), twice!(5));
        let (x3, x4, x5) = (f[3].xi(), f[4].xi(), f[5].xi());
        let one = |i: usize| f[i].factor();
        let (f0, f1, f2, f3, f4, f5) = (one(0), one(1), one(2), one(3), one(4), one(5));
        self.0 = [
            C::dot([&f[0], &x5, &x4, &x3], [&f0, &d1, &d2, &f3]),
            C::dot([&f[0], &x5, &x4], [&d1, &d2, &d3]),
            C::dot([&f[0], &f[1], &x5, &x4], [&d2, &f1, &d3, &f4]),
            C::dot([&f[0], &f[1], &x5], [&d3, &d2, &d4]),
            C::dot([&f[0], &f[1], &f[2], &x5], [&d4, &d3, &f2, &f5]),
            C::dot([&f[0], &f[1], &f[2]], [&d5, &d4, &d3]),
        ];
    }

    /// The eight elements.
    pub(crate) fn lanes(&self) -> [Fq12; 8] {
        let coefficients = self.0.map(C::to_plain);
        let c = |i: usize, lane: usize| coefficients[i][lane];
        array::from_fn(|lane| {
            let even = Fq6::new(c(0, lane), c(2, lane), c(4, lane));
            Fq12::new(even, Fq6::new(c(1, lane), c(3, lane), c(5, lane)))
        })
    }
}

/// The kernel of [`Fp12Lanes::line`].
pub(crate) struct MultiplyLine<'a, I: Isa> {
    pub(crate) product: &'a mut Fp12Lanes<I::Fq2>,
    pub(crate) b: &'a I::Fq2,
    pub(crate) c: &'a I::Fq2,
}

impl<I: Isa> Kernel<I> for MultiplyLine<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, _: I) {
        self.product.line(self.b, self.c);
    }
}

/// The kernel that squares all elements.
pub(crate) struct Square<'a, I: Isa>(pub(crate) &'a mut [Fp12Lanes<I::Fq2>]);

impl<I: Isa> Kernel<I> for Square<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, _: I) {
        // A loop, because the closure of `for_each` would be compiled without the backend's
        // instructions.
        for product in self.0 {
            product.square();
        }
    }
}
