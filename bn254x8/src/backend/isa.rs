//! The interface between kernels and instruction sets: the set, its vectors, and what it runs.
//!
//! A set of instructions names its vectors, and vectors name their set. So both stand here.

use ark_bn254::{Fq, Fq2, Fr};
use ark_ff::{BigInt, Field};
use bytemuck::Pod;

use crate::{
    field::{Row1, Row2},
    pairing::SinglePairing,
};

/// Proof that the CPU has an instruction set, and the types that compute with it.
pub trait Isa: Copy + Send + Sync + 'static {
    /// Vectors of eight elements of Fq: coordinates in the first group.
    type Fq: Coordinate<Isa = Self, Plain = Fq, Row = Row1>;
    /// Vectors of eight elements of Fq2: coordinates in the second group.
    type Fq2: Extension<Base = Self::Fq, Isa = Self, Plain = Fq2, Row = Row2>;
    /// Vectors of eight elements of Fr: scalars.
    type Fr: InnerProduct<Isa = Self, Plain = Fr>;
    /// How a single product of pairings is computed, where there are no eight items to fill the
    /// lanes.
    type Pairing: SinglePairing<Self>;

    /// Detects the instructions. `None` if the CPU lacks them.
    fn detect() -> Option<Self>;

    /// Runs a kernel, compiled for these instructions.
    fn run<K: Kernel<Self>>(self, kernel: K) -> K::Output;
}

/// A computation that is compiled once for each instruction set. Every function that it calls on
/// lanes must be `#[inline(always)]`; otherwise that function is compiled for a generic machine and
/// is slow.
pub trait Kernel<I: Isa> {
    /// The result.
    type Output;

    /// Runs the computation.
    fn run(self, isa: I) -> Self::Output;
}

/// A family of types, one for each backend, such as a table in the backend's own number format.
pub trait Form {
    /// The type for one backend.
    type Of<I: Isa>;

    /// Overwrites data that could reveal a secret.
    fn wipe<I: Isa>(_: &mut Self::Of<I>) {}
}

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

/// Eight elements of Fq2. Bounds hold for both parts.
pub trait Extension: Coordinate<Plain = Fq2> {
    /// The base field.
    type Base: Coordinate<Isa = Self::Isa, Plain = Fq>;
    /// An element prepared as a factor of many products.
    type Factor: Copy + Send + Sync;

    /// Prepares the element as a factor. `self` must be below 2 p.
    fn factor(&self) -> Self::Factor;
    /// (9 + u) times the element, as a factor below 12.8 p. `self` must be below 1.2 p.
    fn xi_factor(&self) -> Self::Factor;
    /// The sum of all `a[i]·b[i]`, reduced once, below 2 p. For each part, the sum of the products
    /// must be at most 84 p^2.
    fn dot<const N: usize>(a: [&Self; N], b: [&Self::Factor; N]) -> Self;
    /// (9 + u) times the element, reduced. `self` must be reduced.
    fn xi(&self) -> Self;
    /// The conjugate c0 - c1·u, below 2 p.
    fn conjugate(&self) -> Self;
    /// The product with an element of Fq. The bounds are those of [`Lanes::mul`].
    fn scale(&self, factor: &Self::Base) -> Self;
}

/// Eight elements per vector, summed with constant weights. Only products are reduced; in sums,
/// bounds add up.
pub trait InnerProduct: Lanes {
    /// The sum of all `weights[i]·values[i]`, plus `more`. The sum of the values must be below s·p
    /// with s at most 84. The result is below (1 + 0.01182·s) p plus `more`.
    fn weighted(isa: Self::Isa, weights: &[Self::Single], values: &[Self], more: &Self) -> Self;
    /// The sum, not reduced.
    fn plus(&self, other: &Self) -> Self;
}
