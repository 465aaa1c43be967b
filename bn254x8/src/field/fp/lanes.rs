//! [`Lanes`] and [`Coordinate`] for prime fields in limbs.

use std::marker::PhantomData;

use ark_ff::BigInt;

use super::{
    super::{
        Coordinate, Lanes, Line, Row1,
        bound::Bound,
        inverse::inverse,
        inverses,
        prime::{self, Limbs, MASK, Prime},
        u64x8::U64x8,
    },
    Fp, ONE, UncarriedProduct,
};
use crate::backend::{Isa, Kernel, prefetch};

impl<P: Prime, W: U64x8> Lanes for Fp<P, W>
where
    W::Token: Isa,
{
    type Isa = W::Token;
    type Plain = P::Plain;
    type Single = Limbs;

    fn single(element: &P::Plain) -> Limbs {
        prime::limbs(Self::row_words(element))
    }

    #[inline(always)]
    fn broadcast(isa: W::Token, single: &Limbs) -> Self {
        Self::constant(isa, single)
    }

    #[inline(always)]
    fn zero(isa: W::Token) -> Self {
        Self::new([W::from_word(isa, 0); 5], Bound::of(0.0))
    }

    // Conversions and the inverse are kernels of their own, so that their code exists once and is
    // not inlined at every use.
    #[inline(always)]
    fn splat(isa: W::Token, element: &P::Plain) -> Self {
        isa.run(Splat::<P, W>(element, PhantomData))
    }

    #[inline(always)]
    fn from_plain(isa: W::Token, elements: &[P::Plain; 8]) -> Self {
        isa.run(FromPlain::<P, W>(elements, PhantomData))
    }

    fn to_plain(self) -> [P::Plain; 8] {
        let sixteenth = Self::one_sixteenth();
        self.numbers().map(|words| P::element(prime::canonical(words, P::WORDS)) * sixteenth)
    }

    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        Self::sum_of_products::<false>(self, other, self, other)
    }

    #[inline(always)]
    fn mul_two(a: &Self, b: &Self, c: &Self, d: &Self) -> (Self, Self) {
        let [ab, cd] = Self::two_sums_of_products::<false>([a, b, a, b], [c, d, c, d]);
        (ab.carried(), cd.carried())
    }

    #[inline(always)]
    fn square(&self) -> Self {
        self.loose_square().carried()
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        Self::reduced(limbwise!(self.limbs, add, other.limbs), self.bound.plus(other.bound))
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        other.bound.at_most(2.0);
        let t = limbwise!(limbwise!(self.limbs, sub, other.limbs), add, self.multiple(2));
        Self::reduced(t, self.bound.plus(Bound::of(2.0)))
    }

    #[inline(always)]
    fn sub_lazy(&self, other: &Self) -> Self {
        self.sub_multiple::<2>(other)
    }

    #[inline(always)]
    fn reduce(&self) -> Self {
        Self::reduced(self.limbs, self.bound)
    }

    #[inline(always)]
    fn select(&self, lanes: u8, other: &Self) -> Self {
        let limbs = limbwise!(self.limbs, select, other.limbs, lanes);
        Self::new(limbs, self.bound.most(other.bound))
    }

    #[cfg_attr(not(test), inline(always))]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        let mut bound = rows[0].bound;
        let mut out = rows;
        for row in &rows {
            bound = bound.most(row.bound);
        }
        macro_rules! limb {
            ($($i:literal)*) => {$(
                let columns = W::transpose([
                    rows[0].limbs[$i], rows[1].limbs[$i], rows[2].limbs[$i], rows[3].limbs[$i],
                    rows[4].limbs[$i], rows[5].limbs[$i], rows[6].limbs[$i], rows[7].limbs[$i],
                ]);
                for (out, column) in out.iter_mut().zip(columns) {
                    out.limbs[$i] = column;
                }
            )*};
        }
        limb!(0 1 2 3 4);
        out.map(|row| Self { bound, ..row })
    }

    #[cfg_attr(not(test), inline(always))]
    fn to_integers(self) -> [BigInt<4>; 8] {
        // A product with the integer one divides by the Montgomery radix.
        let word = self.limbs[0];
        let one = Self::new(
            [word.splat(1), word.splat(0), word.splat(0), word.splat(0), word.splat(0)],
            Bound::of(1.0),
        );
        let w = self.mul(&one).below_prime().packed();
        let lines = W::transpose([w[0], w[1], w[2], w[3], w[0], w[1], w[2], w[3]]);
        lines.map(|line| {
            let [a, b, c, d, ..] = line.store().0;
            BigInt([a, b, c, d])
        })
    }
}

impl<P: Prime, W: U64x8> Coordinate for Fp<P, W>
where
    W::Token: Isa,
{
    type Row = Row1;

    const PAIRED: bool = true;

    #[inline(always)]
    fn load(isa: W::Token, rows: [&Row1; 8]) -> (Self, Self) {
        let [a, b, c, d, e, f, g, h] = rows;
        Self::load_pair(isa, [&a[0], &b[0], &c[0], &d[0], &e[0], &f[0], &g[0], &h[0]])
    }

    #[inline(always)]
    fn store(x: &Self, y: &Self) -> [Row1; 8] {
        Self::store_pair(x, y).map(|line| [line])
    }

    fn row(x: &P::Plain, y: &P::Plain) -> Row1 {
        let ([a, b, c, d], [e, f, g, h]) = (Self::row_words(x), Self::row_words(y));
        [Line([a, b, c, d, e, f, g, h])]
    }

    fn point(row: &Row1) -> (P::Plain, P::Plain) {
        (Self::row_element(&row[0].0[..4]), Self::row_element(&row[0].0[4..]))
    }

    #[inline(always)]
    fn canonical(&self) -> Self {
        self.reduce().below_prime()
    }

    #[inline(always)]
    fn prefetch(row: &Row1) {
        prefetch(&row[0]);
    }

    #[inline(always)]
    fn negate(&self, lanes: u8) -> Self {
        // Coordinates from tables are below p, although `load` only claims 1.65 p.
        self.select(lanes, &self.known(1.0).negative::<1>()).known(1.0)
    }

    #[inline(always)]
    fn third(&self, slope: &Self, x1: &Self) -> Self {
        self.third_of(slope.loose_square(), x1)
    }

    #[inline(always)]
    fn mul_sub(&self, other: &Self, less: &Self) -> Self {
        let [product] = products!(ONE, [self other self other] 0);
        product.minus(less)
    }

    #[inline(always)]
    fn mul_sub_two([a, b, c]: [&Self; 3], [d, e, f]: [&Self; 3]) -> (Self, Self) {
        let [ab, de] = Self::two_sums_of_products::<false>([a, b, a, b], [d, e, d, e]);
        (ab.minus(c), de.minus(f))
    }

    #[inline(always)]
    fn negate_sub_lazy(&self, lanes: u8, other: &Self) -> Self {
        self.bound.at_most(1.65);
        other.bound.at_most(2.0);
        // Coordinates from tables are below p, although `load` only claims 1.65 p.
        let (a, one) = (&self.limbs, self.multiple(1));
        let minus = [
            one[0].sub(a[0]),
            one[1].sub(a[1]),
            one[2].sub(a[2]),
            one[3].sub(a[3]),
            one[4].sub(a[4]),
        ];
        let signed = limbwise!(self.limbs, select, minus, lanes);
        let t = limbwise!(limbwise!(signed, sub, other.limbs), add, self.multiple(2));
        Self::carried(t, Bound::of(3.0))
    }

    #[inline(always)]
    fn zeros(&self) -> u8 {
        let l = &self.limbs;
        l[0].or(l[1]).or(l[2].or(l[3])).or(l[4]).zeros()
    }

    #[inline(always)]
    fn inverse(&self, isa: W::Token) -> Option<Self> {
        isa.run(Invert(self))
    }
}

/// [`Lanes::splat`].
struct Splat<'a, P: Prime, W>(&'a P::Plain, PhantomData<W>);

impl<P: Prime, W: U64x8> Kernel<W::Token> for Splat<'_, P, W>
where
    W::Token: Isa,
{
    type Output = Fp<P, W>;

    #[inline(always)]
    fn run(self, isa: W::Token) -> Fp<P, W> {
        let plain = Fp::constant(isa, &prime::limbs(P::words(self.0)));
        plain.mul(&Fp::constant(isa, &P::FROM_PLAIN))
    }
}

/// [`Lanes::from_plain`].
struct FromPlain<'a, P: Prime, W>(&'a [P::Plain; 8], PhantomData<W>);

impl<P: Prime, W: U64x8> Kernel<W::Token> for FromPlain<'_, P, W>
where
    W::Token: Isa,
{
    type Output = Fp<P, W>;

    #[inline(always)]
    fn run(self, isa: W::Token) -> Fp<P, W> {
        let numbers = self.0.map(|element| P::words(&element));
        Fp::from_numbers(isa, &numbers, 1.0).mul(&Fp::constant(isa, &P::FROM_PLAIN))
    }
}

/// [`Coordinate::inverse`].
struct Invert<'a, P, W>(&'a Fp<P, W>);

impl<P: Prime, W: U64x8> Kernel<W::Token> for Invert<'_, P, W>
where
    W::Token: Isa,
{
    type Output = Option<Fp<P, W>>;

    #[inline(always)]
    fn run(self, isa: W::Token) -> Option<Fp<P, W>> {
        // x·2^260 is x·2^4 in arkworks' form. Its inverse, converted to our form, lacks a factor
        // 2^8.
        let elements = self.0.numbers().map(|x| P::element(prime::canonical(x, P::WORDS)));
        let inverses = inverses(&elements, inverse::<P>)?;
        let numbers = inverses.map(|x| P::words(&x));
        let x = Fp::from_numbers(isa, &numbers, 1.0);
        Some(x.mul(&Fp::constant(isa, &P::INVERSION)))
    }
}
