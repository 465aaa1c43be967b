//! The list of backends, and their names.

use std::fmt;

/// Passes the list of backends, slowest first, to another macro: name, token, text, and the
/// machines for which the backend is compiled.
macro_rules! backends {
    ($($then:ident)::+ ! $arguments:tt) => {
        $($then)::+! {
            $arguments
            /// Runs on any machine: the same algorithms on `ark-ff`.
            Portable = portable::Portable, "portable", all();
            /// x86-64 with AVX-512 F, DQ, VL, VBMI2 and IFMA: eight lanes of 52-bit limbs.
            Avx512Ifma = avx512::Avx512, "avx512ifma", target_arch = "x86_64";
        }
    };
}

macro_rules! names {
    (
        ()
        $(
            $(#[$doc:meta])*
            $name:ident = $module:ident::$token:ident, $text:literal, $machines:meta;
        )*
    ) => {
        /// An instruction set. All backends give the same results, bit for bit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Backend {
            $($(#[$doc])* $name,)*
        }

        impl Backend {
            pub(super) const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name: `portable` or `avx512ifma`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

pub(crate) use backends;

backends!(names!());

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
