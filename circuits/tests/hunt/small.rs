//! Small systems made by hand, complete and with a bug.

use ark_bn254::Fr;
use ark_ff::Field;
use wufu_analysis::hunt::{Determination, DeterminedBy, Hunt, Row, Search, System, second};

use crate::hunt::{NONE, form, hole, open, row};

/// `x` at wire 1 is `b0 + 2 b1 + 4 b2` at wires 2 to 4; the rows of the bits, then the sum.
fn bits() -> Vec<Row> {
    let bit = |wire| row(&[(wire, 1)], &[(0, -1), (wire, 1)], &[]);
    vec![bit(2), bit(3), bit(4), row(&[(2, 1), (3, 2), (4, 4), (1, -1)], &[(0, 1)], &[])]
}

#[test]
fn bits_of_an_input_are_determined() {
    let system = System::new(1, 0, 5, bits());
    let hunt = Hunt::with_inputs(&system);
    assert_eq!(hunt.undetermined(), NONE);
    assert!((2..5).all(|wire| hunt.how(wire) == Some(DeterminedBy::Digits)));
    assert_eq!(second(&hunt, &[1, 5, 1, 0, 1].map(Fr::from), &Search::default()), None);
}

/// Rows of docs/failures.md: 10.
#[test]
fn a_missing_boolean_is_a_hole() {
    for missing in 0..3 {
        let system = System::new(1, 0, 5, bits()).without([missing]);
        let other = hole(&system, &[1, 5, 1, 0, 1], &[2, 3, 4]);
        // The wire that is not a bit is the one whose row is missing.
        assert!(other[2 + missing] != Fr::ONE && other[2 + missing] != Fr::from(0u64));
    }
}

/// Rows of docs/failures.md: 13.
#[test]
fn a_missing_sum_is_a_hole() {
    hole(&System::new(1, 0, 5, bits()).without([3]), &[1, 5, 1, 0, 1], &[2, 3, 4]);
}

/// Rows of docs/failures.md: 13.
/// `x = low + 2^k high`, with the bits of one of them missing: the range of a part.
#[test]
fn a_missing_range_is_a_hole() {
    // Wires: x, low, high, two bits of low, two of high.
    let bit = |wire| row(&[(wire, 1)], &[(0, -1), (wire, 1)], &[]);
    let sum = |whole, low, high, k| row(&[(low, 1), (high, k), (whole, -1)], &[(0, 1)], &[]);
    let rows =
        vec![sum(1, 2, 3, 4), sum(2, 4, 5, 2), sum(3, 6, 7, 2), bit(4), bit(5), bit(6), bit(7)];
    let system = System::new(1, 0, 8, rows);
    assert_eq!(open(&system), NONE);
    let z = [1, 13, 1, 3, 1, 0, 1, 1];
    hole(&system.without([1]), &z, &[2, 3, 4, 5, 6, 7]);
    hole(&system.without([2]), &z, &[2, 3, 4, 5, 6, 7]);
}

/// Rows of docs/failures.md: 13.
/// 254 bits represent a small element in two ways.
#[test]
fn bits_that_wrap_are_open() {
    for (count, is_open) in [(253, false), (254, true)] {
        let mut rows: Vec<Row> =
            (2..2 + count).map(|w| row(&[(w, 1)], &[(0, -1), (w, 1)], &[])).collect();
        let weights = (0..u64::from(count)).map(|i| (2 + i as u32, Fr::from(2u64).pow([i])));
        let sum = std::iter::once((1, -Fr::ONE)).chain(weights).collect();
        rows.push([sum, form(&[(0, 1)]), form(&[])]);
        let system = System::new(1, 0, 2 + count as usize, rows);
        assert_eq!(!open(&system).is_empty(), is_open, "{count} bits");
    }
}

/// Rows of docs/failures.md: 7.
#[test]
fn an_input_that_no_row_binds_is_told() {
    // Wire 2 is public and stands nowhere.
    let system = System::new(2, 1, 4, vec![row(&[(3, 1)], &[(3, 1)], &[(1, 1)])]);
    assert_eq!(system.unused(), [2]);
    assert_eq!(Determination::new(&system).free_public, [2]);
    assert_eq!(Determination::new(&system).public, [1]);
}

/// Rows of docs/failures.md: 8.
#[test]
fn a_dropped_equality_is_a_hole() {
    // Wires: out, x, x^2, x^4, and x^5 that is out.
    let rows = vec![
        row(&[(2, 1)], &[(2, 1)], &[(3, 1)]),
        row(&[(3, 1)], &[(3, 1)], &[(4, 1)]),
        row(&[(4, 1)], &[(2, 1)], &[(5, 1)]),
        row(&[(5, 1), (1, -1)], &[(0, 1)], &[]),
    ];
    let system = System::new(1, 1, 6, rows);
    assert_eq!(open(&system), NONE);
    assert_eq!(Determination::new(&system).public, [1]);
    // No wire is open if the result is compared with nothing, but what is claimed no longer
    // follows.
    let dropped = system.without([3]);
    assert_eq!(open(&dropped), NONE);
    assert_eq!((Determination::new(&dropped).public, dropped.unused()), (vec![], vec![1]));
    // In the middle: x^4 is anything, and out with it. If out is fixed, x^4 is as well, as long as
    // x is not 0.
    let dropped = system.without([1]);
    assert_eq!(Determination::new(&dropped).free_public, [1]);
    assert_eq!(open(&dropped), [4]);
    hole(&dropped, &[1, 0, 0, 0, 0, 0], &[4]);
}

#[test]
fn roots_are_open_and_inverses_are_not() {
    // x^2 = y, y given.
    let square = System::new(1, 0, 3, vec![row(&[(2, 1)], &[(2, 1)], &[(1, 1)])]);
    let other = hole(&square, &[1, 9, 3], &[2]);
    assert_eq!(other[2], -Fr::from(3u64));
    // x inv = 1.
    let inverse = System::new(1, 0, 3, vec![row(&[(1, 1)], &[(2, 1)], &[(0, 1)])]);
    assert_eq!(Hunt::with_inputs(&inverse).how(2), Some(DeterminedBy::Factor));
    // x y = z with z given: y is anything if x and z are 0.
    let quotient = System::new(2, 0, 4, vec![row(&[(1, 1)], &[(3, 1)], &[(2, 1)])]);
    hole(&quotient, &[1, 0, 0, 7], &[3]);
}

/// circomlib's `IsZero`: the output is determined; the inverse is not, if the input is zero.
#[test]
fn is_zero_is_determined_by_cases() {
    let rows = vec![row(&[(1, 1)], &[(3, 1)], &[(0, 1), (2, -1)]), row(&[(1, 1)], &[(2, 1)], &[])];
    let system = System::new(1, 0, 4, rows);
    let hunt = Hunt::with_inputs(&system);
    assert_eq!((hunt.how(2), hunt.how(3)), (Some(DeterminedBy::Case), None));
    hole(&system, &[1, 0, 1, 0], &[3]);
    // Without either row the output is open.
    assert_eq!(open(&system.without([0])), [2, 3]);
    assert_eq!(open(&system.without([1])), [2, 3]);
}

#[test]
fn combinations_are_solved_together() {
    // a + b and a - b.
    let sums = |k| row(&[(3, 1), (4, k), (1, -1), (2, 1)], &[(0, 1)], &[]);
    let system = System::new(2, 0, 5, vec![sums(1), sums(-1)]);
    assert_eq!(Hunt::with_inputs(&system).how(4), Some(DeterminedBy::System));
    assert_eq!(open(&System::new(2, 0, 5, vec![sums(1), sums(1)])), [3, 4]);
}

/// Rows of docs/failures.md: 10.
/// As circom writes bits if it leaves out linear rows: the lowest bit is the number minus the
/// others.
#[test]
fn a_bit_that_is_a_combination() {
    let low: &[(u32, i64)] = &[(1, 1), (2, -2), (3, -4)];
    let mut less_one = low.to_vec();
    less_one.push((0, -1));
    let bit = |wire| row(&[(wire, 1)], &[(0, -1), (wire, 1)], &[]);
    let system = System::new(1, 0, 4, vec![row(low, &less_one, &[]), bit(2), bit(3)]);
    assert_eq!(open(&system), NONE);
    hole(&system.without([0]), &[1, 5, 0, 1], &[2, 3]);
    hole(&system.without([1]), &[1, 5, 0, 1], &[2, 3]);
}

/// `k (k - 1) (k - 2) = 0` gives `k` three values and no digit; `k (k - 1) = 0` in two rows gives
/// two.
#[test]
fn a_product_over_several_rows_gives_its_roots() {
    // Wires: x, k, k^2, and x = k + 2 m with m a bit.
    let bit = |wire| row(&[(wire, 1)], &[(0, -1), (wire, 1)], &[]);
    let sum = row(&[(2, 1), (4, 2), (1, -1)], &[(0, 1)], &[]);
    let square = row(&[(2, 1)], &[(2, 1)], &[(3, 1)]);
    // k^2 (k - 1) = 0.
    let cubic = row(&[(3, 1)], &[(2, 1), (0, -1)], &[]);
    let system = System::new(1, 0, 5, vec![square, cubic, sum, bit(4)]);
    assert_eq!(open(&system), NONE);
    hole(&system.without([1]), &[1, 3, 1, 1, 1], &[2, 3, 4]);
}
