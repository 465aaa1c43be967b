//! Vectors of eight elements of Fq, Fq2 and Fr.

mod accumulator;
mod bound;
mod extension;
mod fp;
mod fp12_lanes;
mod fp12_single;
mod fp2;
mod inner_product;
pub(crate) mod inverse;
pub(crate) mod karatsuba;
mod line;
pub(crate) mod prime;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
mod tests;
mod u64x8;

use ark_ff::Field;

pub(crate) use extension::Factor;
pub(crate) use fp::Fp;
pub(crate) use fp2::Fp2;
pub(crate) use fp12_lanes::{Fp12Lanes, MultiplyLine, Square};
pub(crate) use line::{Line, Row1, Row2, SavedLanes};
pub(crate) use prime::{Base, Scalar};
pub(crate) use u64x8::U64x8;

pub(crate) use crate::backend::{Coordinate, Extension, InnerProduct, Lanes};

/// Inverts eight elements with one inversion. `None` if an element is zero.
pub(crate) fn inverses<F: Field>(
    elements: &[F; 8],
    invert: impl Fn(&F) -> Option<F>,
) -> Option<[F; 8]> {
    let (mut before, mut product) = ([F::ONE; 8], F::ONE);
    for (before, element) in before.iter_mut().zip(elements) {
        *before = product;
        product *= element;
    }
    let mut rest = invert(&product)?;
    let mut out = [F::ZERO; 8];
    for lane in (0..8).rev() {
        out[lane] = rest * before[lane];
        rest *= elements[lane];
    }
    Some(out)
}
