//! Many hashes of public values at a time. With feature `simd` and where the machine has the
//! instructions, eight run in lanes; otherwise one runs after the other. The values are the same.

use alloc::vec::Vec;

use ark_bn254::Fr;

use super::{hash3, hash4};

/// Computes [`hash3`] of every triple.
///
/// # Shapes
/// As many hashes as triples, in the same order.
///
/// # Cost
/// As [`hash4_many`].
#[must_use]
pub fn hash3_many(inputs: &[[Fr; 3]]) -> Vec<Fr> {
    #[cfg(feature = "simd")]
    if let Some(hashes) = lanes::hash(&lanes::WIDTH4, inputs) {
        return hashes;
    }
    inputs.iter().map(|inputs| hash3(*inputs)).collect()
}

/// Computes [`hash4`] of every quadruple.
///
/// # Shapes
/// As many hashes as quadruples, in the same order.
///
/// # Cost
/// That of as many single hashes. In lanes, eight or fewer cost less than two single hashes. It
/// runs on the calling thread.
#[must_use]
pub fn hash4_many(inputs: &[[Fr; 4]]) -> Vec<Fr> {
    #[cfg(feature = "simd")]
    if let Some(hashes) = lanes::hash(&lanes::WIDTH5, inputs) {
        return hashes;
    }
    inputs.iter().map(|inputs| hash4(*inputs)).collect()
}

#[cfg(feature = "simd")]
mod lanes {
    use alloc::{vec, vec::Vec};
    use std::sync::LazyLock;

    use ark_bn254::Fr;
    use ark_ff::AdditiveGroup;
    use bn254x8::{
        Backend,
        poseidon::{Constants, Permutation},
    };

    use super::super::{Parameters, parameters};

    /// Fewer hashes are faster one by one: lanes take as long for one as for eight.
    const FEW: usize = 2;

    /// A permutation in lanes, or `None` where the machine has no instructions for them. The scalar
    /// form is faster there, and smaller.
    type Prepared = LazyLock<Option<Permutation>>;

    pub static WIDTH4: Prepared = LazyLock::new(|| prepare(&parameters::WIDTH4));
    pub static WIDTH5: Prepared = LazyLock::new(|| prepare(&parameters::WIDTH5));

    fn prepare(of: &Parameters) -> Option<Permutation> {
        let constants = Constants {
            width: of.width,
            full_rounds: of.full_rounds,
            partial_rounds: of.partial_rounds,
            round_constants: of.round_constants,
            mds: of.mds,
        };
        let backend = Some(Backend::best()).filter(|backend| *backend != Backend::Portable)?;
        let made = Permutation::new(backend, &constants);
        debug_assert!(made.is_ok(), "lanes refuse: {made:?}");
        made.ok()
    }

    /// Computes the hashes, or returns `None` where one by one is faster.
    pub fn hash<const N: usize>(prepared: &Prepared, inputs: &[[Fr; N]]) -> Option<Vec<Fr>> {
        if inputs.len() < FEW {
            return None;
        }
        let permutation = prepared.as_ref()?;
        let mut hashes = vec![Fr::ZERO; inputs.len()];
        let done = permutation.hash_many(inputs, &mut hashes);
        debug_assert!(done.is_ok(), "lanes refuse: {done:?}");
        done.ok().map(|()| hashes)
    }
}
