//! Generates keys from fresh randomness. Anyone who knows that randomness can forge proofs.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{
    AffineRepr as _, CurveGroup as _, PrimeGroup as _, scalar_mul::BatchMulPreprocessing,
};
use ark_ff::{Field as _, UniformRand as _};
use ark_groth16::{ProvingKey, VerifyingKey};
use ark_poly::{EvaluationDomain as _, Radix2EvaluationDomain};
use bn254x8::{Backend, transform};
use rand::rngs::StdRng;
use wufu_verifier::groth16::key::Reduction;
use zeroize::Zeroizing;

use crate::{MatrixRef, R1csRef, key::KeyFileError};

/// Generates the points of a key for a circuit. The secrets are drawn and wiped here, but nobody
/// can be sure that no copy was kept.
///
/// From the same random numbers, arkworks' generator makes the same key, bit for bit.
///
/// # Errors
/// Returns an error if a row has a wire that the circuit does not have, if there are more public
/// inputs than wires or more rows than the field has roots of unity, or if a secret is zero.
///
/// # Cost
/// One multiple of the generator for every point of the key, on all threads of the rayon pool.
/// Multiples in the first group are computed in lanes.
pub fn generate(
    rows: R1csRef<'_>,
    reduction: Reduction,
    rng: &mut StdRng,
) -> Result<ProvingKey<Bn254>, KeyFileError> {
    let is_known = |wire: u32| (wire as usize) < rows.wires;
    let mut terms = rows.matrices.iter().flat_map(MatrixRef::rows).flatten();
    if rows.public_inputs >= rows.wires || !terms.all(|(wire, _)| is_known(*wire)) {
        return Err(KeyFileError::Generator);
    }
    let toxic = Zeroizing::new([(); 4].map(|()| Fr::rand(rng)));
    let [alpha, beta, gamma, delta] = *toxic;
    let public = rows.public_inputs + 1;
    let domain = Radix2EvaluationDomain::<Fr>::new(rows.rows() + public);
    let domain = domain.ok_or(KeyFileError::Generator)?;
    let tau = Zeroizing::new(domain.sample_element_outside_domain(rng));
    let inverse = |secret: Fr| secret.inverse().ok_or(KeyFileError::Generator);
    let inverses = Zeroizing::new([inverse(gamma)?, inverse(delta)?]);
    let [gamma_inverse, delta_inverse] = *inverses;

    let [a, b, c] = polynomials(rows, &domain, *tau);
    let combined = |wire: usize, factor: Fr| (beta * a[wire] + alpha * b[wire] + c[wire]) * factor;
    let shown =
        Zeroizing::new((0..public).map(|wire| combined(wire, gamma_inverse)).collect::<Vec<_>>());
    let hidden = public..rows.wires;
    let hidden =
        Zeroizing::new(hidden.map(|wire| combined(wire, delta_inverse)).collect::<Vec<_>>());
    let quotient = quotient(reduction, &domain, *tau, delta_inverse)?;

    let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
    let b_g2_query: Vec<G2Affine> = BatchMulPreprocessing::new(g2, b.len()).batch_mul(&b);
    Ok(ProvingKey {
        vk: VerifyingKey {
            alpha_g1: (g1 * alpha).into_affine(),
            beta_g2: (g2 * beta).into_affine(),
            gamma_g2: (g2 * gamma).into_affine(),
            delta_g2: (g2 * delta).into_affine(),
            gamma_abc_g1: multiples(&shown)?,
        },
        beta_g1: (g1 * beta).into_affine(),
        delta_g1: (g1 * delta).into_affine(),
        a_query: multiples(&a)?,
        b_g1_query: multiples(&b)?,
        b_g2_query,
        h_query: multiples(&quotient)?,
        l_query: multiples(&hidden)?,
    })
}

/// The polynomials A, B and C of every wire, evaluated at `tau`. Additional rows `input · 0 = 0`
/// bind the public inputs.
fn polynomials(
    rows: R1csRef<'_>,
    domain: &Radix2EvaluationDomain<Fr>,
    tau: Fr,
) -> [Zeroizing<Vec<Fr>>; 3] {
    let lagrange = Zeroizing::new(domain.evaluate_all_lagrange_coefficients(tau));
    let mut values = rows.matrices.map(|matrix| {
        let mut values = Zeroizing::new(vec![Fr::default(); rows.wires]);
        for (row, at) in matrix.rows().zip(lagrange.iter()) {
            for (wire, factor) in row {
                values[*wire as usize] += *at * factor;
            }
        }
        values
    });
    let ties = &lagrange[rows.rows()..];
    for (value, at) in values[0].iter_mut().zip(ties).take(rows.public_inputs + 1) {
        *value += at;
    }
    values
}

/// The scalars of the query H. Proofs multiply them by the quotient's coefficients (libsnark) or by
/// its values on the odd powers (circom).
fn quotient(
    reduction: Reduction,
    domain: &Radix2EvaluationDomain<Fr>,
    tau: Fr,
    delta_inverse: Fr,
) -> Result<Zeroizing<Vec<Fr>>, KeyFileError> {
    let size = domain.size();
    Ok(Zeroizing::new(match reduction {
        // Powers of tau, times the value at tau of the polynomial that vanishes on the domain.
        Reduction::Libsnark => {
            let first = domain.evaluate_vanishing_polynomial(tau) * delta_inverse;
            let powers = std::iter::successors(Some(first), |power| Some(*power * tau));
            powers.take(size - 1).collect()
        }
        // The Lagrange polynomials of the odd powers of a root of unity of twice the order.
        Reduction::Circom => {
            let double = Radix2EvaluationDomain::<Fr>::new(2 * size);
            let double = double.ok_or(KeyFileError::Generator)?;
            let lagrange = Zeroizing::new(double.evaluate_all_lagrange_coefficients(tau));
            lagrange.iter().skip(1).step_by(2).map(|value| *value * delta_inverse).collect()
        }
    }))
}

/// Multiples of the generator of the first group.
fn multiples(scalars: &[Fr]) -> Result<Vec<G1Affine>, KeyFileError> {
    let mut points = vec![G1Affine::generator(); scalars.len()];
    let scaled = transform::scale(Backend::best(), &mut points, scalars, &|_| {});
    scaled.map_err(|_| KeyFileError::Generator)?;
    Ok(points)
}
