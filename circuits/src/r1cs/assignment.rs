//! A full witness: every wire, and the value of every row.

use std::fmt;

use ark_bn254::Fr;
use zeroize::Zeroizing;

use super::size::Size;

/// The wires of a circuit under one witness, and the values of its rows.
///
/// It holds the witness, so it is wiped when dropped and prints only its sizes.
///
/// # Shapes
/// `z` is one, the public inputs, the declared private inputs, the rest. `az`, `bz`, `cz` have one
/// value for each row.
#[derive(Clone)]
pub struct Assignment {
    public: usize,
    z: Zeroizing<Vec<Fr>>,
    az: Zeroizing<Vec<Fr>>,
    bz: Zeroizing<Vec<Fr>>,
    cz: Zeroizing<Vec<Fr>>,
}

impl Assignment {
    pub(super) fn begin(size: Size, public: usize) -> Self {
        let rows = || Zeroizing::new(Vec::with_capacity(size.rows));
        let mut z = Zeroizing::new(Vec::with_capacity(size.wires));
        z.push(Fr::from(1u64));
        Self { public, z, az: rows(), bz: rows(), cz: rows() }
    }

    pub(super) fn push_wire(&mut self, value: Fr) {
        self.z.push(value);
    }

    pub(super) fn push_row(&mut self, a: Fr, b: Fr, c: Fr) {
        self.az.push(a);
        self.bz.push(b);
        self.cz.push(c);
    }

    /// All wires, the constant one first.
    pub fn z(&self) -> &[Fr] {
        &self.z
    }

    /// The public inputs, in the order of the statement.
    pub fn public(&self) -> &[Fr] {
        &self.z[1..=self.public]
    }

    /// The wires that are not public.
    pub fn private(&self) -> &[Fr] {
        &self.z[1 + self.public..]
    }

    /// The value of each row's first factor.
    pub fn az(&self) -> &[Fr] {
        &self.az
    }

    /// The value of each row's second factor.
    pub fn bz(&self) -> &[Fr] {
        &self.bz
    }

    /// The value that each row's product must have.
    pub fn cz(&self) -> &[Fr] {
        &self.cz
    }

    /// Returns the vectors `z`, `az`, `bz`, `cz`, for an engine that transforms them in place. Each
    /// is wiped when dropped.
    pub fn into_parts(self) -> [Zeroizing<Vec<Fr>>; 4] {
        [self.z, self.az, self.bz, self.cz]
    }
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assignment")
            .field("wires", &self.z.len())
            .field("public", &self.public)
            .field("rows", &self.az.len())
            .finish_non_exhaustive()
    }
}
