//! Checks that no other test of this crate notices: each of them could be removed, and no test
//! failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bn254x8::Backend;
use wufu_circuits::{r1cs::Size, registry_entry};
use wufu_delegation::{MaskSeed, Shape};
use wufu_groth16::{
    EngineError,
    prepared::{Options, Workspaces},
};
use wufu_prover::{blind::over_masks, keys};
use wufu_verifier::CircuitName;

use crate::keys::{key, rng};

/// Masks for other rows than those of the points: sums over them mean nothing.
#[test]
fn masks_of_another_shape_are_not_summed() {
    let ours = keys::prepare(
        key(CircuitName::Gift),
        Options { backend: Backend::best(), budget: 0 },
        &|_| (),
    );
    let ours = ours.unwrap();
    let verifying = key(CircuitName::Gift).verifying_key();
    let Size { rows, wires } = registry_entry(CircuitName::Gift).size;
    let seed = MaskSeed::random(&mut rng(52));
    let sums = |rows, wires| {
        let shape = Shape::with_size(verifying, Size { rows, wires });
        over_masks(ours.queries(), &shape, &seed, &Workspaces::new())
    };
    sums(rows, wires).unwrap();
    let refused = sums(rows, wires + 1).unwrap_err();
    assert!(matches!(refused, EngineError::Wires { .. }), "{refused}");
    let refused = sums(4 * rows, wires).unwrap_err();
    assert!(matches!(refused, EngineError::Rows { .. }), "{refused}");
}
