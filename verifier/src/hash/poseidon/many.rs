//! Many hashes at a time, of what is public: with feature `simd` eight in lanes where the machine has the instructions for it, else one
//! after the other. The values are the same.

use alloc::vec::Vec;

use ark_bn254::Fr;

use super::{hash3, hash4};

/// [`hash3`] of every triple.
///
/// # Shapes
/// As many hashes as triples, in their order.
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

/// [`hash4`] of every quadruple.
///
/// # Shapes
/// As many hashes as quadruples, in their order.
///
/// # Cost
/// That of as many hashes; in lanes that of less than two for any eight or fewer. On the thread that calls.
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

    /// Fewer are done sooner one by one: lanes take as long for one as for eight.
    const FEW: usize = 2;

    /// A permutation; None where the machine has no instructions for lanes. There the scalar form is faster, and it is smaller.
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

    /// The hashes, or none where one by one is the better way.
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
