//! Transforms a key's points into those that proofs need.
//!
//! For a satisfied assignment the quotient is `h = (a b - c) / Z`, and C needs
//! `sum_k h_k H_k + sum_i z_i L_i`. Take the values of `a b` on a coset, and let `Q_i` be the
//! points that belong to them. The first sum is then `sum_i (a b)(x_i) Q_i` minus a part that is
//! linear in `C z`, and therefore in `z`. That part is folded into `L`, which then has points for
//! public wires, too. For each proof, only a and b are left to transform.
//!
//! # Source
//! Groth, "On the Size of Pairing-Based Non-interactive Arguments" (2016), section 3.2; the coset
//! form is that of snarkjs.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{FftField, Field};
use bn254x8::{
    Backend,
    transform::{Tick, multiples, scale, transform},
};
use wufu_verifier::groth16::key::Reduction;

use super::PrepareError;
use crate::MatrixRef;

/// The sizes of a circuit that the engine needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Number of rows.
    pub(super) rows: usize,
    /// Number of wires, including the constant one.
    pub(super) wires: usize,
    /// Number of public wires, including the constant one.
    pub(super) public: usize,
    /// Binary logarithm of the domain.
    pub(super) domain_log2: u32,
}

impl Sizes {
    pub(super) fn new(rows: usize, wires: usize, public: usize) -> Self {
        Self { rows, wires, public, domain_log2: (rows + public).next_power_of_two().ilog2() }
    }

    pub(super) fn domain(&self) -> usize {
        1 << self.domain_log2
    }

    /// The first element of the coset on which a and b are evaluated.
    pub(super) fn shift(&self, reduction: Reduction) -> Option<Fr> {
        match reduction {
            Reduction::Libsnark => Some(Fr::GENERATOR),
            Reduction::Circom => Fr::get_root_of_unity(2 * self.domain() as u64),
        }
    }
}

/// Finite points, each with the index of its scalar: wires first, then the products a b.
pub(super) type Bases<P> = Vec<(u32, P)>;

/// The bases of the four sums of a proof.
pub(super) struct FoldedBases {
    pub(super) a: Bases<G1Affine>,
    pub(super) b1: Bases<G1Affine>,
    pub(super) b2: Bases<G2Affine>,
    pub(super) lh: Bases<G1Affine>,
}

/// Number of multiples that [`fold`] computes.
pub(super) fn cost(sizes: Sizes, reduction: Reduction, c: MatrixRef<'_>) -> usize {
    let domain = sizes.domain();
    let scaled = match reduction {
        Reduction::Libsnark => 2 * domain,
        Reduction::Circom => domain,
    };
    2 * multiples(domain) + scaled + factors(c).count()
}

/// The terms of C whose coefficient is neither one nor minus one.
fn factors(c: MatrixRef<'_>) -> impl Iterator<Item = (usize, u32, Fr)> {
    let terms = c
        .rows()
        .enumerate()
        .flat_map(|(row, terms)| terms.iter().map(move |(wire, factor)| (row, *wire, *factor)));
    terms.filter(|(_, _, factor)| *factor != Fr::ONE && *factor != -Fr::ONE)
}

/// Prepares the points of a key for sums. `c` is the third matrix of its circuit.
///
/// # Cost
/// Two Fourier transforms of points.
pub(super) fn fold(
    backend: Backend,
    key: &ark_groth16::ProvingKey<Bn254>,
    reduction: Reduction,
    sizes: Sizes,
    c: MatrixRef<'_>,
    tick: Tick<'_>,
) -> Result<FoldedBases, PrepareError> {
    let h = match reduction {
        Reduction::Libsnark => sizes.domain() - 1,
        Reduction::Circom => sizes.domain(),
    };
    let counts = [
        ("A", key.a_query.len(), sizes.wires),
        ("B in G1", key.b_g1_query.len(), sizes.wires),
        ("B in G2", key.b_g2_query.len(), sizes.wires),
        ("L", key.l_query.len() + sizes.public, sizes.wires),
        ("H", key.h_query.len(), h),
    ];
    for (query, got, expected) in counts {
        if got != expected {
            return Err(PrepareError::Count { query, got, expected });
        }
    }
    let Quotient { products, rows } = quotient(backend, &key.h_query, reduction, sizes, tick)?;
    let mut lh = key.l_query.iter().map(|point| G1Projective::from(*point)).collect::<Vec<_>>();
    lh.splice(..0, (0..sizes.public).map(|_| G1Projective::default()));
    subtract(backend, &mut lh, c, &rows, tick)?;
    let mut lh = G1Projective::normalize_batch(&lh);
    lh.extend(products);
    Ok(FoldedBases {
        a: bases(key.a_query.iter().copied()),
        b1: bases(key.b_g1_query.iter().copied()),
        b2: bases(key.b_g2_query.iter().copied()),
        lh: bases(lh.into_iter()),
    })
}

/// The points by which the values that make up the quotient are multiplied.
struct Quotient {
    /// The points for the values of a b on the coset.
    products: Vec<G1Affine>,
    /// The points for the values of c on the domain. Their contribution is subtracted.
    rows: Vec<G1Affine>,
}

fn quotient(
    backend: Backend,
    h: &[G1Affine],
    reduction: Reduction,
    sizes: Sizes,
    tick: Tick<'_>,
) -> Result<Quotient, PrepareError> {
    let size = sizes.domain();
    let shift = sizes.shift(reduction).ok_or(PrepareError::Domain)?;
    let root = Fr::get_root_of_unity(size as u64).ok_or(PrepareError::Domain)?;
    let inverse = |x: Fr| x.inverse().ok_or(PrepareError::Domain);
    let (back, share) = (inverse(root)?, inverse(Fr::from(size as u64))?);
    let mut h = h.to_vec();
    h.resize(size, G1Affine::zero());
    let (products, mut rows) = match reduction {
        // H[k] belongs to coefficient k of h: h_k = 1/(n Z) sum_i (a b - c)(g w^i) (g w^i)^-k. On
        // the domain, the sum over c is 1/(n Z) sum_j c_j sum_k w^-jk H[k].
        Reduction::Libsnark => {
            let vanishing = inverse(shift.pow([size as u64]) - Fr::ONE)?;
            scale(backend, &mut h, &vec![vanishing * share; size], tick)?;
            let mut products = h.clone();
            scale(backend, &mut products, &powers(inverse(shift)?, Fr::ONE, size), tick)?;
            transform(backend, &mut products, back, tick)?;
            (products, h)
        }
        // H[i] belongs to (a b - c)(s w^i). Coefficient k of c is 1/n sum_j c_j w^-jk.
        Reduction::Circom => {
            let mut coefficients = h.clone();
            transform(backend, &mut coefficients, root, tick)?;
            scale(backend, &mut coefficients, &powers(shift, share, size), tick)?;
            (h, coefficients)
        }
    };
    transform(backend, &mut rows, back, tick)?;
    Ok(Quotient { products, rows })
}

/// Subtracts `sum_j C[j][k] rows[j]` from `sums[k]`, for every k.
fn subtract(
    backend: Backend,
    sums: &mut [G1Projective],
    c: MatrixRef<'_>,
    rows: &[G1Affine],
    tick: Tick<'_>,
) -> Result<(), PrepareError> {
    for (terms, point) in c.rows().zip(rows) {
        for (wire, factor) in terms {
            if *factor == Fr::ONE {
                sums[*wire as usize] -= point;
            } else if *factor == -Fr::ONE {
                sums[*wire as usize] += point;
            }
        }
    }
    let (wires, (mut points, scalars)): (Vec<u32>, (Vec<G1Affine>, Vec<Fr>)) =
        factors(c).map(|(row, wire, factor)| (wire, (rows[row], factor))).unzip();
    scale(backend, &mut points, &scalars, tick)?;
    for (wire, point) in wires.into_iter().zip(points) {
        sums[wire as usize] -= point;
    }
    Ok(())
}

/// `first * base^k`, for k below `count`.
fn powers(base: Fr, first: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(first), |power| Some(*power * base)).take(count).collect()
}

fn bases<P: AffineRepr>(points: impl Iterator<Item = P>) -> Bases<P> {
    (0..).zip(points).filter(|(_, point)| !point.is_zero()).collect()
}
