//! The two groups, and what a table needs of them.

use ark_bn254::Fr;
use ark_ec::{AffineRepr, CurveGroup};

use super::shape::Shape;
use crate::Backend;

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

/// The rows of a table, as a sum reads them.
#[derive(Clone, Copy)]
pub struct RowsRef<'a, R> {
    pub(super) backend: Backend,
    pub(super) shape: &'a Shape,
    pub(super) rows: &'a [R],
}

pub(super) mod sealed {
    use ark_ff::{BigInt, Field};
    use bytemuck::Pod;

    use super::{Group, RowsRef, Sum};
    use crate::{
        Backend, Error,
        backend::Isa,
        field::Coordinate,
        msm::{shape::Shape, wipe::Wipe},
    };

    /// The heavy work of a table. The methods belong to the group and not to `Table<G>`, so that
    /// the kernels are compiled once, in this crate, and not in every crate that uses a table.
    pub trait Sealed: Sized {
        type Field: Field;
        type Row: Pod + Send + Sync;
        type Lanes<I: Isa>: Coordinate<Isa = I, Plain = Self::Field, Row = Self::Row>;
        /// Working memory that sums reuse.
        type Workspace: Default + Send + Wipe;

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
            table: RowsRef<'_, Self::Row>,
            base: usize,
            scalars: &[BigInt<4>],
            workspace: &mut Self::Workspace,
        ) -> Result<Sum<Self>, Error>
        where
            Self: Group;
    }
}

/// A sum of multiples, as an arkworks point.
pub type Sum<G> = <G as Group>::Projective;

pub(super) type BaseField<G> = <G as sealed::Sealed>::Field;
pub(super) type Row<G> = <G as sealed::Sealed>::Row;
pub(super) type LanesOf<G, I> = <G as sealed::Sealed>::Lanes<I>;

/// The point with these coordinates, which must come from a point.
pub(super) fn plain_point<G: Group>(x: BaseField<G>, y: BaseField<G>) -> Sum<G> {
    G::point(x, y).into()
}

impl Shape {
    /// Size of the table in bytes.
    pub fn bytes<G: Group>(&self) -> usize {
        self.rows() * G::ROW
    }
}
