//! The values that the permutation works on.

use ark_bn254::Fr;
use ark_ff::Field;

use crate::r1cs::{Builder, Num};

/// A value inside the permutation: [`Num`] while rows are recorded, [`Bare`] otherwise. The same
/// code lays the same rows.
pub(super) trait Lane: Clone {
    fn constant(b: &Builder, value: Fr) -> Self;
    fn wire(b: &mut Builder, value: Fr) -> Self;
    /// Adds the row `a * b = c`.
    #[track_caller]
    fn row(builder: &mut Builder, a: &Self, b: &Self, c: &Self);
    /// Creates a wire for `a * b`, and adds its row.
    #[track_caller]
    fn product(builder: &mut Builder, a: &Self, b: &Self) -> Self;
    fn value(&self) -> Fr;
    fn is_constant(&self) -> bool;
    fn plus(&self, other: &Self) -> Self;
    fn minus(&self, other: &Self) -> Self;
    fn times(&self, factor: Fr) -> Self;
    fn plus_constant(&self, constant: Fr) -> Self;
    fn combination<const T: usize>(factors: &[Fr; T], lanes: &[Self; T]) -> Self;
}

impl Lane for Num {
    fn constant(b: &Builder, value: Fr) -> Self {
        b.constant(value)
    }

    fn wire(b: &mut Builder, value: Fr) -> Self {
        b.wire(value)
    }

    fn row(builder: &mut Builder, a: &Self, b: &Self, c: &Self) {
        builder.row(a, b, c);
    }

    fn product(builder: &mut Builder, a: &Self, b: &Self) -> Self {
        builder.product(a, b)
    }

    fn value(&self) -> Fr {
        Num::value(self)
    }

    fn is_constant(&self) -> bool {
        Num::is_constant(self)
    }

    fn plus(&self, other: &Self) -> Self {
        Num::plus(self, other)
    }

    fn minus(&self, other: &Self) -> Self {
        Num::minus(self, other)
    }

    fn times(&self, factor: Fr) -> Self {
        Num::times(self, factor)
    }

    fn plus_constant(&self, constant: Fr) -> Self {
        Num::plus_constant(self, constant)
    }

    fn combination<const T: usize>(factors: &[Fr; T], lanes: &[Self; T]) -> Self {
        Num::combination(factors, lanes)
    }
}

/// A number, and whether it is the same in every witness. It lives only on the stack, where later
/// calls overwrite it.
#[derive(Clone, Copy)]
pub(super) struct Bare {
    value: Fr,
    constant: bool,
}

impl Bare {
    pub(super) fn new(num: &Num) -> Self {
        Self { value: num.value(), constant: num.is_constant() }
    }
}

impl Lane for Bare {
    #[inline(always)]
    fn constant(_: &Builder, value: Fr) -> Self {
        Self { value, constant: true }
    }

    #[inline(always)]
    fn wire(b: &mut Builder, value: Fr) -> Self {
        b.bare_wire(value);
        Self { value, constant: false }
    }

    #[inline(always)]
    fn row(builder: &mut Builder, a: &Self, b: &Self, c: &Self) {
        builder.bare_row(a.value, b.value, c.value);
    }

    #[inline(always)]
    fn product(builder: &mut Builder, a: &Self, b: &Self) -> Self {
        let value = a.value * b.value;
        builder.bare_wire(value);
        builder.bare_row(a.value, b.value, value);
        Self { value, constant: false }
    }

    #[inline(always)]
    fn value(&self) -> Fr {
        self.value
    }

    #[inline(always)]
    fn is_constant(&self) -> bool {
        self.constant
    }

    #[inline(always)]
    fn plus(&self, other: &Self) -> Self {
        Self { value: self.value + other.value, constant: self.constant && other.constant }
    }

    #[inline(always)]
    fn minus(&self, other: &Self) -> Self {
        Self { value: self.value - other.value, constant: self.constant && other.constant }
    }

    #[inline(always)]
    fn times(&self, factor: Fr) -> Self {
        Self { value: self.value * factor, constant: self.constant }
    }

    #[inline(always)]
    fn plus_constant(&self, constant: Fr) -> Self {
        Self { value: self.value + constant, constant: self.constant }
    }

    #[inline(always)]
    fn combination<const T: usize>(factors: &[Fr; T], lanes: &[Self; T]) -> Self {
        Self {
            value: Fr::sum_of_products(factors, &lanes.each_ref().map(|lane| lane.value)),
            constant: lanes.iter().all(|lane| lane.constant),
        }
    }
}
