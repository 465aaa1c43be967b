//! Many divisions by one inversion.

use ark_ff::Field as _;

use crate::{
    backend::{Isa as _, Kernel},
    field::Coordinate,
};

/// Independent chains of products, so that multiplications overlap. Vector v is of chain v mod 4.
const CHAINS: usize = 4;

/// Vectors of divisors. First [`Self::divisors`] are written, then inverted, and then each is asked for once, the last first.
pub(crate) struct Divisions<C> {
    pub(crate) divisors: Vec<C>,
    /// Products of all divisors of the chain before.
    before: Vec<C>,
    /// One over the product of the chain's divisors that were not yet asked for.
    inverses: [C; CHAINS],
}

impl<C: Coordinate> Divisions<C> {
    pub(crate) fn new(isa: C::Isa, vectors: usize) -> Self {
        let zero = C::zero(isa);
        Self {
            divisors: vec![zero; vectors],
            before: vec![zero; vectors],
            inverses: [zero; CHAINS],
        }
    }

    /// Makes room for so many vectors of divisors.
    pub(crate) fn resize(&mut self, isa: C::Isa, vectors: usize) {
        self.divisors.resize(vectors, C::zero(isa));
        self.before.resize(vectors, C::zero(isa));
    }

    /// Inverts. Lanes whose divisor is zero are told, and divide by one.
    ///
    /// A kernel of its own: one copy of a long body, and not one wherever something is divided.
    pub(crate) fn invert(&mut self, isa: C::Isa) -> Vec<(usize, u8)> {
        isa.run(Invert(self))
    }

    /// One over the divisor of a vector, below 1.1 p.
    #[inline(always)]
    pub(crate) fn quotient(&mut self, vector: usize) -> C {
        let inverse = &mut self.inverses[vector % CHAINS];
        let quotient = inverse.mul(&self.before[vector]);
        *inverse = inverse.mul(&self.divisors[vector]);
        quotient
    }

    /// The products of the chains.
    #[inline(always)]
    fn multiply(&mut self, isa: C::Isa) {
        let one = C::splat(isa, &C::Plain::ONE);
        let [mut a, mut b, mut c, mut d] = [one; CHAINS];
        let (divisors, last) = self.divisors.as_chunks::<CHAINS>();
        let (before, before_last) = self.before.as_chunks_mut::<CHAINS>();
        for (before, divisors) in before.iter_mut().zip(divisors) {
            *before = [a, b, c, d];
            a = a.mul(&divisors[0]);
            b = b.mul(&divisors[1]);
            c = c.mul(&divisors[2]);
            d = d.mul(&divisors[3]);
        }
        let mut products = [a, b, c, d];
        for ((before, divisor), product) in before_last.iter_mut().zip(last).zip(&mut products) {
            *before = *product;
            *product = product.mul(divisor);
        }
        self.inverses = products;
    }

    /// One over the products; false when one of them is zero.
    #[inline(always)]
    fn begin(&mut self, isa: C::Isa) -> bool {
        let [a, b, c, d] = &self.inverses;
        let (ab, cd) = (a.mul(b), c.mul(d));
        let Some(inverse) = ab.mul(&cd).inverse(isa) else { return false };
        let (over_ab, over_cd) = (inverse.mul(&cd), inverse.mul(&ab));
        self.inverses = [over_ab.mul(b), over_ab.mul(a), over_cd.mul(d), over_cd.mul(c)];
        true
    }

    /// Makes divisors that are zero one, and tells them.
    #[cold]
    #[inline(never)]
    fn replace(&mut self, isa: C::Isa) -> Vec<(usize, u8)> {
        let one = C::splat(isa, &C::Plain::ONE);
        let mut zeros = Vec::new();
        for (vector, divisor) in self.divisors.iter_mut().enumerate() {
            let plain = divisor.to_plain();
            let lanes = (0..8).map(|i| u8::from(ark_ff::Zero::is_zero(&plain[i])) << i).sum::<u8>();
            if lanes != 0 {
                zeros.push((vector, lanes));
                *divisor = divisor.select(lanes, &one);
            }
        }
        zeros
    }
}

/// [`Divisions::invert`].
struct Invert<'a, C>(&'a mut Divisions<C>);

impl<C: Coordinate> Kernel<C::Isa> for Invert<'_, C> {
    type Output = Vec<(usize, u8)>;

    #[inline(always)]
    fn run(self, isa: C::Isa) -> Vec<(usize, u8)> {
        let mut zeros = Vec::new();
        loop {
            self.0.multiply(isa);
            // Once divisors that are zero were replaced, the products have an inverse.
            if self.0.begin(isa) || !zeros.is_empty() {
                return zeros;
            }
            zeros = self.0.replace(isa);
        }
    }
}

/// Does work for vectors, the last first: a single one where their number is odd, then two at a time, whose multiplications overlap.
/// The work is a macro that is handed `one!` or `two!`, which evaluate an expression for each of them, and their indices.
macro_rules! both {
    ($count:expr, $work:ident) => {{
        let mut rest: usize = $count;
        if rest % 2 == 1 {
            rest -= 1;
            $work!(one, [rest]);
        }
        while rest > 0 {
            rest -= 2;
            $work!(two, [rest + 1, rest]);
        }
    }};
}

macro_rules! one {
    ($k:ident => $value:expr) => {
        [{
            const $k: usize = 0;
            $value
        }]
    };
}

macro_rules! two {
    ($k:ident => $value:expr) => {
        [
            {
                const $k: usize = 0;
                $value
            },
            {
                const $k: usize = 1;
                $value
            },
        ]
    };
}

pub(crate) use {both, one, two};
