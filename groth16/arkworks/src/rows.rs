//! Converts rows to arkworks' form.

use ark_bn254::Fr;
use ark_relations::utils::matrix::Matrix;
use wufu_groth16::R1csRef;

/// The rows as arkworks matrices.
///
/// # Shapes
/// A, B, C; for each row, pairs `(coefficient, wire)`. Wire 0 is the constant one, followed by the
/// public inputs.
pub(crate) fn matrices(rows: R1csRef<'_>) -> [Matrix<Fr>; 3] {
    rows.matrices.map(|matrix| {
        let term = |(wire, factor): &(u32, Fr)| (*factor, *wire as usize);
        matrix.rows().map(|row| row.iter().map(term).collect()).collect()
    })
}
