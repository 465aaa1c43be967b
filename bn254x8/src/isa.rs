//! What the kernels ask of a set of instructions.

use ark_bn254::{Fq, Fq2, Fr};

use crate::field::{Coordinate, Extension, Row1, Row2, Sums};

/// A set of instructions that this machine has: the value is the proof.
pub trait Isa: Copy + Send + Sync + 'static {
    /// Coordinates of the first group.
    type Fq: Coordinate<Isa = Self, Plain = Fq, Row = Row1>;
    /// Coordinates of the second group.
    type Fq2: Extension<Base = Self::Fq, Isa = Self, Plain = Fq2, Row = Row2>;
    /// Scalars.
    type Fr: Sums<Isa = Self, Plain = Fr>;

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

/// Any machine.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Isa for Portable {
    type Fq = crate::field::Plain<Fq>;
    type Fq2 = crate::field::Plain<Fq2>;
    type Fr = crate::field::Plain<Fr>;

    #[inline(always)]
    fn run<K: Kernel<Self>>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }
}

/// Does the work with a backend's token, or tells that the machine has no such backend.
macro_rules! dispatch {
    ($backend:expr, $isa:ident => $work:expr) => {
        match $backend {
            crate::Backend::Portable => {
                let $isa = crate::isa::Portable;
                Ok($work)
            }
            #[cfg(target_arch = "x86_64")]
            backend @ crate::Backend::Avx512Ifma => match crate::avx512::Avx512::detect() {
                Some($isa) => Ok($work),
                None => Err(crate::Error::Backend { backend }),
            },
            #[cfg(not(target_arch = "x86_64"))]
            backend => Err(crate::Error::Backend { backend }),
        }
    };
}

pub(crate) use dispatch;
