//! For arbitrary bases, scalars and shapes, every backend that the CPU supports gives the
//! result of the plain functions.
#![allow(missing_docs, clippy::unwrap_used)]

use ark_bn254::Fr;
use ark_ec::CurveGroup as _;
use ark_ff::{BigInt, PrimeField as _, UniformRand as _};
use bn254x8::{Backend, G1, G2, Group, Ntt, Scratch, Table, msm::Shape, msm::Sum, reference};
use proptest::{collection::vec, prelude::*};
use rand::{SeedableRng as _, rngs::StdRng};

/// Scalars of all kinds. Those with few digits, with all digits, or with a single digit at the edge
/// of its window are frequent.
fn scalar() -> impl Strategy<Value = Fr> {
    prop_oneof![
        Just(Fr::from(0u64)),
        Just(Fr::from(1u64)),
        Just(Fr::from(-1i64)),
        any::<u16>().prop_map(Fr::from),
        (0..253u32, -1..=1i64).prop_map(|(bit, off)| {
            let mut power = BigInt::<4>::from(1u64);
            power <<= bit;
            Fr::from(power) + Fr::from(off)
        }),
        any::<[u8; 64]>().prop_map(|bytes| Fr::from_le_bytes_mod_order(&bytes)),
    ]
}

/// Bases given by their logarithms, with many equal or opposite ones, and a scalar for each.
fn terms() -> impl Strategy<Value = Vec<(i8, Fr)>> {
    let logarithm = prop_oneof![Just(1i8), Just(-1), Just(2), any::<i8>()];
    vec((logarithm.prop_filter("infinity is not a base", |log| *log != 0), scalar()), 0..90)
}

fn agrees<G: Group>(shape: Shape, terms: &[(i8, Fr)], seed: u64) -> Result<(), TestCaseError> {
    let generator = Sum::<G>::rand(&mut StdRng::seed_from_u64(seed));
    let base = |log: i8| (generator * Fr::from(i64::from(log))).into_affine();
    let bases: Vec<G::Affine> = terms.iter().map(|(log, _)| base(*log)).collect();
    let scalars: Vec<BigInt<4>> = terms.iter().map(|(_, scalar)| scalar.into_bigint()).collect();
    let wanted: Sum<G> = reference::msm(&bases, &scalars);
    for backend in Backend::available() {
        let table = Table::<G>::new(backend, shape, &bases, &|_| ()).unwrap();
        let got = table.msm(0..bases.len(), &scalars, &mut Scratch::new()).unwrap();
        prop_assert!(got == wanted, "{backend}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn sums_are_the_plain_ones(
        terms in terms(), window in Shape::WINDOWS.start..11, step in 1..4u32, seed: u64,
    ) {
        let shape = Shape { bases: terms.len(), window, step };
        agrees::<G1>(shape, &terms, seed)?;
        agrees::<G2>(shape, &terms, seed)?;
    }

    #[test]
    fn products_on_the_coset_are_the_plain_ones(
        log_size in 0..10u32, a in vec(scalar(), 0..40), b in vec(scalar(), 0..40),
        shift in scalar(),
    ) {
        prop_assume!(shift != Fr::from(0u64));
        let n = 1usize << log_size;
        let cut = |values: &[Fr]| values[..values.len().min(n)].to_vec();
        let (a, b) = (cut(&a), cut(&b));
        let plain = |values: &[Fr]| {
            let mut values = values.to_vec();
            values.resize(n, Fr::from(0u64));
            reference::coset(&values, shift).unwrap()
        };
        let (onto_a, onto_b) = (plain(&a), plain(&b));
        let products = onto_a.iter().zip(&onto_b).map(|(x, y)| (*x * y).into_bigint());
        let wanted: Vec<BigInt<4>> = products.collect();
        for backend in Backend::available() {
            let mut got = vec![BigInt::zero(); n];
            Ntt::new(backend, log_size, shift).unwrap().coset_products(&a, &b, &mut got).unwrap();
            prop_assert!(got == wanted, "{backend}");
        }
    }
}
