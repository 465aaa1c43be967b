//! The quotient polynomial in snarkjs's form.

use ark_ff::PrimeField;
use ark_groth16::r1cs_to_qap::{LibsnarkReduction, R1CSToQAP, evaluate_constraint};
use ark_poly::EvaluationDomain;
use ark_relations::{
    gr1cs::{ConstraintSystemRef, Result, SynthesisError},
    utils::matrix::Matrix,
};

/// snarkjs's reduction. The prover supplies the values of `A·B - C` on the odd powers of a root of
/// unity of twice the domain's order. Where libsnark's key has powers of tau, this key has the
/// Lagrange polynomials of those points, divided by `delta`.
///
/// `A·B - C` has degree below twice the domain's size. It is zero on the even powers, which are the
/// domain. The values on the odd powers therefore determine it, and no quotient is computed at all.
/// The polynomials A, B and C of the wires are those of libsnark, including the rows `1 · 0 = 0`
/// that bind the public inputs.
///
/// # Source
/// `src/groth16_prove.js` and `src/zkey_new.js` of snarkjs.
pub struct CircomReduction;

impl R1CSToQAP for CircomReduction {
    #[allow(clippy::type_complexity)]
    fn instance_map_with_evaluation<F: PrimeField, D: EvaluationDomain<F>>(
        cs: ConstraintSystemRef<F>,
        t: &F,
    ) -> Result<(Vec<F>, Vec<F>, Vec<F>, F, usize, usize)> {
        LibsnarkReduction::instance_map_with_evaluation::<F, D>(cs, t)
    }

    fn witness_map_from_matrices<F: PrimeField, D: EvaluationDomain<F>>(
        matrices: &[Matrix<F>],
        public: usize,
        rows: usize,
        z: &[F],
    ) -> Result<Vec<F>> {
        let domain = D::new(rows + public).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
        let values = |matrix: &Matrix<F>| -> Vec<F> {
            let mut values: Vec<F> = matrix.iter().map(|row| evaluate_constraint(row, z)).collect();
            values.resize(domain.size(), F::zero());
            values
        };
        let [a, b, c] = matrices else { return Err(SynthesisError::MissingCS) };
        let (mut a, mut b, mut c) = (values(a), values(b), values(c));
        a[rows..rows + public].copy_from_slice(&z[..public]);
        let odd = odd_coset::<F, D>(&domain)?;
        for polynomial in [&mut a, &mut b, &mut c] {
            domain.ifft_in_place(polynomial);
            odd.fft_in_place(polynomial);
        }
        Ok(a.iter().zip(&b).zip(&c).map(|((a, b), c)| *a * b - c).collect())
    }

    fn h_query_scalars<F: PrimeField, D: EvaluationDomain<F>>(
        max_power: usize,
        t: F,
        _zt: F,
        delta_inverse: F,
    ) -> Result<Vec<F>> {
        let double = D::new(2 * (max_power + 1)).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
        let lagrange = double.evaluate_all_lagrange_coefficients(t);
        Ok(lagrange.into_iter().skip(1).step_by(2).map(|value| value * delta_inverse).collect())
    }
}

/// The coset of the domain by a root of unity of twice its order.
fn odd_coset<F: PrimeField, D: EvaluationDomain<F>>(domain: &D) -> Result<D> {
    let double = D::new(2 * domain.size()).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
    domain.get_coset(double.group_gen()).ok_or(SynthesisError::PolynomialDegreeTooLarge)
}
