//! What the kernels ask of a set of instructions.

use ark_bn254::{Fq, Fq2, Fr};

use crate::{
    field::{Coordinate, Extension, InnerProduct, Row1, Row2},
    pairing::SinglePairing,
};

/// A set of instructions that this machine has: the value is the proof.
pub trait Isa: super::Listed + Copy + Send + Sync + 'static {
    /// Coordinates of the first group.
    type Fq: Coordinate<Isa = Self, Plain = Fq, Row = Row1>;
    /// Coordinates of the second group.
    type Fq2: Extension<Base = Self::Fq, Isa = Self, Plain = Fq2, Row = Row2>;
    /// Scalars.
    type Fr: InnerProduct<Isa = Self, Plain = Fr>;
    /// How one product of pairings is computed, where there are no eight of anything.
    type Pairing: SinglePairing<Self>;

    /// The token, when the machine has the instructions.
    fn detect() -> Option<Self>;

    /// Runs a kernel, compiled for these instructions.
    fn run<K: Kernel<Self>>(self, kernel: K) -> K::Output;
}

/// Work that is compiled once for each set of instructions. Whatever it calls on lanes must be `#[inline(always)]`, else it is
/// compiled for any machine, and slow.
pub trait Kernel<I: Isa> {
    /// What comes of it.
    type Output;

    /// Does it.
    fn run(self, isa: I) -> Self::Output;
}

/// A value that each backend has in its own form.
pub trait Form {
    /// The form of one backend.
    type Of<I: Isa>;

    /// Overwrites what may tell a secret.
    fn wipe<I: Isa>(_: &mut Self::Of<I>) {}
}
