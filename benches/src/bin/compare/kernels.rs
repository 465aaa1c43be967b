//! Compares the kernels with those of arkworks.

use std::time::Duration;

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::CurveGroup;
use ark_ff::{BigInt, FftField as _, PrimeField as _, UniformRand as _};
use ark_poly::{EvaluationDomain as _, Radix2EvaluationDomain};
use bn254x8::{Backend, G1, G2, Group, Ntt, Scratch, Table, msm::Shape};
use rand::rngs::StdRng;
use serde_json::{Value, json};
use wufu_benches::ms;

use crate::contest::interleaved;

const LOG: u32 = 15;
const WINDOW: u32 = 15;

/// One kernel: ours and the one of arkworks.
pub struct Kernel {
    name: &'static str,
    backend: Backend,
    ours: Duration,
    ark: Duration,
}

impl Kernel {
    fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.ark.as_secs_f64()
    }

    pub fn json(&self) -> Value {
        json!({
            "step": "kernel", "kernel": self.name, "backend": self.backend.name(), "size_log2": LOG,
            "vs_ark": self.ratio(), "ours_ms": ms(self.ours), "ark_ms": ms(self.ark),
        })
    }

    pub fn text(&self) -> String {
        format!(
            "{:<22} 2^{LOG} {:<11} {:.3} of ark; {:.2} ms against {:.1} ms",
            self.name,
            self.backend.name(),
            self.ratio(),
            ms(self.ours),
            ms(self.ark)
        )
    }
}

/// All kernels with all backends. Ours run on one thread; a caller with several threads gives them
/// ranges.
pub fn all(runs: usize, rng: &mut StdRng) -> anyhow::Result<Vec<Kernel>> {
    let count = 1usize << LOG;
    let scalars: Vec<BigInt<4>> = (0..count).map(|_| Fr::rand(rng).into_bigint()).collect();
    let mut out = Vec::new();
    for backend in Backend::available() {
        let (ours, ark) = msm::<G1, G1Projective>(backend, &scalars, runs, rng)?;
        out.push(Kernel { name: "MSM in G1", backend, ours, ark });
        let (ours, ark) = msm::<G2, G2Projective>(backend, &scalars, runs, rng)?;
        out.push(Kernel { name: "MSM in G2", backend, ours, ark });
        out.push(ntt(backend, runs, rng)?);
    }
    Ok(out)
}

/// Distinct points, made cheaply.
fn points<P: CurveGroup>(rng: &mut StdRng) -> Vec<P::Affine> {
    let (mut point, step) = (P::rand(rng), P::rand(rng));
    let next = |_| {
        point += step;
        point
    };
    P::normalize_batch(&(0..1usize << LOG).map(next).collect::<Vec<P>>())
}

fn msm<G: Group, P: CurveGroup<Affine = G::Affine, ScalarField = Fr>>(
    backend: Backend,
    scalars: &[BigInt<4>],
    runs: usize,
    rng: &mut StdRng,
) -> anyhow::Result<(Duration, Duration)> {
    let bases = points::<P>(rng);
    let shape = Shape { bases: bases.len(), window: WINDOW, step: 1 };
    let table = Table::<G>::new(backend, shape, &bases, &|_| ())?;
    let scratch = std::cell::RefCell::new(Scratch::<G>::new());
    let ours = || table.msm(0..bases.len(), scalars, &mut scratch.borrow_mut()).is_ok();
    let ark = || P::msm_bigint(&bases, scalars) != P::zero();
    let [ours, ark] = interleaved(runs, [&ours, &ark]);
    Ok((ours, ark))
}

/// Two transforms and two back onto the coset, and their products.
fn ntt(backend: Backend, runs: usize, rng: &mut StdRng) -> anyhow::Result<Kernel> {
    let count = 1usize << LOG;
    let [a, b] = [(); 2].map(|()| (0..count).map(|_| Fr::rand(rng)).collect::<Vec<Fr>>());
    let ours = Ntt::new(backend, LOG, Fr::GENERATOR)?;
    let products = std::cell::RefCell::new(vec![BigInt::<4>::default(); count]);
    let ours = || ours.coset_products(&a, &b, &mut products.borrow_mut()).is_ok();
    let domain = Radix2EvaluationDomain::<Fr>::new(count);
    let domain = domain.ok_or_else(|| anyhow::anyhow!("no such domain"))?;
    let coset = domain.get_coset(Fr::GENERATOR).ok_or_else(|| anyhow::anyhow!("no such coset"))?;
    let ark = || {
        let [a, b] = [&a, &b].map(|values| {
            let mut values = values.clone();
            domain.ifft_in_place(&mut values);
            coset.fft_in_place(&mut values);
            values
        });
        let products = domain.mul_polynomials_in_evaluation_domain(&a, &b);
        products.iter().map(|product| product.into_bigint()).collect::<Vec<_>>().len() == count
    };
    let [ours, ark] = interleaved(runs, [&ours, &ark]);
    Ok(Kernel { name: "four NTTs and products", backend, ours, ark })
}
