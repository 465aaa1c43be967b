//! Which instructions the work is done with.

use std::fmt;

/// A set of instructions. Both give the same results, bit for bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Backend {
    /// Any machine: the same algorithms on `ark-ff`.
    Portable,
    /// x86-64 with AVX-512 F, DQ, VL, VBMI2 and IFMA: eight lanes of 52-bit limbs.
    Avx512Ifma,
}

impl Backend {
    /// The fastest that this machine has.
    pub fn best() -> Self {
        if Self::Avx512Ifma.is_available() { Self::Avx512Ifma } else { Self::Portable }
    }

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Ifma => crate::avx512::Avx512::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512Ifma => false,
        }
    }

    /// All that this machine has, the fastest last.
    pub fn available() -> impl Iterator<Item = Self> {
        [Self::Portable, Self::Avx512Ifma].into_iter().filter(|backend| backend.is_available())
    }

    /// Its name: `portable` or `avx512ifma`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx512Ifma => "avx512ifma",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
