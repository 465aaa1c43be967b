//! The quadratic extension of the base field, Fq(u) with u^2 = -1, in limbs.

use ark_bn254::{Fq, Fq2};
use ark_ff::BigInt;

use super::{Coordinate, Fp, Lanes, Line, Row2, U64x8, fp::UncarriedProduct, prime::Base};
use crate::backend::{Isa, prefetch};

type Part<W> = Fp<Base, W>;

/// Eight elements c0 + c1·u. A bound of an element holds for both parts.
#[derive(Clone, Copy, Debug)]
pub struct Fp2<W> {
    pub(super) c0: Part<W>,
    pub(super) c1: Part<W>,
}

impl<W: U64x8> Fp2<W> {
    /// The product, its carries pending.
    #[inline(always)]
    fn loose_product(&self, other: &Self) -> [UncarriedProduct<Base, W>; 2] {
        let negative = other.c1.negative::<4>();
        Part::two_sums_of_products::<true>(
            [&self.c0, &other.c0, &self.c1, &negative],
            [&self.c0, &other.c1, &self.c1, &other.c0],
        )
    }

    /// The square, its carries pending: (c0 + c1)(c0 - c1) and 2·c0·c1. `self` must be below 4 p.
    #[inline(always)]
    fn loose_square(&self) -> [UncarriedProduct<Base, W>; 2] {
        let sum = self.c0.add_lazy(&self.c1);
        let difference = self.c0.sub_multiple::<4>(&self.c1);
        let twice = self.c1.add_lazy(&self.c1);
        Part::two_sums_of_products::<false>(
            [&sum, &difference, &sum, &difference],
            [&self.c0, &twice, &self.c0, &twice],
        )
    }
}

impl<W: U64x8> Lanes for Fp2<W>
where
    W::Token: Isa,
{
    type Isa = W::Token;
    type Plain = Fq2;
    type Single = [<Part<W> as Lanes>::Single; 2];

    fn single(element: &Fq2) -> Self::Single {
        [Part::<W>::single(&element.c0), Part::<W>::single(&element.c1)]
    }

    #[inline(always)]
    fn broadcast(isa: W::Token, [c0, c1]: &Self::Single) -> Self {
        Self { c0: Part::broadcast(isa, c0), c1: Part::broadcast(isa, c1) }
    }

    #[inline(always)]
    fn zero(isa: W::Token) -> Self {
        Self { c0: Part::zero(isa), c1: Part::zero(isa) }
    }

    #[inline(always)]
    fn splat(isa: W::Token, element: &Fq2) -> Self {
        Self { c0: Part::splat(isa, &element.c0), c1: Part::splat(isa, &element.c1) }
    }

    #[inline(always)]
    fn from_plain(isa: W::Token, elements: &[Fq2; 8]) -> Self {
        let (c0, c1) = (elements.map(|element| element.c0), elements.map(|element| element.c1));
        Self { c0: Part::from_plain(isa, &c0), c1: Part::from_plain(isa, &c1) }
    }

    fn to_plain(self) -> [Fq2; 8] {
        let (c0, c1): ([Fq; 8], [Fq; 8]) = (self.c0.to_plain(), self.c1.to_plain());
        std::array::from_fn(|lane| Fq2::new(c0[lane], c1[lane]))
    }

    /// The operands must be below 4 p, so that the sums of products stay below 84 p^2.
    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        let [c0, c1] = self.loose_product(other);
        Self { c0: c0.carried(), c1: c1.carried() }
    }

    /// `self` must be below 4 p.
    #[inline(always)]
    fn square(&self) -> Self {
        let [c0, c1] = self.loose_square();
        Self { c0: c0.carried(), c1: c1.carried() }
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        Self { c0: self.c0.add(&other.c0), c1: self.c1.add(&other.c1) }
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        Self { c0: self.c0.sub(&other.c0), c1: self.c1.sub(&other.c1) }
    }

    #[inline(always)]
    fn sub_lazy(&self, other: &Self) -> Self {
        Self { c0: self.c0.sub_lazy(&other.c0), c1: self.c1.sub_lazy(&other.c1) }
    }

    #[inline(always)]
    fn reduce(&self) -> Self {
        Self { c0: self.c0.reduce(), c1: self.c1.reduce() }
    }

    #[inline(always)]
    fn select(&self, lanes: u8, other: &Self) -> Self {
        Self { c0: self.c0.select(lanes, &other.c0), c1: self.c1.select(lanes, &other.c1) }
    }

    #[inline(always)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        let c0 = Part::transpose(rows.map(|row| row.c0));
        let c1 = Part::transpose(rows.map(|row| row.c1));
        std::array::from_fn(|i| Self { c0: c0[i], c1: c1[i] })
    }

    fn to_integers(self) -> [BigInt<4>; 8] {
        self.c0.to_integers()
    }
}

impl<W: U64x8> Coordinate for Fp2<W>
where
    W::Token: Isa,
{
    type Row = Row2;

    const PAIRED: bool = false;

    #[inline(always)]
    fn load(isa: W::Token, rows: [&Row2; 8]) -> (Self, Self) {
        let [a, b, c, d, e, f, g, h] = rows;
        let x = Part::load_pair(isa, [&a[0], &b[0], &c[0], &d[0], &e[0], &f[0], &g[0], &h[0]]);
        let y = Part::load_pair(isa, [&a[1], &b[1], &c[1], &d[1], &e[1], &f[1], &g[1], &h[1]]);
        (Self { c0: x.0, c1: x.1 }, Self { c0: y.0, c1: y.1 })
    }

    #[inline(always)]
    fn store(x: &Self, y: &Self) -> [Row2; 8] {
        let (x, y) = (Part::store_pair(&x.c0, &x.c1), Part::store_pair(&y.c0, &y.c1));
        std::array::from_fn(|i| [x[i], y[i]])
    }

    fn row(x: &Fq2, y: &Fq2) -> Row2 {
        [x, y].map(|v| {
            let ([a, b, c, d], [e, f, g, h]) =
                (Part::<W>::row_words(&v.c0), Part::<W>::row_words(&v.c1));
            Line([a, b, c, d, e, f, g, h])
        })
    }

    fn point(row: &Row2) -> (Fq2, Fq2) {
        let [x, y] = row.map(|line| {
            let (c0, c1) = line.0.split_at(4);
            Fq2::new(Part::<W>::row_element(c0), Part::<W>::row_element(c1))
        });
        (x, y)
    }

    #[inline(always)]
    fn canonical(&self) -> Self {
        Self { c0: self.c0.canonical(), c1: self.c1.canonical() }
    }

    #[inline(always)]
    fn prefetch(row: &Row2) {
        prefetch(&row[0]);
        prefetch(&row[1]);
    }

    #[inline(always)]
    fn negate(&self, lanes: u8) -> Self {
        Self { c0: self.c0.negate(lanes), c1: self.c1.negate(lanes) }
    }

    #[inline(always)]
    fn negate_sub_lazy(&self, lanes: u8, other: &Self) -> Self {
        Self {
            c0: self.c0.negate_sub_lazy(lanes, &other.c0),
            c1: self.c1.negate_sub_lazy(lanes, &other.c1),
        }
    }

    #[inline(always)]
    fn third(&self, slope: &Self, x1: &Self) -> Self {
        let [c0, c1] = slope.loose_square();
        Self { c0: self.c0.third_of(c0, &x1.c0), c1: self.c1.third_of(c1, &x1.c1) }
    }

    #[inline(always)]
    fn mul_sub(&self, other: &Self, less: &Self) -> Self {
        let [c0, c1] = self.loose_product(other);
        Self { c0: c0.minus(&less.c0), c1: c1.minus(&less.c1) }
    }

    #[inline(always)]
    fn zeros(&self) -> u8 {
        self.c0.zeros() & self.c1.zeros()
    }

    /// (c0 - c1·u) / (c0^2 + c1^2). Since -1 is not a square, the denominator is zero only for
    /// zero.
    #[inline(always)]
    fn inverse(&self, isa: W::Token) -> Option<Self> {
        let norm = Part::sum_of_products::<true>(&self.c0, &self.c0, &self.c1, &self.c1);
        let inverse = norm.inverse(isa)?;
        Some(Self { c0: self.c0.mul(&inverse), c1: self.c1.negative::<4>().mul(&inverse) })
    }
}
