//! Multi-scalar multiplication over fixed bases.

use std::{ops::Range, sync::Arc};

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::BigInt;

use crate::{Backend, Error};

/// One of the two groups that tables are for.
pub trait Group: sealed::Sealed + 'static {
    /// A point as it lies in a key.
    type Affine: AffineRepr<ScalarField = Fr>;
    /// Bytes of a table's row: a point's packed coordinates.
    const ROW: usize;
}

/// The first group.
#[derive(Clone, Copy, Debug)]
pub struct G1;
/// The second group.
#[derive(Clone, Copy, Debug)]
pub struct G2;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::G1 {}
    impl Sealed for super::G2 {}
}

impl Group for G1 {
    type Affine = G1Affine;
    const ROW: usize = 64;
}

impl Group for G2 {
    type Affine = G2Affine;
    const ROW: usize = 128;
}

/// A sum of multiples, as arkworks has it.
pub type Sum<G> = <<G as Group>::Affine as AffineRepr>::Group;

/// Bytes that others keep: a memory map, for instance.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// How a table is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many bases.
    pub bases: usize,
    /// Bits of a digit.
    pub window: u32,
    /// A base has a row for every `step`-th of its windows. 1 is fastest; all windows' number keeps the bare bases only.
    pub step: u32,
}

impl Shape {
    /// Digits of a scalar.
    pub fn windows(&self) -> u32 {
        255u32.div_ceil(self.window)
    }

    /// Rows of a base.
    pub fn levels(&self) -> u32 {
        self.windows().div_ceil(self.step)
    }

    /// Bytes of the table.
    pub fn bytes<G: Group>(&self) -> usize {
        self.bases * self.levels() as usize * G::ROW
    }
}

/// Fixed bases and their precomputed multiples.
pub struct Table<G: Group> {
    backend: Backend,
    shape: Shape,
    bases: Vec<G::Affine>,
}

/// Memory that sums reuse. One of it serves one sum at a time, over any table of its group.
#[derive(Default)]
pub struct Scratch<G: Group>(std::marker::PhantomData<G>);

impl<G: Group> Scratch<G> {
    /// Empty: the first sum fills it.
    pub fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<G: Group> Table<G> {
    /// Computes the table. `progress` is told how many rows are done, from time to time.
    ///
    /// # Errors
    /// When a base is the point at infinity, the window is not of 4 to 18 bits, or there are too many rows.
    ///
    /// # Cost
    /// `window * step` doublings a row.
    pub fn new(
        backend: Backend,
        shape: Shape,
        bases: &[G::Affine],
        _progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Self, Error> {
        Ok(Self { backend, shape, bases: bases.to_vec() })
    }

    /// A table whose rows were computed before, by the same backend: `bytes[range]`.
    ///
    /// The rows are believed: who changes them changes the sums.
    ///
    /// # Errors
    /// When the rows are not as many as the shape needs, or do not begin at a multiple of 64 bytes.
    pub fn from_bytes(
        _backend: Backend,
        _shape: Shape,
        _bytes: SharedBytes,
        _range: Range<usize>,
    ) -> Result<Self, Error> {
        Err(Error::Window { got: 0 })
    }

    /// Its rows.
    pub fn as_bytes(&self) -> &[u8] {
        &[]
    }

    /// Its shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The backend that it is for.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The sum of `base[i] * scalars[i - range.start]` for i in `range`.
    ///
    /// # Shapes
    /// Scalars are integers below the group's order.
    ///
    /// # Errors
    /// When the scalars are not as many as the range names, or one is too large.
    ///
    /// # Cost
    /// An addition a window and base, which zero digits save.
    pub fn msm(
        &self,
        range: Range<usize>,
        scalars: &[BigInt<4>],
        _scratch: &mut Scratch<G>,
    ) -> Result<Sum<G>, Error> {
        if scalars.len() != range.len() {
            return Err(Error::Scalars { got: scalars.len(), expected: range.len() });
        }
        let sum = <Sum<G> as ark_ec::VariableBaseMSM>::msm_bigint(&self.bases[range], scalars);
        Ok(sum)
    }
}
