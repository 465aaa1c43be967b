//! Elements of the three fields, eight at a time.

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

/// A line of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Line(pub(crate) [u64; 8]);

/// A point's coordinates x, y as they lie in a table: four words each, in the backend's Montgomery form.
pub type Row1 = [Line; 1];
/// The same over the extension: x.c0, x.c1, y.c0, y.c1.
pub type Row2 = [Line; 2];

/// Eight elements of a field. The operations name what they ask of their operands and what they give, in multiples of the prime;
/// "reduced" is below 1.65 p, and every operation takes operands below 2 p unless it says otherwise.
pub trait Lanes: Copy + Send + Sync + 'static {
    /// The instructions that they are for.
    type Isa: Isa;
    /// The field as arkworks has it.
    type Plain: Field;

    /// One element, ready to be put into every lane.
    type Single: Copy + Send + Sync;

    /// An element for [`Lanes::broadcast`].
    fn single(element: &Self::Plain) -> Self::Single;
    /// The same element in every lane; below p.
    fn broadcast(isa: Self::Isa, single: &Self::Single) -> Self;
    /// Zero in every lane.
    fn zero(isa: Self::Isa) -> Self;
    /// The same element in every lane; below p.
    fn splat(isa: Self::Isa, element: &Self::Plain) -> Self;
    /// An element of each lane's own; below p.
    fn from_plain(isa: Self::Isa, elements: &[Self::Plain; 8]) -> Self;
    /// The elements.
    fn to_plain(self) -> [Self::Plain; 8];

    /// The product, below 1.1 p for operands below 2 p. Operands may be lazy: the product of their bounds is at most 84, and then
    /// the result is below (1 + 0.01182 · that) p.
    fn mul(&self, other: &Self) -> Self;
    /// `a·b` and `c·d`, whose steps overlap; bounds as for [`Lanes::mul`].
    #[inline(always)]
    fn mul_two(a: &Self, b: &Self, c: &Self, d: &Self) -> (Self, Self) {
        (a.mul(b), c.mul(d))
    }
    /// The square, as [`Lanes::mul`].
    fn square(&self) -> Self;
    /// The sum, reduced; operands together below 5.29 p.
    fn add(&self, other: &Self) -> Self;
    /// The difference, reduced; `self` below 3.29 p, `other` below 2 p.
    fn sub(&self, other: &Self) -> Self;
    /// The difference and 2 p: its bound is that of `self` and 2 more. `other` is below 2 p.
    fn sub_lazy(&self, other: &Self) -> Self;
    /// The same element, reduced, of one below 5.29 p.
    fn reduce(&self) -> Self;
    /// Lanes whose bit is set come from `other`.
    fn select(&self, lanes: u8, other: &Self) -> Self;
    /// Lane j of element i becomes lane i of element j.
    fn transpose(rows: [Self; 8]) -> [Self; 8];
    /// The elements as integers below p.
    fn to_integers(self) -> [BigInt<4>; 8];
}

/// Eight coordinates of points.
pub trait Coordinate: Lanes {
    /// A point as it lies in a table.
    type Row: Pod + Send + Sync;

    /// Whether two additions at once are faster than one after the other: as long as both are in the cache of instructions.
    const PAIRED: bool;

    /// The points in eight rows. Coordinates of tables are below p, those of [`Coordinate::store`] as they were.
    fn load(isa: Self::Isa, rows: [&Self::Row; 8]) -> (Self, Self);
    /// The points as rows. Coordinates are reduced.
    fn store(x: &Self, y: &Self) -> [Self::Row; 8];
    /// One point as a row.
    fn row(x: &Self::Plain, y: &Self::Plain) -> Self::Row;
    /// One point of a row.
    fn point(row: &Self::Row) -> (Self::Plain, Self::Plain);
    /// The element below p, of one below 5.29 p.
    fn canonical(&self) -> Self;
    /// Brings a row nearer.
    fn prefetch(row: &Self::Row);

    /// The element, or p less it where the bit is set; at most p, of one below p.
    fn negate(&self, lanes: u8) -> Self;
    /// `self` or `-self` where the bit is set, less `other`, and 2 p: below 3 p. `self` is of a table, `other` below 2 p.
    fn negate_sub_lazy(&self, lanes: u8, other: &Self) -> Self;
    /// The third x coordinate: `slope^2 - x1 - x2`, where `self` is `x2.sub_lazy(x1)`; reduced. The slope is below 1.8 p.
    fn third(&self, slope: &Self, x1: &Self) -> Self;
    /// `self·other - less`, reduced; bounds as for [`Lanes::mul`], the product below 3.29 p, `less` below 2 p.
    fn mul_sub(&self, other: &Self, less: &Self) -> Self;
    /// `a·b - c` and `d·e - f`, as [`Coordinate::mul_sub`], whose steps overlap.
    #[inline(always)]
    fn mul_sub_two([a, b, c]: [&Self; 3], [d, e, f]: [&Self; 3]) -> (Self, Self) {
        (a.mul_sub(b, c), d.mul_sub(e, f))
    }
    /// Lanes that are the number zero itself, not a multiple of the prime: those of [`Lanes::zero`] and of rows of zeros.
    fn zeros(&self) -> u8;
    /// One over each lane, below 1.1 p; None when a lane is zero.
    fn inverse(&self, isa: Self::Isa) -> Option<Self>;
}

/// One over each of eight, by one inversion; None when one is zero.
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
