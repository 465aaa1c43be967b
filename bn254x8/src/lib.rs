//! BN254 arithmetic on eight elements at a time: multi-scalar multiplication over fixed bases,
//! number-theoretic transforms, Fourier transforms of points, Poseidon and pairings.
//!
//! Every function takes a [`Backend`], the instructions to compute with. All backends give the same
//! values, and [`reference`](mod@reference) has the same functions in a few lines each. Groth16
//! spends its time here:
//!
//! ```
//! use ark_bn254::{Fr, G1Affine, G2Affine};
//! use ark_ec::{AffineRepr as _, CurveGroup as _};
//! use ark_ff::{Field as _, PrimeField as _};
//! use bn254x8::{Backend, G1, Ntt, Scratch, Table, msm::Shape, pairing, reference};
//!
//! let backend = Backend::best();
//!
//! // A sum of multiples. The table is made once for its bases, and serves any number of sums.
//! let bases = [2u64, 3, 5].map(|n| (G1Affine::generator() * Fr::from(n)).into_affine());
//! let shape = Shape { bases: 3, window: 8, step: 1 };
//! let table = Table::<G1>::new(backend, shape, &bases, &|_progress| ())?;
//! let scalars = [7u64, 11, 13].map(|n| Fr::from(n).into_bigint());
//! let sum = table.msm(0..3, &scalars, &mut Scratch::new())?;
//! assert_eq!(sum, reference::msm(&bases, &scalars));
//! assert_eq!(sum, G1Affine::generator() * Fr::from(2u64 * 7 + 3 * 11 + 5 * 13));
//!
//! // The products of two polynomials on a coset. Those with the values 3 and 5 are constant.
//! let shift = Fr::from(7u64);
//! let ntt = Ntt::new(backend, 3, shift)?;
//! let (a, b) = ([Fr::from(3u64); 8], [Fr::from(5u64); 8]);
//! let mut products = [Default::default(); 8];
//! ntt.coset_products(&a, &b, &mut products)?;
//! assert_eq!(products, [Fr::from(15u64).into_bigint(); 8]);
//!
//! // e(2 G1, G2) e(-G1, 2 G2) is one. Only after the final exponentiation can this be seen.
//! let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
//! let pairs = [((g1 + g1).into_affine(), g2), (-g1, (g2 + g2).into_affine())];
//! let product = pairing::miller_product(backend, &pairs)?;
//! # use ark_ec::pairing::{MillerLoopOutput, Pairing as _};
//! let product = ark_bn254::Bn254::final_exponentiation(MillerLoopOutput(product)).unwrap();
//! assert!(product.0 == ark_bn254::Fq12::ONE);
//! # Ok::<(), bn254x8::Error>(())
//! ```
//!
//! # Where to read next
//! - [`msm`] and [`Ntt`], what a prover uses; [`pairing`], what a verifier uses.
//! - [`reference`](mod@reference), to see what the fast functions compute.
//! - README.md beside this crate's manifest: how lanes work, and an order in which to read the
//!   files.
//!
//! # Source
//! README.md and the file of each part name the papers that it rests on.

#[cfg(test)]
use wufu_testing as _;

mod backend;
mod division;
mod error;
mod field;
mod glv;
pub mod msm;
mod multiples;
pub mod ntt;
pub mod pairing;
pub mod poseidon;
pub mod reference;
pub mod roots;
pub mod subgroup;
pub mod transform;

pub use backend::Backend;
pub use error::Error;
pub use msm::{G1, G2, Group, Scratch, Table};
pub use ntt::Ntt;

/// Its examples, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
