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
mod group;
mod precompute;
mod reduce;
mod shape;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
mod wipe;
mod workspace;

use std::{fmt, ops::Range, sync::Arc};

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::AffineRepr as _;
use ark_ff::{BigInt, PrimeField as _, Zero as _};

pub use group::{G1, G2, Group, Sum};
use group::{Row, RowsRef, sealed};
pub use shape::Shape;

use self::{
    digits::Sort,
    wipe::Wipe as _,
    workspace::{Workspace, add_windows, sum},
};
use crate::{
    Backend, Error,
    backend::{Isa, dispatch},
    field::{Row1, Row2},
};

/// Defines a group: its name, affine points, sums, coordinates, rows and vectors.
macro_rules! group {
    ($name:ident, $affine:ident, $projective:ident, $field:ident, $row:ident) => {
        impl sealed::Sealed for $name {
            type Field = $field;
            type Row = $row;
            type Lanes<I: Isa> = I::$field;
            type Workspace = Workspace<Self>;

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
                table: RowsRef<'_, $row>,
                base: usize,
                scalars: &[BigInt<4>],
                workspace: &mut Workspace<Self>,
            ) -> Result<$projective, Error> {
                dispatch!(table.backend, isa => sum(isa, table, base, scalars, workspace))
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

/// Shared ownership of bytes, such as a memory map.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

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

    fn view(&self) -> RowsRef<'_, Row<G>> {
        RowsRef { backend: self.backend, shape: &self.shape, rows: self.rows() }
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
        G::sum(self.view(), range.start, scalars, &mut scratch.0)
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
        let (shape, Workspace { digits, buckets }) = (&first.shape, &mut one.0);
        let (first, second) = (first.view(), second.view());
        for step in (0..shape.step).rev() {
            isa.run(Sort { digits, shape, first: step, base: range.start, scalars });
            add_windows(isa, first, digits, buckets, &mut totals.0);
            add_windows(isa, second, digits, &mut two.0.buckets, &mut totals.1);
        }
        totals
    })
}

/// Working memory that sums reuse. It serves one sum at a time, over any table of its group. It is
/// wiped when dropped, because its contents reveal the scalars.
pub struct Scratch<G: Group>(G::Workspace);

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
        Self(G::Workspace::default())
    }
}

impl<G: Group> Scratch<G> {
    /// Overwrites the digits and buckets of the last sum, and keeps the allocations.
    pub fn wipe(&mut self) {
        self.0.wipe();
    }
}

impl<G: Group> Drop for Scratch<G> {
    fn drop(&mut self) {
        self.wipe();
    }
}
