//! Multi-scalar multiplication over fixed bases.
//!
//! For each base P a table holds P, 2^c·P, 2^2c·P, and so on. All windows of c bits then share one
//! set of buckets: a sum costs one addition per window and base, and no doublings. Digits are
//! signed, so there are 2^(c-1) buckets. Additions are affine and run eight at a time, and many of
//! them share an inversion.
//!
//! # Source
//! Brickell, Gordon, McCurley, Wilson, "Fast exponentiation with precomputation" (Eurocrypt 1992);
//! Pippenger's buckets; Montgomery's trick.

mod accumulate;
mod affine;
mod digits;
mod precompute;
mod reduce;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use std::{fmt, marker::PhantomData, mem::MaybeUninit, ops::Range, sync::Arc};

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AdditiveGroup as _, AffineRepr, CurveGroup};
use ark_ff::{BigInt, PrimeField as _, Zero as _};
use bytemuck::Zeroable as _;

use self::{
    accumulate::{Chunk, FilledSlots, accumulate},
    digits::{Digits, Sort},
    reduce::{Reduce, Segments},
};
use crate::{
    Backend, Error,
    backend::{Form, Isa, Slots, dispatch},
    field::{Row1, Row2},
};

/// One of the two groups: [`G1`] or [`G2`].
pub trait Group: sealed::Sealed + 'static {
    /// An affine point.
    type Affine: AffineRepr<ScalarField = Fr, BaseField = BaseField<Self>, Group = Sum<Self>>;
    /// A sum of points, in projective form.
    type Projective: CurveGroup<Affine = Self::Affine, ScalarField = Fr>;
    /// Bytes of a row in a table: a point's packed coordinates.
    const ROW: usize;
}

/// The first group.
#[derive(Clone, Copy, Debug)]
pub struct G1;
/// The second group.
#[derive(Clone, Copy, Debug)]
pub struct G2;

mod sealed {
    use ark_ff::{BigInt, Field};
    use bytemuck::Pod;

    use super::{Group, Scratch, Shape, Sum, Table};
    use crate::{Backend, Error, backend::Isa, field::Coordinate};

    /// The heavy work of a table. The methods belong to the group and not to `Table<G>`, so that
    /// the kernels are compiled once, in this crate, and not in every crate that uses a table.
    pub trait Sealed: Sized {
        type Field: Field;
        type Row: Pod + Send + Sync;
        type Lanes<I: Isa>: Coordinate<Isa = I, Plain = Self::Field, Row = Self::Row>;

        /// The point with these coordinates, which must come from a point.
        fn point(x: Self::Field, y: Self::Field) -> Self::Affine
        where
            Self: Group;

        /// Computes the rows of a table.
        fn rows(
            backend: Backend,
            shape: &Shape,
            bases: &[Self::Affine],
            progress: &(dyn Fn(usize) + Sync),
        ) -> Result<Vec<Self::Row>, Error>
        where
            Self: Group;

        /// Multiplies the bases from `base` on by the scalars, and adds the products up.
        fn sum(
            table: &Table<Self>,
            base: usize,
            scalars: &[BigInt<4>],
            scratch: &mut Scratch<Self>,
        ) -> Result<Sum<Self>, Error>
        where
            Self: Group;
    }
}

/// Defines a group: its name, affine points, sums, coordinates, rows and vectors.
macro_rules! group {
    ($name:ident, $affine:ident, $projective:ident, $field:ident, $row:ident) => {
        impl sealed::Sealed for $name {
            type Field = $field;
            type Row = $row;
            type Lanes<I: Isa> = I::$field;

            fn point(x: $field, y: $field) -> $affine {
                $affine::new_unchecked(x, y)
            }

            fn rows(
                backend: Backend,
                shape: &Shape,
                bases: &[$affine],
                progress: &(dyn Fn(usize) + Sync),
            ) -> Result<Vec<$row>, Error> {
                dispatch!(backend, isa => {
                    precompute::rows::<Self, _>(isa, shape, bases, progress)
                })
            }

            fn sum(
                table: &Table<Self>,
                base: usize,
                scalars: &[BigInt<4>],
                scratch: &mut Scratch<Self>,
            ) -> Result<$projective, Error> {
                dispatch!(table.backend, isa => table.sum(isa, base, scalars, scratch))
            }
        }

        impl Group for $name {
            type Affine = $affine;
            type Projective = $projective;
            const ROW: usize = size_of::<$row>();
        }
    };
}

group!(G1, G1Affine, G1Projective, Fq, Row1);
group!(G2, G2Affine, G2Projective, Fq2, Row2);

/// A sum of multiples, as an arkworks point.
pub type Sum<G> = <G as Group>::Projective;

type BaseField<G> = <G as sealed::Sealed>::Field;
type Row<G> = <G as sealed::Sealed>::Row;
type LanesOf<G, I> = <G as sealed::Sealed>::Lanes<I>;

/// The point with these coordinates, which must come from a point.
fn plain_point<G: Group>(x: BaseField<G>, y: BaseField<G>) -> Sum<G> {
    G::point(x, y).into()
}

/// Shared ownership of bytes, such as a memory map.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// The layout of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of bases.
    pub bases: usize,
    /// Bits of a digit.
    pub window: u32,
    /// Each base has a row for every `step`-th window. A step of 1 is fastest. A step of all
    /// windows is smallest: the table then holds only the bases.
    pub step: u32,
}

impl Shape {
    /// The supported bits of a digit.
    pub const WINDOWS: Range<u32> = 4..19;

    /// Number of digits of a scalar.
    pub fn windows(&self) -> u32 {
        255u32.div_ceil(self.window)
    }

    /// Number of rows for each base.
    pub fn levels(&self) -> u32 {
        self.windows().div_ceil(self.step)
    }

    /// Number of rows in the table: all bases at the first level, then all at the second, and so
    /// on.
    pub fn rows(&self) -> usize {
        self.bases * self.levels() as usize
    }

    /// Size of the table in bytes.
    pub fn bytes<G: Group>(&self) -> usize {
        self.rows() * G::ROW
    }

    fn check(&self) -> Result<(), Error> {
        if !Self::WINDOWS.contains(&self.window) {
            return Err(Error::Window { got: self.window });
        }
        if self.step == 0 || self.step > self.windows() {
            return Err(Error::Step { got: self.step, limit: self.windows() });
        }
        let limit = digits::SIGN as usize;
        let rows = self.bases.checked_mul(self.levels() as usize);
        // The size in bytes must fit into a usize, too. On 32-bit machines that is the lower limit.
        match rows.filter(|rows| rows.checked_mul(G2::ROW).is_some()) {
            Some(rows) if rows < limit => Ok(()),
            rows => Err(Error::Rows { got: rows.unwrap_or(usize::MAX), limit }),
        }
    }
}

/// The storage of a table's rows.
enum Rows<G: Group> {
    Owned(Vec<Row<G>>),
    /// A range that was checked for its length and alignment.
    Shared(SharedBytes, Range<usize>),
}

/// Fixed bases and their precomputed multiples. Anyone who can change the rows can change the sums.
pub struct Table<G: Group> {
    backend: Backend,
    shape: Shape,
    rows: Rows<G>,
}

impl<G: Group> fmt::Debug for Table<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("backend", &self.backend)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

impl<G: Group> Table<G> {
    /// Computes a table. `progress` is called from time to time with the number of newly finished
    /// rows, out of [`Shape::rows`].
    ///
    /// # Errors
    /// Returns an error if a base is at infinity, or if the shape or the backend is not supported.
    ///
    /// # Cost
    /// `window * step` doublings per row, eight at a time.
    pub fn new(
        backend: Backend,
        shape: Shape,
        bases: &[G::Affine],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Self, Error> {
        shape.check()?;
        if bases.len() != shape.bases {
            return Err(Error::Scalars { got: bases.len(), expected: shape.bases });
        }
        if let Some(index) = bases.iter().position(|base| base.is_zero()) {
            return Err(Error::Infinity { index });
        }
        let rows = G::rows(backend, &shape, bases, progress)?;
        Ok(Self { backend, shape, rows: Rows::Owned(rows) })
    }

    /// A table from rows that were computed earlier for the same backend: `bytes[range]`.
    ///
    /// The rows are not checked: anyone who can change them can change the sums.
    ///
    /// # Errors
    /// Returns an error if the length, the alignment (64 bytes) or the backend does not fit.
    pub fn from_bytes(
        backend: Backend,
        shape: Shape,
        bytes: SharedBytes,
        range: Range<usize>,
    ) -> Result<Self, Error> {
        shape.check()?;
        if !backend.is_available() {
            return Err(Error::Backend { backend });
        }
        let length = (*bytes).as_ref().len();
        let (got, expected) = (range.len(), shape.bytes::<G>());
        let rows = (*bytes).as_ref().get(range.clone()).filter(|rows| rows.len() == expected);
        let rows = rows.ok_or(Error::Length { got: got.min(length), expected })?;
        if bytemuck::try_cast_slice::<u8, Row<G>>(rows).is_err() {
            return Err(Error::Alignment { got: rows.as_ptr().addr() % 64 });
        }
        Ok(Self { backend, shape, rows: Rows::Shared(bytes, range) })
    }

    /// The rows as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.rows {
            Rows::Owned(rows) => bytemuck::cast_slice(rows),
            Rows::Shared(bytes, range) => (**bytes).as_ref().get(range.clone()).unwrap_or(&[]),
        }
    }

    fn rows(&self) -> &[Row<G>] {
        match &self.rows {
            Rows::Owned(rows) => rows,
            // The same cast succeeded when the table was made, so it cannot fail here.
            Rows::Shared(..) => bytemuck::try_cast_slice(self.as_bytes()).unwrap_or(&[]),
        }
    }

    /// The layout of the table.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The backend that the table was computed for.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The sum of `base[i] * scalars[i - range.start]` for i in `range`.
    ///
    /// # Shapes
    /// Scalars are integers below the group's order.
    ///
    /// # Errors
    /// Returns an error if the number of scalars is not the length of the range, if the range
    /// exceeds the table, or if a scalar is too large.
    ///
    /// # Cost
    /// One addition per window and base, except for zero digits. The time depends on the scalars.
    pub fn msm(
        &self,
        range: Range<usize>,
        scalars: &[BigInt<4>],
        scratch: &mut Scratch<G>,
    ) -> Result<Sum<G>, Error> {
        self.check(&range, scalars)?;
        G::sum(self, range.start, scalars, scratch)
    }

    fn check(&self, range: &Range<usize>, scalars: &[BigInt<4>]) -> Result<(), Error> {
        let expected = range.len();
        if scalars.len() != expected || range.end > self.shape.bases {
            return Err(Error::Scalars { got: scalars.len(), expected });
        }
        match scalars.iter().position(|scalar| *scalar >= Fr::MODULUS) {
            Some(index) => Err(Error::Scalar { index }),
            None => Ok(()),
        }
    }

    fn sum<I: Isa>(
        &self,
        isa: I,
        base: usize,
        scalars: &[BigInt<4>],
        scratch: &mut Scratch<G>,
    ) -> Sum<G> {
        let Scratch { digits, buckets } = scratch;
        let mut total = Sum::<G>::zero();
        for first in (0..self.shape.step).rev() {
            isa.run(Sort { digits, shape: &self.shape, first, base, scalars });
            self.add_windows(isa, digits, buckets, &mut total);
        }
        total
    }

    /// Multiplies `total` by 2^window, then adds the sum of the sorted digits.
    fn add_windows<I: Isa>(
        &self,
        isa: I,
        digits: &Digits,
        buckets: &mut Buckets<G>,
        total: &mut Sum<G>,
    ) {
        for _ in 0..self.shape.window {
            total.double_in_place();
        }
        let Buckets { rows, extras, lanes } = buckets;
        let Work { chunk, segments } = I::slot_mut(lanes)
            .get_or_insert_with(|| Work { chunk: Chunk::default(), segments: Segments::default() });
        rows.clear();
        rows.resize(1 << (self.shape.window - 1), Row::<G>::zeroed());
        extras.clear();
        let filled = &mut FilledSlots { buckets: rows, extras };
        accumulate::<G, LanesOf<G, I>>(isa, self.rows(), digits, chunk, filled);
        *total += isa.run(Reduce::<G, LanesOf<G, I>> { buckets: rows, segments });
        *total += merged::<G>(extras);
    }
}

/// [`Table::msm`] over two tables with the same scalars. If both tables have the same shape, the
/// digits are sorted only once.
///
/// # Errors
/// The errors of [`Table::msm`].
pub fn msm_both(
    (first, second): (&Table<G1>, &Table<G2>),
    range: Range<usize>,
    scalars: &[BigInt<4>],
    (one, two): (&mut Scratch<G1>, &mut Scratch<G2>),
) -> Result<(Sum<G1>, Sum<G2>), Error> {
    if first.shape != second.shape || first.backend != second.backend {
        let sum = first.msm(range.clone(), scalars, one)?;
        return Ok((sum, second.msm(range, scalars, two)?));
    }
    first.check(&range, scalars)?;
    dispatch!(first.backend, isa => {
        let mut totals = (Sum::<G1>::zero(), Sum::<G2>::zero());
        let (shape, digits) = (&first.shape, &mut one.digits);
        for step in (0..shape.step).rev() {
            isa.run(Sort { digits, shape, first: step, base: range.start, scalars });
            first.add_windows(isa, digits, &mut one.buckets, &mut totals.0);
            second.add_windows(isa, digits, &mut two.buckets, &mut totals.1);
        }
        totals
    })
}

/// The weighted sum of the points that were not added in lanes.
fn merged<G: Group>(extras: &mut [(u32, Sum<G>)]) -> Sum<G> {
    extras.sort_unstable_by_key(|extra| extra.0);
    let buckets = extras.chunk_by(|a, b| a.0 == b.0);
    let weighted = buckets.filter_map(|points| {
        let weight = u64::from(points.first()?.0) + 1;
        let sum: Sum<G> = points.iter().map(|point| point.1).sum();
        Some(ark_ec::PrimeGroup::mul_bigint(&sum, [weight]))
    });
    weighted.sum()
}

/// Empties a vector and writes zeros over its entire allocation.
fn wipe<T>(values: &mut Vec<T>) {
    values.clear();
    for value in values.spare_capacity_mut() {
        *value = MaybeUninit::zeroed();
    }
    // `black_box` keeps the compiler from removing the writes of zeros.
    std::hint::black_box(values);
}

/// Working memory that sums reuse. It serves one sum at a time, over any table of its group. It is
/// wiped when dropped, because its contents reveal the scalars.
pub struct Scratch<G: Group> {
    digits: Digits,
    buckets: Buckets<G>,
}

struct Buckets<G: Group> {
    rows: Vec<Row<G>>,
    extras: Vec<(u32, Sum<G>)>,
    /// Memory in the form of each backend that was used.
    lanes: Slots<WorkOf<G>>,
}

/// The part in a backend's own form.
struct Work<C> {
    chunk: Chunk<C>,
    segments: Segments<C>,
}

/// [`Work`] for each backend.
struct WorkOf<G>(PhantomData<G>);

impl<G: Group> Form for WorkOf<G> {
    type Of<I: Isa> = Work<LanesOf<G, I>>;

    fn wipe<I: Isa>(work: &mut Self::Of<I>) {
        work.chunk.wipe();
        work.segments.wipe();
    }
}

impl<G: Group> Default for Scratch<G> {
    fn default() -> Self {
        Self::new()
    }
}

impl<G: Group> fmt::Debug for Scratch<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

impl<G: Group> Scratch<G> {
    /// Empty memory. The first sum allocates it.
    pub fn new() -> Self {
        let buckets = Buckets { rows: Vec::new(), extras: Vec::new(), lanes: Slots::empty() };
        Self { digits: Digits::default(), buckets }
    }
}

impl<G: Group> Scratch<G> {
    /// Overwrites the digits and buckets of the last sum, and keeps the allocations.
    pub fn wipe(&mut self) {
        self.digits.wipe();
        let Buckets { rows, extras, lanes } = &mut self.buckets;
        wipe(rows);
        wipe(extras);
        lanes.wipe();
    }
}

impl<G: Group> Drop for Scratch<G> {
    fn drop(&mut self) {
        self.wipe();
    }
}
