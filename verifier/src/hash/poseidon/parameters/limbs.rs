//! How the tables hold field elements.

use ark_bn254::Fr;
use ark_ff::BigInt;

/// A field element from its limbs in Montgomery form, least significant first, as the tables
/// hold it: nothing is converted at run time or at compile time.
pub(in super::super) const fn fr(limbs: [u64; 4]) -> Fr {
    Fr::new_unchecked(BigInt(limbs))
}
