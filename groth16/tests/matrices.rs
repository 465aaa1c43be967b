//! Circuits in arkworks' form, and circom's reduction. Both are written again here, independently
//! of the crate.
#![allow(dead_code, reason = "each test binary uses some of it")]

use ark_bn254::Fr;
use ark_ff::PrimeField;
use ark_groth16::r1cs_to_qap::{LibsnarkReduction, R1CSToQAP};
use ark_poly::EvaluationDomain;
use ark_relations::{
    gr1cs::{
        ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, Result as R1csResult,
        SynthesisError, Variable,
    },
    utils::matrix::Matrix,
};
use wufu_circuits::{R1cs, r1cs};

/// The rows in arkworks' form.
pub fn matrices(shape: &R1cs) -> [Matrix<Fr>; 3] {
    shape.matrices().map(|matrix| {
        let row = |row: &[(u32, Fr)]| row.iter().map(|(wire, k)| (*k, *wire as usize)).collect();
        matrix.rows().map(row).collect()
    })
}

/// The rows, for arkworks' generator.
pub struct Rows<'a>(pub &'a R1cs);

impl ConstraintSynthesizer<Fr> for Rows<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> R1csResult<()> {
        let mut wires = vec![Variable::One];
        for _ in 0..self.0.public_inputs() {
            wires.push(cs.new_input_variable(|| Ok(Fr::default()))?);
        }
        for _ in wires.len()..self.0.wires() {
            wires.push(cs.new_witness_variable(|| Ok(Fr::default()))?);
        }
        let combination = |matrix: &r1cs::Matrix, row: usize| {
            let terms = matrix.row(row).iter();
            LinearCombination(terms.map(|(wire, k)| (*k, wires[*wire as usize])).collect())
        };
        let [a, b, c] = self.0.matrices();
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

/// The reduction of circom and snarkjs: the quotient is given by its values on a coset, the odd
/// powers of a root of unity of twice the order.
///
/// # Source
/// snarkjs, `groth16_prove.js` and `zkey_new.js`; ark-circom's `CircomReduction`.
pub struct CircomReduction;

impl R1CSToQAP for CircomReduction {
    fn instance_map_with_evaluation<F: PrimeField, D: EvaluationDomain<F>>(
        cs: ConstraintSystemRef<F>,
        t: &F,
    ) -> Result<(Vec<F>, Vec<F>, Vec<F>, F, usize, usize), SynthesisError> {
        LibsnarkReduction::instance_map_with_evaluation::<F, D>(cs, t)
    }

    fn witness_map_from_matrices<F: PrimeField, D: EvaluationDomain<F>>(
        matrices: &[Matrix<F>],
        num_inputs: usize,
        num_constraints: usize,
        full_assignment: &[F],
    ) -> R1csResult<Vec<F>> {
        let too_large = SynthesisError::PolynomialDegreeTooLarge;
        let domain = D::new(num_constraints + num_inputs).ok_or(too_large)?;
        let twice = D::new(2 * domain.size()).unwrap();
        let shift = twice.element(1);
        let eval = |matrix: &Matrix<F>| {
            let dot = |row: &Vec<(F, usize)>| {
                row.iter().map(|(k, wire)| full_assignment[*wire] * k).sum::<F>()
            };
            let mut values: Vec<F> = matrix.iter().map(dot).collect();
            values.resize(domain.size(), F::zero());
            values
        };
        let [mut a, b, c] = [0, 1, 2].map(|k| eval(&matrices[k]));
        a[num_constraints..][..num_inputs].copy_from_slice(&full_assignment[..num_inputs]);
        let on_coset = |mut values: Vec<F>| {
            domain.ifft_in_place(&mut values);
            D::distribute_powers(&mut values, shift);
            domain.fft_in_place(&mut values);
            values
        };
        let [a, b, c] = [a, b, c].map(on_coset);
        Ok(a.into_iter().zip(b).zip(c).map(|((a, b), c)| a * b - c).collect())
    }

    fn h_query_scalars<F: PrimeField, D: EvaluationDomain<F>>(
        max_power: usize,
        t: F,
        _: F,
        delta_inverse: F,
    ) -> Result<Vec<F>, SynthesisError> {
        // The Lagrange polynomials of twice the domain, at the odd positions.
        let mut scalars: Vec<F> =
            (0..2 * max_power + 2).map(|k| delta_inverse * t.pow([k as u64])).collect();
        let domain = D::new(scalars.len()).unwrap();
        domain.ifft_in_place(&mut scalars);
        Ok(scalars.into_iter().skip(1).step_by(2).collect())
    }
}
