//! What nothing else in this crate notices. Each of the checks here could be taken out, and no test of this crate
//! failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use ark_ff::Field;
use bn254x8::Backend;
use wufu_blind::{MaskSeed, Shape};
use wufu_circuits::{r1cs::Size, registry_entry};
use wufu_prover::{
    blind::over_masks,
    engine::{
        EngineError, PreparedKey,
        prepared::{Options, Workspaces},
    },
};
use wufu_verifier::{CircuitName, groth16::key::Reduction};

use crate::{
    keys::{key, rng},
    prepared::{Case, chain, circuit},
};

/// As many wires and rows as the circuit has, and one public input more: its first private wire would be taken for
/// public.
#[test]
fn an_assignment_with_another_number_of_public_inputs_is_not_proved() {
    let steps = 5;
    let start = Fr::from(3u64);
    let (shape, _) = chain(steps, start);
    let mut output = start;
    (0..steps).for_each(|_| output = output.square().square() * output + Fr::ONE);
    let (other, assignment) = circuit([output, start], |b, [output, start]| {
        let mut x = start;
        for step in 0..steps {
            let square = b.product(&x, &x);
            let fourth = b.product(&square, &square);
            let one = b.constant(Fr::ONE);
            if step + 1 == steps {
                b.row(&fourth, &x, &output.minus(&one));
            } else {
                let next = b.wire(fourth.value() * x.value() + Fr::ONE);
                b.row(&fourth, &x, &next.minus(&one));
                x = next;
            }
        }
    });
    assert_eq!((other.wires(), other.rows()), (shape.wires(), shape.rows()));
    let case = Case::new(&shape, Reduction::Libsnark, &mut rng(51));
    let ours = case.prepared(Backend::best(), 0);
    let (r, s) = (Fr::from(1u64), Fr::from(2u64));
    let refused = ours.prove(&assignment, r, s, &Workspaces::new()).unwrap_err();
    assert!(matches!(refused, EngineError::Public { got: 2, expected: 1 }), "{refused}");
}

/// Masks for other rows than the points are of: their sums are of nothing.
#[test]
fn masks_of_another_shape_are_not_summed() {
    let ours = PreparedKey::new(
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
