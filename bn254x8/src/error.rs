//! The errors of this crate.

/// Why a table, transform or sum was refused: a mistake of the caller, or a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A base is the point at infinity. It adds nothing to a sum, so the caller must leave it out.
    #[error("base {index} is the point at infinity, expected finite bases only")]
    Infinity {
        /// Position of the base.
        index: usize,
    },
    /// The window is not one that tables support.
    #[error("window is {got} bits, expected 4 to 18")]
    Window {
        /// Bits of the window.
        got: u32,
    },
    /// The step is zero, or larger than the number of windows.
    #[error("step is {got} windows, expected 1 to {limit}")]
    Step {
        /// Windows per row.
        got: u32,
        /// The largest step.
        limit: u32,
    },
    /// The table has more rows than an entry can index.
    #[error("table has {got} rows, expected at most {limit}")]
    Rows {
        /// Number of rows.
        got: usize,
        /// The largest number of rows.
        limit: usize,
    },
    /// The table's length in bytes is not what its shape requires.
    #[error("table is {got} bytes, expected {expected}")]
    Length {
        /// Length of the given bytes.
        got: usize,
        /// Length that the shape requires.
        expected: usize,
    },
    /// The table's bytes are not aligned to a cache line.
    #[error("table begins {got} bytes past a 64-byte boundary, expected 0")]
    Alignment {
        /// Distance from the last 64-byte boundary, in bytes.
        got: usize,
    },
    /// The number of scalars differs from the number of bases.
    #[error("{got} scalars, expected {expected}")]
    Scalars {
        /// Number of scalars given.
        got: usize,
        /// Number of scalars required.
        expected: usize,
    },
    /// A scalar is not below the group's order.
    #[error("scalar {index} is not below the group's order r")]
    Scalar {
        /// Position of the scalar.
        index: usize,
    },
    /// The field has no root of unity for a transform of this size.
    #[error("transform of 2^{got} elements, expected 2^0 to 2^28")]
    Size {
        /// Binary logarithm of the size.
        got: u32,
    },
    /// The constants do not define a permutation that this crate supports.
    #[error("no permutation of {width} elements with these constants")]
    Permutation {
        /// Elements of the state.
        width: usize,
    },
    /// The tuples are not as long as the permutation's input.
    #[error("tuples of {got} elements, expected {expected}")]
    Inputs {
        /// Elements in each tuple.
        got: usize,
        /// Elements that the permutation hashes.
        expected: usize,
    },
    /// A fixed point is not in the second group.
    #[error("point {index} is not in the second group")]
    Subgroup {
        /// Position of the point.
        index: usize,
    },
    /// The CPU lacks the backend's instructions.
    #[error("the CPU does not support the backend {backend}")]
    Backend {
        /// The backend that was requested.
        backend: crate::Backend,
    },
}
