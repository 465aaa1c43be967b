//! What the engine takes of a circuit and of a witness: borrowed, and without a statement's types.

use std::fmt;

use ark_bn254::Fr;
use wufu_verifier::CircuitId;

/// The circuit that a caller expects a key to be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitInfo {
    /// Its name, for messages.
    pub name: &'static str,
    /// The BLAKE3 hash of its `.r1cs` file. A key is for this circuit when it has the same id.
    pub id: CircuitId,
    /// Rows.
    pub rows: usize,
    /// Wires, the constant one included.
    pub wires: usize,
    /// Public inputs, without the constant one.
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
    /// `terms` are `(wire, coefficient)`, row after row. `ends` says for each row where its terms end; it never falls, and its
    /// last entry is at most the number of terms.
    pub fn new(terms: &'a [(u32, Fr)], ends: &'a [usize]) -> Self {
        Self { terms, ends }
    }

    /// The terms of row `index`; none past the last row.
    pub fn row(&self, index: usize) -> &'a [(u32, Fr)] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(index).copied().unwrap_or(0);
        self.terms.get(start.unwrap_or(0)..end).unwrap_or(&[])
    }

    /// The rows in their order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [(u32, Fr)]> + use<'a> {
        let matrix = *self;
        (0..matrix.ends.len()).map(move |index| matrix.row(index))
    }

    /// How many terms all rows have.
    pub fn non_zeros(&self) -> usize {
        self.terms.len()
    }
}

/// The rows of a circuit: `A·z ∘ B·z = C·z`.
///
/// # Shapes
/// Wire 0 is the constant one; then come the public inputs, then all other wires. The three matrices have as many rows.
#[derive(Clone, Copy, Debug)]
pub struct R1csRef<'a> {
    /// Public inputs, without the constant one.
    pub public_inputs: usize,
    /// All wires, the constant one included.
    pub wires: usize,
    /// A, B and C.
    pub matrices: [MatrixRef<'a>; 3],
}

impl R1csRef<'_> {
    /// Rows.
    pub fn rows(&self) -> usize {
        self.matrices[0].ends.len()
    }
}

/// The wires of a circuit under one witness, and the values of its rows. It prints only its sizes.
///
/// # Shapes
/// `z` is the constant one, the public inputs, then all other wires. `az`, `bz` and `cz` have a value per row.
#[derive(Clone, Copy)]
pub struct AssignmentRef<'a> {
    /// How many of the wires are public inputs, without the constant one.
    pub public_inputs: usize,
    /// The wires.
    pub z: &'a [Fr],
    /// The first factor of each row.
    pub az: &'a [Fr],
    /// The second factor of each row.
    pub bz: &'a [Fr],
    /// What the product of each row must be.
    pub cz: &'a [Fr],
}

impl<'a> AssignmentRef<'a> {
    /// The public inputs, in their order.
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
