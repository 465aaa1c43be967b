//! The size of a circuit.

/// The size of a circuit.
///
/// A witness reserves its vectors in one piece by this size, so that no half-grown copy of a secret
/// is left in freed memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// The number of rows.
    pub rows: usize,
    /// The number of wires, the constant one included.
    pub wires: usize,
}
