//! Many divisions with a single inversion.

use ark_ff::Field as _;

use crate::{
    backend::{Isa as _, Kernel},
    field::Coordinate,
};

/// Independent chains of products, so that multiplications overlap. Vector v belongs to chain v mod
/// 4.
const CHAINS: usize = 4;

/// Vectors of divisors. Write [`Self::divisors`], call [`Self::invert`], then ask for each quotient
/// once, in descending order.
pub(crate) struct Divisions<C> {
    pub(crate) divisors: Vec<C>,
    /// For each vector, the product of all earlier divisors of its chain.
    before: Vec<C>,
    /// For each chain, the inverse of the product of the divisors not yet asked for.
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

    /// Makes room for this many vectors of divisors.
    pub(crate) fn resize(&mut self, isa: C::Isa, vectors: usize) {
        self.divisors.resize(vectors, C::zero(isa));
        self.before.resize(vectors, C::zero(isa));
    }

    /// Inverts the divisors. Zero divisors are replaced by one, and their vectors and lanes are
    /// returned.
    ///
    /// This is a kernel of its own, so that its long body exists once and not at every use.
    pub(crate) fn invert(&mut self, isa: C::Isa) -> Vec<(usize, u8)> {
        isa.run(Invert(self))
    }

    /// The inverse of a vector's divisors, below 1.1 p.
    #[inline(always)]
    pub(crate) fn quotient(&mut self, vector: usize) -> C {
        let inverse = &mut self.inverses[vector % CHAINS];
        let quotient = inverse.mul(&self.before[vector]);
        *inverse = inverse.mul(&self.divisors[vector]);
        quotient
    }

    /// Computes the products of the chains.
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

    /// Inverts the products. Returns false if one of them is zero.
    #[inline(always)]
    fn begin(&mut self, isa: C::Isa) -> bool {
        let [a, b, c, d] = &self.inverses;
        let (ab, cd) = (a.mul(b), c.mul(d));
        let Some(inverse) = ab.mul(&cd).inverse(isa) else { return false };
        let (over_ab, over_cd) = (inverse.mul(&cd), inverse.mul(&ab));
        self.inverses = [over_ab.mul(b), over_ab.mul(a), over_cd.mul(d), over_cd.mul(c)];
        true
    }

    /// Replaces zero divisors by one, and returns their vectors and lanes.
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

/// The kernel of [`Divisions::invert`].
struct Invert<'a, C>(&'a mut Divisions<C>);

impl<C: Coordinate> Kernel<C::Isa> for Invert<'_, C> {
    type Output = Vec<(usize, u8)>;

    #[inline(always)]
    fn run(self, isa: C::Isa) -> Vec<(usize, u8)> {
        let mut zeros = Vec::new();
        loop {
            self.0.multiply(isa);
            // Once zero divisors are replaced, the products have inverses.
            if self.0.begin(isa) || !zeros.is_empty() {
                return zeros;
            }
            zeros = self.0.replace(isa);
        }
    }
}

/// Processes vectors in descending order: a single one first if their number is odd, then two at a
/// time so that multiplications overlap. The body is a macro. It receives the indices of the
/// vectors, and `one!` or `two!`, which evaluates an expression for each of them.
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
