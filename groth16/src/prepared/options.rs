//! How to prepare a key.

use bn254x8::Backend;

use super::budget::DEFAULT_BUDGET;

/// How to prepare a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The backend that will compute the proofs.
    pub backend: Backend,
    /// Size limit of the tables in bytes. With 0 they hold only the bases, which is smallest and
    /// slowest.
    pub budget: usize,
}

impl Default for Options {
    /// The fastest backend that the CPU supports, and [`DEFAULT_BUDGET`].
    fn default() -> Self {
        Self { backend: Backend::best(), budget: DEFAULT_BUDGET }
    }
}
