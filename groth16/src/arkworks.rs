//! Rows as arkworks takes them.

use ark_bn254::Fr;
use ark_relations::{
    gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, Result, Variable},
    utils::matrix::Matrix,
};

use crate::{MatrixRef, R1csRef};

/// The rows in arkworks' form.
///
/// # Shapes
/// A, B, C; per row `(coefficient, wire)`; wire 0 is one, then the public inputs.
pub(crate) fn matrices(rows: R1csRef<'_>) -> [Matrix<Fr>; 3] {
    rows.matrices.map(|matrix| {
        let term = |(wire, factor): &(u32, Fr)| (*factor, *wire as usize);
        matrix.rows().map(|row| row.iter().map(term).collect()).collect()
    })
}

/// Hands the rows to arkworks' generator, which asks for no values.
pub(crate) struct Rows<'a>(pub(crate) R1csRef<'a>);

impl ConstraintSynthesizer<Fr> for Rows<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<()> {
        let mut wires = vec![Variable::One];
        for _ in 0..self.0.public_inputs {
            wires.push(cs.new_input_variable(|| Ok(Fr::default()))?);
        }
        for _ in wires.len()..self.0.wires {
            wires.push(cs.new_witness_variable(|| Ok(Fr::default()))?);
        }
        let combination = |matrix: &MatrixRef<'_>, row| {
            let terms = matrix.row(row).iter();
            LinearCombination(terms.map(|(wire, k)| (*k, wires[*wire as usize])).collect())
        };
        let [a, b, c] = &self.0.matrices;
        for row in 0..self.0.rows() {
            cs.enforce_r1cs_constraint(
                || combination(a, row),
                || combination(b, row),
                || combination(c, row),
            )?;
        }
        Ok(())
    }
}
