//! What the engine needs of a circuit and of a witness, borrowed and independent of a statement's
//! types.

use std::fmt;

use ark_bn254::Fr;
use wufu_verifier::CircuitId;

/// The circuit that a caller expects a key to be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitInfo {
    /// The circuit's name, for messages.
    pub name: &'static str,
    /// The BLAKE3 hash of its `.r1cs` file. A key is for this circuit if it has the same id.
    pub id: CircuitId,
    /// Number of rows.
    pub rows: usize,
    /// Number of wires, including the constant one.
    pub wires: usize,
    /// Number of public inputs, excluding the constant one.
    pub public_inputs: usize,
}

/// The sparse rows of one of a circuit's three matrices.
#[derive(Clone, Copy, Debug)]
pub struct MatrixRef<'a> {
    terms: &'a [(u32, Fr)],
    ends: &'a [usize],
}

impl<'a> MatrixRef<'a> {
    /// A matrix in compressed form.
    ///
    /// # Shapes
    /// `terms` are pairs `(wire, coefficient)`, row by row. `ends` gives the end of each row's
    /// terms. It must not decrease, and its last entry must be at most the number of terms.
    pub fn new(terms: &'a [(u32, Fr)], ends: &'a [usize]) -> Self {
        Self { terms, ends }
    }

    /// The terms of row `index`. Empty if there is no such row.
    pub fn row(&self, index: usize) -> &'a [(u32, Fr)] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(index).copied().unwrap_or(0);
        self.terms.get(start.unwrap_or(0)..end).unwrap_or(&[])
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [(u32, Fr)]> + use<'a> {
        let matrix = *self;
        (0..matrix.ends.len()).map(move |index| matrix.row(index))
    }

    /// Number of terms in all rows together.
    pub fn non_zeros(&self) -> usize {
        self.terms.len()
    }
}

/// The rows of a circuit: `A·z ∘ B·z = C·z`.
///
/// # Shapes
/// Wire 0 is the constant one, followed by the public inputs and then all other wires. The three
/// matrices have the same number of rows.
#[derive(Clone, Copy, Debug)]
pub struct R1csRef<'a> {
    /// Number of public inputs, excluding the constant one.
    pub public_inputs: usize,
    /// Number of wires, including the constant one.
    pub wires: usize,
    /// A, B and C.
    pub matrices: [MatrixRef<'a>; 3],
}

impl R1csRef<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.matrices[0].ends.len()
    }
}

/// The wires of a circuit under one witness, and the values of its rows. Its `Debug` output has
/// only the sizes.
///
/// # Shapes
/// `z` is the constant one, followed by the public inputs and then all other wires. `az`, `bz` and
/// `cz` have one value per row.
#[derive(Clone, Copy)]
pub struct AssignmentRef<'a> {
    /// Number of public inputs among the wires, excluding the constant one.
    pub public_inputs: usize,
    /// The values of the wires.
    pub z: &'a [Fr],
    /// The first factor of each row, `A·z`.
    pub az: &'a [Fr],
    /// The second factor of each row, `B·z`.
    pub bz: &'a [Fr],
    /// The required product of each row, `C·z`.
    pub cz: &'a [Fr],
}

impl<'a> AssignmentRef<'a> {
    /// The public inputs, in order.
    pub fn public(&self) -> &'a [Fr] {
        self.z.get(1..=self.public_inputs).unwrap_or(&[])
    }
}

impl fmt::Debug for AssignmentRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssignmentRef")
            .field("wires", &self.z.len())
            .field("public_inputs", &self.public_inputs)
            .field("rows", &self.az.len())
            .finish_non_exhaustive()
    }
}
