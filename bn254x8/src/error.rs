//! What can be wrong with what a caller hands in.

/// Why there is no table, transform or sum. All of them are the caller's mistakes or a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A base is the point at infinity: it adds nothing, and the caller leaves it out.
    #[error("base {index} is the point at infinity, expected bases without it")]
    Infinity {
        /// Which base.
        index: usize,
    },
    /// A window that no table has.
    #[error("window is {got} bits, expected 4 to 18")]
    Window {
        /// How many bits.
        got: u32,
    },
    /// A step that leaves no rows, or is nothing.
    #[error("step is {got} windows, expected 1 to {limit}")]
    Step {
        /// How many windows.
        got: u32,
        /// The limit.
        limit: u32,
    },
    /// More bases than an entry can name.
    #[error("table has {got} rows, expected at most {limit}")]
    Rows {
        /// How many.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// The bytes of a table are not as many as its shape needs.
    #[error("table is {got} bytes, expected {expected}")]
    Length {
        /// How many there are.
        got: usize,
        /// How many there must be.
        expected: usize,
    },
    /// The bytes of a table do not begin where a cache line does.
    #[error("table begins {got} bytes after a line of 64, expected 0")]
    Alignment {
        /// How many bytes too late.
        got: usize,
    },
    /// Scalars for other bases than the table's.
    #[error("{got} scalars, expected {expected}")]
    Scalars {
        /// How many there are.
        got: usize,
        /// How many there must be.
        expected: usize,
    },
    /// A scalar is not below the order of the group.
    #[error("scalar {index} is not below the group's order")]
    Scalar {
        /// Which scalar.
        index: usize,
    },
    /// A transform of a size that the field has no root for.
    #[error("transform of 2^{got} elements, expected 2^0 to 2^28")]
    Size {
        /// Its logarithm.
        got: u32,
    },
    /// No such permutation.
    #[error("no permutation of {width} elements with these constants")]
    Permutation {
        /// Elements of its state.
        width: usize,
    },
    /// Tuples of another length than a permutation hashes.
    #[error("tuples of {got} elements, expected {expected}")]
    Inputs {
        /// How many elements they have.
        got: usize,
        /// How many they must have.
        expected: usize,
    },
    /// A point that is to be fixed is not in the second group.
    #[error("point {index} is not in the second group")]
    Subgroup {
        /// Which point.
        index: usize,
    },
    /// The machine lacks the instructions.
    #[error("this machine has no {backend}")]
    Backend {
        /// The backend that was asked for.
        backend: crate::Backend,
    },
}
