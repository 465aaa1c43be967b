//! The backend for any machine: eight arkworks elements, computed one after another. Every value is
//! below p, so bounds do not matter here.

use ark_bn254::{Fq, Fq2, Fr};
use ark_ff::{BigInt, Field, PrimeField as _};

use super::{Isa, Kernel, prefetch};
use crate::{
    field::{
        Coordinate, Lanes, Line, Row1, Row2,
        inverse::inverse,
        inverses, karatsuba,
        prime::{Base, Prime, Scalar, difference, sum},
    },
    pairing::Arkworks,
};

/// The token of the portable backend.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Isa for Portable {
    type Fq = Plain<Fq>;
    type Fq2 = Plain<Fq2>;
    type Fr = Plain<Fr>;
    type Pairing = Arkworks;

    #[inline(always)]
    fn detect() -> Option<Self> {
        Some(Self)
    }

    #[inline(never)]
    fn run<K: Kernel<Self>>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }
}

/// Eight elements of F, one per lane.
#[derive(Clone, Copy, Debug)]
pub struct Plain<F>(pub(crate) [F; 8]);

/// Operations that Fq, Fq2 and Fr share, beyond arkworks' traits.
pub trait Field8: Field {
    fn integer(&self) -> BigInt<4>;
    /// The inverse; `None` for zero.
    fn one_over(&self) -> Option<Self>;
    /// The product.
    #[inline(always)]
    fn times(&self, other: &Self) -> Self {
        *self * other
    }
    /// The sum, without a branch.
    fn plus(&self, other: &Self) -> Self;
    /// The difference, without a branch.
    fn minus(&self, other: &Self) -> Self;
}

impl Field8 for Fq {
    fn integer(&self) -> BigInt<4> {
        self.into_bigint()
    }

    fn one_over(&self) -> Option<Self> {
        inverse::<Base>(self)
    }

    #[inline(always)]
    fn plus(&self, other: &Self) -> Self {
        sum::<Base>(self, other)
    }

    #[inline(always)]
    fn minus(&self, other: &Self) -> Self {
        difference::<Base>(self, other)
    }
}

impl Field8 for Fr {
    fn integer(&self) -> BigInt<4> {
        self.into_bigint()
    }

    fn one_over(&self) -> Option<Self> {
        inverse::<Scalar>(self)
    }

    #[inline(always)]
    fn plus(&self, other: &Self) -> Self {
        sum::<Scalar>(self, other)
    }

    #[inline(always)]
    fn minus(&self, other: &Self) -> Self {
        difference::<Scalar>(self, other)
    }
}

impl Field8 for Fq2 {
    fn integer(&self) -> BigInt<4> {
        self.c0.into_bigint()
    }

    /// The conjugate divided by the norm, which is zero only for zero.
    fn one_over(&self) -> Option<Self> {
        let norm = inverse::<Base>(&(self.c0.square() + self.c1.square()))?;
        Some(Self::new(self.c0 * norm, -(self.c1 * norm)))
    }

    #[inline(always)]
    fn times(&self, other: &Self) -> Self {
        karatsuba::product(self, other)
    }

    #[inline(always)]
    fn plus(&self, other: &Self) -> Self {
        Self::new(self.c0.plus(&other.c0), self.c1.plus(&other.c1))
    }

    #[inline(always)]
    fn minus(&self, other: &Self) -> Self {
        Self::new(self.c0.minus(&other.c0), self.c1.minus(&other.c1))
    }
}

impl<F: Field> Plain<F> {
    /// Computes every lane. This is a loop because the compiler does not inline calls in the
    /// closures of `array::from_fn` and `map`.
    #[inline(always)]
    pub(crate) fn each(f: impl Fn(usize) -> F) -> Self {
        let mut lanes = [F::ZERO; 8];
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = f(i);
        }
        Self(lanes)
    }
}

impl<F: Field8> Lanes for Plain<F> {
    type Isa = Portable;
    type Plain = F;
    type Single = F;

    fn single(element: &F) -> F {
        *element
    }

    #[inline(always)]
    fn broadcast(isa: Portable, single: &F) -> Self {
        Self::splat(isa, single)
    }

    #[inline(always)]
    fn zero(_: Portable) -> Self {
        Self([F::ZERO; 8])
    }

    #[inline(always)]
    fn splat(_: Portable, element: &F) -> Self {
        Self([*element; 8])
    }

    #[inline(always)]
    fn from_plain(_: Portable, elements: &[F; 8]) -> Self {
        Self(*elements)
    }

    #[inline(always)]
    fn to_plain(self) -> [F; 8] {
        self.0
    }

    // One function each, instead of a copy at every use: eight operations outweigh a call.
    #[inline(never)]
    fn mul(&self, other: &Self) -> Self {
        Self::each(|i| self.0[i].times(&other.0[i]))
    }

    #[inline(never)]
    fn square(&self) -> Self {
        Self::each(|i| self.0[i].square())
    }

    #[inline(never)]
    fn add(&self, other: &Self) -> Self {
        Self::each(|i| self.0[i].plus(&other.0[i]))
    }

    #[inline(never)]
    fn sub(&self, other: &Self) -> Self {
        Self::each(|i| self.0[i].minus(&other.0[i]))
    }

    #[inline(always)]
    fn sub_lazy(&self, other: &Self) -> Self {
        self.sub(other)
    }

    #[inline(always)]
    fn reduce(&self) -> Self {
        *self
    }

    #[inline(never)]
    fn select(&self, lanes: u8, other: &Self) -> Self {
        Self::each(|i| {
            let from = [&self.0[i], &other.0[i]];
            *from[usize::from(lanes >> i & 1)]
        })
    }

    #[inline(always)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        std::array::from_fn(|j| Self::each(|i| rows[i].0[j]))
    }

    #[inline(always)]
    fn to_integers(self) -> [BigInt<4>; 8] {
        self.0.map(|a| a.integer())
    }
}

/// Coordinates that are stored in rows of whole cache lines.
pub trait Rows: Field8 {
    type Row: bytemuck::Pod + Send + Sync;
    fn row(x: &Self, y: &Self) -> Self::Row;
    fn point(row: &Self::Row) -> (Self, Self);
}

fn line(a: &Fq, b: &Fq) -> Line {
    let ([a, b, c, d], [e, f, g, h]) = (Base::words(a), Base::words(b));
    Line([a, b, c, d, e, f, g, h])
}

fn elements(line: &Line) -> (Fq, Fq) {
    let [a, b, c, d, e, f, g, h] = line.0;
    (Base::element([a, b, c, d]), Base::element([e, f, g, h]))
}

impl Rows for Fq {
    type Row = Row1;

    fn row(x: &Self, y: &Self) -> Row1 {
        [line(x, y)]
    }

    #[inline(always)]
    fn point(row: &Row1) -> (Self, Self) {
        elements(&row[0])
    }
}

impl Rows for Fq2 {
    type Row = Row2;

    fn row(x: &Self, y: &Self) -> Row2 {
        [line(&x.c0, &x.c1), line(&y.c0, &y.c1)]
    }

    #[inline(always)]
    fn point(row: &Row2) -> (Self, Self) {
        let (x, y) = (elements(&row[0]), elements(&row[1]));
        (Self::new(x.0, x.1), Self::new(y.0, y.1))
    }
}

impl<F: Rows> Coordinate for Plain<F> {
    type Row = F::Row;

    const PAIRED: bool = false;

    #[inline(always)]
    fn load(_: Portable, rows: [&F::Row; 8]) -> (Self, Self) {
        let (mut x, mut y) = ([F::ZERO; 8], [F::ZERO; 8]);
        for (i, row) in rows.iter().enumerate() {
            (x[i], y[i]) = F::point(row);
        }
        (Self(x), Self(y))
    }

    #[inline(always)]
    fn store(x: &Self, y: &Self) -> [F::Row; 8] {
        std::array::from_fn(|i| F::row(&x.0[i], &y.0[i]))
    }

    fn row(x: &F, y: &F) -> F::Row {
        F::row(x, y)
    }

    fn point(row: &F::Row) -> (F, F) {
        F::point(row)
    }

    #[inline(always)]
    fn canonical(&self) -> Self {
        *self
    }

    #[inline(always)]
    fn prefetch(row: &F::Row) {
        bytemuck::cast_slice::<F::Row, Line>(std::slice::from_ref(row)).iter().for_each(prefetch);
    }

    #[inline(always)]
    fn negate(&self, lanes: u8) -> Self {
        self.select(lanes, &Self([F::ZERO; 8]).sub(self))
    }

    #[inline(always)]
    fn negate_sub_lazy(&self, lanes: u8, other: &Self) -> Self {
        self.negate(lanes).sub(other)
    }

    #[inline(never)]
    fn third(&self, slope: &Self, x1: &Self) -> Self {
        // x2 = self + x1.
        slope.square().sub(self).sub(x1).sub(x1)
    }

    #[inline(always)]
    fn mul_sub(&self, other: &Self, less: &Self) -> Self {
        self.mul(other).sub(less)
    }

    #[inline(always)]
    fn zeros(&self) -> u8 {
        (0..8).map(|i| u8::from(self.0[i].is_zero()) << i).sum()
    }

    #[inline(never)]
    fn inverse(&self, _: Portable) -> Option<Self> {
        inverses(&self.0, F::one_over).map(Self)
    }
}
