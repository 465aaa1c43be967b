//! The recorded rows of a circuit.

use std::fmt;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use super::num::{Num, Term};
use crate::clause::Clause;

/// The sparse rows of one of the three matrices.
///
/// # Shapes
/// A row's terms are `(wire, coefficient)`, sorted by wire, each wire once, no coefficient zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    terms: Vec<Term>,
    // Where each row ends in `terms`.
    ends: Vec<usize>,
}

impl Matrix {
    fn push(&mut self, num: &Num) {
        self.terms.extend_from_slice(num.terms());
        self.ends.push(self.terms.len());
    }

    /// Returns the terms of row `index`; none past the last row.
    pub fn row(&self, index: usize) -> &[(u32, Fr)] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        match self.ends.get(index) {
            Some(end) => &self.terms[start.unwrap_or(0)..*end],
            None => &[],
        }
    }

    /// Returns the rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[(u32, Fr)]> {
        (0..self.ends.len()).map(|index| self.row(index))
    }

    /// The number of terms in all rows.
    pub fn non_zeros(&self) -> usize {
        self.terms.len()
    }

    /// The terms of all rows, row after row.
    pub fn terms(&self) -> &[(u32, Fr)] {
        &self.terms
    }

    /// Where the terms of each row end in [`Matrix::terms`].
    pub fn ends(&self) -> &[usize] {
        &self.ends
    }

    fn eval(&self, index: usize, z: &[Fr]) -> Fr {
        self.row(index).iter().fold(Fr::ZERO, |sum, (wire, k)| sum + z[*wire as usize] * k)
    }
}

/// The shape of a circuit: its rows `A·z ∘ B·z = C·z`, each with the clause that it enforces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct R1cs {
    public_inputs: usize,
    private_inputs: usize,
    wires: usize,
    a: Matrix,
    b: Matrix,
    c: Matrix,
    clauses: Vec<Clause>,
    sites: Vec<Site>,
}

/// The line of a gadget that lays a row.
pub type Site = &'static std::panic::Location<'static>;

/// Records the rows of a pass.
#[derive(Default)]
pub(super) struct Recorder {
    a: Matrix,
    b: Matrix,
    c: Matrix,
    clauses: Vec<Clause>,
    sites: Vec<Site>,
}

impl Recorder {
    #[track_caller]
    pub(super) fn push(&mut self, a: &Num, b: &Num, c: &Num, clause: Clause) {
        self.a.push(a);
        self.b.push(b);
        self.c.push(c);
        self.clauses.push(clause);
        self.sites.push(std::panic::Location::caller());
    }

    pub(super) fn finish(self, public_inputs: usize, private_inputs: usize, wires: u32) -> R1cs {
        R1cs {
            public_inputs,
            private_inputs,
            wires: wires as usize,
            a: self.a,
            b: self.b,
            c: self.c,
            clauses: self.clauses,
            sites: self.sites,
        }
    }
}

/// Errors from checking wires against a circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsatisfied {
    /// The wrong number of wires.
    Wires {
        /// The number of wires.
        got: usize,
        /// The number of wires in the circuit.
        expected: usize,
    },
    /// Wire 0 is not one.
    One,
    /// A row does not hold.
    Row {
        /// The row's number, from 0.
        row: usize,
        /// The clause that the row enforces.
        clause: Clause,
    },
}

impl fmt::Display for Unsatisfied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wires { got, expected } => write!(f, "{got} wires, expected {expected}"),
            Self::One => write!(f, "wire 0 is not one"),
            Self::Row { row, clause } => write!(f, "row {row} of clause {clause} does not hold"),
        }
    }
}

impl std::error::Error for Unsatisfied {}

impl R1cs {
    /// The number of public inputs, without the constant one.
    pub fn public_inputs(&self) -> usize {
        self.public_inputs
    }

    /// The number of declared private inputs, which are the wires after the public ones.
    pub fn private_inputs(&self) -> usize {
        self.private_inputs
    }

    /// The number of wires, the constant one included.
    pub fn wires(&self) -> usize {
        self.wires
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.clauses.len()
    }

    /// The matrices A, B and C.
    pub fn matrices(&self) -> [&Matrix; 3] {
        [&self.a, &self.b, &self.c]
    }

    /// The clause of each row.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// The line of code that lays each row, so that a test can leave out the rows of one line.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The number of terms in all three matrices.
    pub fn non_zeros(&self) -> usize {
        self.matrices().map(Matrix::non_zeros).iter().sum()
    }

    /// The binary logarithm of the Groth16 domain: the smallest that holds all rows and one more
    /// for each public wire, the constant one included.
    pub fn domain_log2(&self) -> u32 {
        (self.rows() + self.public_inputs + 1).next_power_of_two().ilog2()
    }

    /// Checks every row over `z`, by sparse products and nothing else.
    ///
    /// # Errors
    /// Returns the first row that does not hold, or that `z` is not an assignment of this circuit.
    ///
    /// # Cost
    /// One multiplication for each term.
    pub fn check(&self, z: &[Fr]) -> Result<(), Unsatisfied> {
        if z.len() != self.wires {
            return Err(Unsatisfied::Wires { got: z.len(), expected: self.wires });
        }
        if z[0] != Fr::ONE {
            return Err(Unsatisfied::One);
        }
        match self.broken(z).next() {
            Some(row) => Err(Unsatisfied::Row { row, clause: self.clauses[row] }),
            None => Ok(()),
        }
    }

    /// Returns the rows that do not hold over `z`, which must have a value for every wire.
    pub fn broken<'a>(&'a self, z: &'a [Fr]) -> impl Iterator<Item = usize> + 'a {
        (0..self.rows()).filter(|row| !self.holds(*row, z))
    }

    /// Returns whether row `index` holds over `z`, which must have a value for every wire.
    pub fn holds(&self, index: usize, z: &[Fr]) -> bool {
        self.a.eval(index, z) * self.b.eval(index, z) == self.c.eval(index, z)
    }
}
