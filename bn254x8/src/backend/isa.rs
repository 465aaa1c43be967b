//! The interface between kernels and instruction sets.

use ark_bn254::{Fq, Fq2, Fr};

use crate::{
    field::{Coordinate, Extension, InnerProduct, Row1, Row2},
    pairing::SinglePairing,
};

/// Proof that the CPU has an instruction set, and the types that compute with it.
pub trait Isa: super::Listed + Copy + Send + Sync + 'static {
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
