//! A circuit's rows and an assignment's values, as the engine takes them.

use wufu_circuits::{Assignment, R1cs};
use wufu_groth16::{AssignmentRef, MatrixRef, R1csRef};

pub fn rows(shape: &R1cs) -> R1csRef<'_> {
    R1csRef {
        public_inputs: shape.public_inputs(),
        wires: shape.wires(),
        matrices: shape.matrices().map(|matrix| MatrixRef::new(matrix.terms(), matrix.ends())),
    }
}

pub fn values(assignment: &Assignment) -> AssignmentRef<'_> {
    AssignmentRef {
        public_inputs: assignment.public().len(),
        z: assignment.z(),
        az: assignment.az(),
        bz: assignment.bz(),
        cz: assignment.cz(),
    }
}
