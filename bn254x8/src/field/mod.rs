//! Vectors of eight elements of Fq, Fq2 and Fr.

mod accumulator;
mod bound;
mod extension;
mod fp;
mod fp12_lanes;
mod fp12_single;
mod fp2;
mod inner_product;
pub(crate) mod inverse;
pub(crate) mod karatsuba;
pub(crate) mod prime;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
mod tests;
mod u64x8;

use ark_ff::{BigInt, Field};
use bytemuck::{Pod, Zeroable};

pub(crate) use extension::{Extension, Factor};
pub(crate) use fp::Fp;
pub(crate) use fp2::Fp2;
pub(crate) use fp12_lanes::{Fp12Lanes, MultiplyLine, Square};
pub(crate) use fp12_single::SavedLanes;
pub(crate) use inner_product::InnerProduct;
pub(crate) use prime::{Base, Scalar};
pub(crate) use u64x8::U64x8;

use crate::backend::Isa;

/// A cache line: 64 bytes at a multiple of 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Line(pub(crate) [u64; 8]);

/// A point's coordinates x and y as a table stores them: four words each, in the backend's
/// Montgomery form.
pub type Row1 = [Line; 1];
/// The same over Fq2: x.c0, x.c1, y.c0, y.c1.
pub type Row2 = [Line; 2];

/// Eight field elements, one per lane. Each operation states its bounds in multiples of the modulus
/// p. "Reduced" means below 1.65 p. Operands must be below 2 p unless the operation says otherwise.
pub trait Lanes: Copy + Send + Sync + 'static {
    /// The instruction set that computes with them.
    type Isa: Isa;
    /// The field's type in arkworks.
    type Plain: Field;

    /// One element, in a form that can be broadcast to every lane.
    type Single: Copy + Send + Sync;

    /// Prepares an element for [`Lanes::broadcast`].
    fn single(element: &Self::Plain) -> Self::Single;
    /// The same element in every lane, below p.
    fn broadcast(isa: Self::Isa, single: &Self::Single) -> Self;
    /// Zero in every lane.
    fn zero(isa: Self::Isa) -> Self;
    /// The same element in every lane, below p, computed from arkworks' form.
    fn splat(isa: Self::Isa, element: &Self::Plain) -> Self;
    /// One given element per lane, below p.
    fn from_plain(isa: Self::Isa, elements: &[Self::Plain; 8]) -> Self;
    /// The elements in arkworks' form.
    fn to_plain(self) -> [Self::Plain; 8];

    /// The product. For operands below 2 p it is below 1.1 p. In general, operands below a·p and
    /// b·p with a·b at most 84 give a product below (1 + 0.01182·a·b) p.
    fn mul(&self, other: &Self) -> Self;
    /// `a·b` and `c·d`, with their steps interleaved. The bounds are those of [`Lanes::mul`].
    #[inline(always)]
    fn mul_two(a: &Self, b: &Self, c: &Self, d: &Self) -> (Self, Self) {
        (a.mul(b), c.mul(d))
    }
    /// The square. The bounds are those of [`Lanes::mul`].
    fn square(&self) -> Self;
    /// The sum, reduced. The sum of the operands must be below 5.29 p.
    fn add(&self, other: &Self) -> Self;
    /// The difference, reduced. `self` must be below 3.29 p and `other` below 2 p.
    fn sub(&self, other: &Self) -> Self;
    /// The difference plus 2 p, not reduced: its bound is that of `self` plus 2 p. `other` must be
    /// below 2 p.
    fn sub_lazy(&self, other: &Self) -> Self;
    /// The same element, reduced. `self` must be below 5.29 p.
    fn reduce(&self) -> Self;
    /// Takes the lanes whose bit is set from `other`, and the rest from `self`.
    fn select(&self, lanes: u8, other: &Self) -> Self;
    /// Transposes: lane j of element i becomes lane i of element j.
    fn transpose(rows: [Self; 8]) -> [Self; 8];
    /// The elements as integers below p.
    fn to_integers(self) -> [BigInt<4>; 8];
}

/// Eight coordinates of points, one per lane.
pub trait Coordinate: Lanes {
    /// A point as a table stores it.
    type Row: Pod + Send + Sync;

    /// Whether two interleaved additions are faster than two in sequence. They are while the code
    /// of both fits into the instruction cache.
    const PAIRED: bool;

    /// Loads the points of eight rows. Coordinates from a table are below p; those written by
    /// [`Coordinate::store`] keep their bounds.
    fn load(isa: Self::Isa, rows: [&Self::Row; 8]) -> (Self, Self);
    /// The points as rows. Coordinates must be reduced.
    fn store(x: &Self, y: &Self) -> [Self::Row; 8];
    /// A single point as a row.
    fn row(x: &Self::Plain, y: &Self::Plain) -> Self::Row;
    /// The point of a single row.
    fn point(row: &Self::Row) -> (Self::Plain, Self::Plain);
    /// The same element, below p. `self` must be below 5.29 p.
    fn canonical(&self) -> Self;
    /// Prefetches a row into the cache.
    fn prefetch(row: &Self::Row);

    /// Lane by lane, p minus the element where the bit is set, else the element. `self` must be
    /// below p; the result is at most p.
    fn negate(&self, lanes: u8) -> Self;
    /// `±self - other + 2 p`, where the sign is negative in the lanes whose bit is set. The result
    /// is below 3 p. `self` must come from a table, and `other` must be below 2 p.
    fn negate_sub_lazy(&self, lanes: u8, other: &Self) -> Self;
    /// The x coordinate of a sum of two points, `slope^2 - x1 - x2`, reduced. `self` must be
    /// `x2.sub_lazy(x1)`, and the slope below 1.8 p.
    fn third(&self, slope: &Self, x1: &Self) -> Self;
    /// `self·other - less`, reduced. The factors have the bounds of [`Lanes::mul`]; the product
    /// must be below 3.29 p, and `less` below 2 p.
    fn mul_sub(&self, other: &Self, less: &Self) -> Self;
    /// `a·b - c` and `d·e - f`, with the bounds of [`Coordinate::mul_sub`] and interleaved steps.
    #[inline(always)]
    fn mul_sub_two([a, b, c]: [&Self; 3], [d, e, f]: [&Self; 3]) -> (Self, Self) {
        (a.mul_sub(b, c), d.mul_sub(e, f))
    }
    /// The lanes that hold the integer zero, as [`Lanes::zero`] and rows of zeros do. Other
    /// multiples of p do not count.
    fn zeros(&self) -> u8;
    /// The inverse of each lane, below 1.1 p. `None` if a lane is zero.
    fn inverse(&self, isa: Self::Isa) -> Option<Self>;
}

/// Inverts eight elements with one inversion. `None` if an element is zero.
pub(crate) fn inverses<F: Field>(
    elements: &[F; 8],
    invert: impl Fn(&F) -> Option<F>,
) -> Option<[F; 8]> {
    let (mut before, mut product) = ([F::ONE; 8], F::ONE);
    for (before, element) in before.iter_mut().zip(elements) {
        *before = product;
        product *= element;
    }
    let mut rest = invert(&product)?;
    let mut out = [F::ZERO; 8];
    for lane in (0..8).rev() {
        out[lane] = rest * before[lane];
        rest *= elements[lane];
    }
    Some(out)
}
