//! The instruction sets that computations run on.
//!
//! A backend is a file in this folder. It defines a token that implements [`Isa`], and a vector of
//! eight words that implements [`U64x8`](crate::field::U64x8). To add one, write a `mod` line below
//! and an entry in `list.rs`; everything that enumerates backends is generated from that list.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(test)]
mod emulated;
mod isa;
mod list;
pub(crate) mod portable;
mod prefetch;

#[cfg(test)]
pub(crate) use emulated::{Emulated, EmulatedIsa};
pub(crate) use isa::{Coordinate, Extension, Form, InnerProduct, Isa, Kernel, Lanes};
pub use list::Backend;
pub(crate) use list::backends;
pub(crate) use portable::{Field8, Plain};
pub(crate) use prefetch::prefetch;

/// Evaluates an expression with a backend's token, or returns the error that the CPU does not
/// have the backend.
macro_rules! dispatch {
    ($backend:expr, $isa:ident => $work:expr) => {
        crate::backend::backends!(crate::backend::work_with!($backend, $isa, $work))
    };
}

macro_rules! work_with {
    (
        ($backend:expr, $isa:ident, $work:expr)
        $(
            $(#[$doc:meta])*
            $name:ident = $module:ident::$token:ident, $text:literal, $machines:meta;
        )*
    ) => {
        match $backend {
            $(
                #[cfg($machines)]
                backend @ crate::Backend::$name => {
                    match <crate::backend::$module::$token as crate::backend::Isa>::detect() {
                        Some($isa) => Ok($work),
                        None => Err(crate::Error::Backend { backend }),
                    }
                }
                #[cfg(not($machines))]
                backend @ crate::Backend::$name => Err(crate::Error::Backend { backend }),
            )*
        }
    };
}

macro_rules! declare {
    (
        ()
        $(
            $(#[$doc:meta])*
            $name:ident = $module:ident::$token:ident, $text:literal, $machines:meta;
        )*
    ) => {
        impl Backend {
            /// Whether the CPU supports it.
            pub fn is_available(self) -> bool {
                match self {
                    $(
                        #[cfg($machines)]
                        Self::$name => <$module::$token as Isa>::detect().is_some(),
                        #[cfg(not($machines))]
                        Self::$name => false,
                    )*
                }
            }
        }

        /// An optional value for each backend, in that backend's own type.
        pub struct Slots<F: Form> {
            $(#[cfg($machines)] $module: Option<F::Of<$module::$token>>,)*
            #[cfg(test)]
            emulated: Option<F::Of<EmulatedIsa>>,
        }

        impl<F: Form> Slots<F> {
            /// No value for any backend.
            pub(crate) fn empty() -> Self {
                Self {
                    $(#[cfg($machines)] $module: None,)*
                    #[cfg(test)]
                    emulated: None,
                }
            }

            /// Overwrites data that could reveal a secret, for every backend.
            pub(crate) fn wipe(&mut self) {
                $(
                    #[cfg($machines)]
                    if let Some(value) = &mut self.$module {
                        F::wipe::<$module::$token>(value);
                    }
                )*
                #[cfg(test)]
                if let Some(value) = &mut self.emulated {
                    F::wipe::<EmulatedIsa>(value);
                }
            }
        }

        $(
            #[cfg($machines)]
            impl Listed for $module::$token {
                fn slot<F: Form>(slots: &Slots<F>) -> &Option<F::Of<Self>> {
                    &slots.$module
                }

                fn slot_mut<F: Form>(slots: &mut Slots<F>) -> &mut Option<F::Of<Self>> {
                    &mut slots.$module
                }
            }
        )*
    };
}

pub(crate) use {dispatch, work_with};

/// A backend that has a field in [`Slots`].
pub trait Listed: Isa {
    /// The value for this backend.
    fn slot<F: Form>(slots: &Slots<F>) -> &Option<F::Of<Self>>;

    /// The value for this backend, to be filled in.
    fn slot_mut<F: Form>(slots: &mut Slots<F>) -> &mut Option<F::Of<Self>>;
}

backends!(declare!());

#[cfg(test)]
impl Listed for EmulatedIsa {
    fn slot<F: Form>(slots: &Slots<F>) -> &Option<F::Of<Self>> {
        &slots.emulated
    }

    fn slot_mut<F: Form>(slots: &mut Slots<F>) -> &mut Option<F::Of<Self>> {
        &mut slots.emulated
    }
}

impl Backend {
    /// The fastest backend that the CPU supports.
    pub fn best() -> Self {
        Self::available().last().unwrap_or(Self::Portable)
    }

    /// All backends that the CPU supports, fastest last.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|backend| backend.is_available())
    }
}
