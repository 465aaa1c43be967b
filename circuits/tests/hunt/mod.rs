//! The hunt for second witnesses: what it finds if a row is missing, in small systems and in the
//! circuits, and that it finds nothing in the circuits as they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod circom;
mod explained;
mod files;
mod planted;
mod small;

use ark_bn254::Fr;
use rand::rngs::StdRng;
use wufu_analysis::hunt::{Form, Hunt, Row, Search, System, second};
use wufu_circuits::{Circuit, Clause, R1cs};

use crate::common::{rngs, shape};

const NONE: [u32; 0] = [];

fn full() -> bool {
    std::env::var_os("WUFU_FULL").is_some_and(|flag| flag == "1")
}

/// A combination of wires with small coefficients.
fn form(terms: &[(u32, i64)]) -> Form {
    terms.iter().map(|(wire, k)| (*wire, Fr::from(*k))).collect()
}

fn row(a: &[(u32, i64)], b: &[(u32, i64)], c: &[(u32, i64)]) -> Row {
    [form(a), form(b), form(c)]
}

fn open(system: &System) -> Vec<u32> {
    Hunt::with_inputs(system).undetermined()
}

/// Checks that a wire is open, and that it is a hole: there is a second witness beside `z`.
fn hole(system: &System, z: &[i64], expected: &[u32]) -> Vec<Fr> {
    let z: Vec<Fr> = z.iter().map(|value| Fr::from(*value)).collect();
    hole_beside(system, &z, expected)
}

fn hole_beside(system: &System, z: &[Fr], expected: &[u32]) -> Vec<Fr> {
    assert!(system.broken(z).is_empty());
    let hunt = Hunt::with_inputs(system);
    assert_eq!(hunt.undetermined(), expected);
    let other = second(&hunt, z, &Search::default()).expect("there is a second witness");
    assert!(system.broken(&other).is_empty());
    assert_ne!(other, z);
    assert!(system.inputs().all(|wire| {
        let wire = wire as usize;
        other[wire] == z[wire] || hunt.how(wire as u32).is_none()
    }));
    other
}

fn system<C: Circuit>() -> System {
    let mut file = Vec::new();
    shape::<C>().write(&mut file).unwrap();
    let system = System::read(&file).unwrap();
    let shape: &R1cs = shape::<C>();
    assert_eq!((system.wires(), system.rows().len()), (shape.wires(), shape.rows()));
    assert_eq!(system.public(), shape.public_inputs());
    assert_eq!(system.private(), shape.private_inputs());
    for (number, forms) in system.rows().iter().enumerate() {
        let matrices = shape.matrices();
        assert!(forms.iter().zip(matrices).all(|(form, matrix)| form == matrix.row(number)));
    }
    system
}

/// The wires of a true instance.
fn wires<C: Circuit>(make: impl Fn(&mut StdRng) -> C) -> Vec<Fr> {
    make(&mut rngs(1).next().unwrap()).assign().z().to_vec()
}

/// The rows of a clause.
fn rows_of(shape: &R1cs, clause: Clause) -> Vec<usize> {
    (0..shape.rows()).filter(|row| shape.clauses()[*row] == clause).collect()
}

/// Gives the declared private inputs and these public wires, checks that there is a second witness
/// beside `z`, and returns the wires in which it differs.
fn second_from(system: &System, z: &[Fr], public: &[u32]) -> Vec<usize> {
    let mut hunt = Hunt::new(system);
    let private = system.inputs().skip(system.public());
    private.chain(public.iter().copied()).for_each(|wire| hunt.give(wire));
    hunt.run();
    let other = second(&hunt, z, &Search::default()).expect("there is a second witness");
    assert!(system.broken(&other).is_empty());
    (0..z.len()).filter(|wire| other[*wire] != z[*wire]).collect()
}
