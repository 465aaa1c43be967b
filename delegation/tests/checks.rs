//! Refusals that nothing else in this crate covers: slices of other lengths than the request, an
//! assignment with another number of public inputs, sums that give no proof. Each of these checks
//! could be removed, and no test of this crate failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::Fr;
use ark_ff::BigInt;
use wufu_circuits::{
    Assignment, Clause,
    r1cs::{Declaration, Mode},
};
use wufu_delegation::{AnswerError, Blinding, RequestError, ShareError};

use crate::common::*;

/// A request of the right length was read into slices of other lengths, and the rest was dropped.
#[test]
fn a_request_is_read_into_slices_of_its_lengths() {
    let shape = shape();
    let (circuit, expected) = (shape.circuit(), shape.request_bytes());
    let request = vec![0; expected];
    let read = |private: usize, products: usize| {
        let mut private = vec![BigInt::default(); private];
        let mut products = vec![BigInt::default(); products];
        shape.read(&request, &mut private, &mut products)
    };
    let (private, products) = (shape.private(), shape.domain());
    assert_eq!(read(private, products), Ok(()));
    let refused = Err(RequestError::Length { circuit, got: expected, expected });
    for other in [0, private - 1, private + 1] {
        assert_eq!(read(other, products), refused, "{other} private wires");
    }
    for other in [0, products - 1, products + 1] {
        assert_eq!(read(private, other), refused, "{other} products");
    }
    // As many values together, split elsewhere.
    assert_eq!(read(private + 1, products - 1), refused);
    assert_eq!(read(private - 1, products + 1), refused);
}

/// As many wires and rows as the circuit has, and fewer public inputs: a wire that others may see
/// would be masked, and a secret one would not.
fn fewer_public(public: [Fr; 3]) -> Assignment {
    let (declaration, [one, two, last]) = Declaration::new(Mode::Witness, SIZE, public);
    let mut b = declaration.begin(Clause::F1);
    let x = b.wire(Fr::from(7u64));
    let square = b.product(&x, &x);
    let fourth = b.product(&square, &square);
    b.row(&fourth, &x, &last);
    let sum = b.product(&one.plus(&two), &x);
    let more = b.product(&sum, &x);
    b.wire(more.value());
    b.finish().1
}

#[test]
fn a_wrong_number_of_public_inputs_is_not_shared() {
    let assignment = fewer_public([1, 2, 16_807].map(Fr::from));
    assert_eq!(assignment.z().len(), SIZE.wires);
    assert_eq!(assignment.az().len(), SIZE.rows);
    let refused = wallet().share(&assignment, vec![token(0)]).unwrap_err();
    let ShareError::Public { got, expected } = refused else { panic!("{refused}") };
    assert_eq!((got, expected), (3, 4));
}

/// An evaluator's points are points of the group, but sums of something else: the proof that they
/// give is not returned.
#[test]
fn sums_that_give_a_false_proof_are_refused() {
    let blinding = Blinding::new(Fr::from(3u64), Fr::from(5u64));
    let shared = wallet().share_with(&assignment(), vec![token(0)], blinding).unwrap();
    assert_eq!(shared.pending.finish(&sums()).unwrap_err(), AnswerError::Equation);
}
