//! Rows as arkworks takes them.

use ark_bn254::Fr;
use ark_relations::utils::matrix::Matrix;
use wufu_groth16::R1csRef;

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
