//! The linear algebra that the derivation needs.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};

pub type Vector = Vec<Fr>;
pub type Matrix = Vec<Vector>;

pub fn dot(a: &[Fr], b: &[Fr]) -> Fr {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| *a * b).sum()
}

pub fn scaled(vector: &[Fr], factor: Fr) -> Vector {
    vector.iter().map(|x| *x * factor).collect()
}

pub fn plus(a: &[Fr], b: &[Fr]) -> Vector {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| *a + b).collect()
}

/// Matrix times column.
pub fn apply(matrix: &Matrix, column: &[Fr]) -> Vector {
    matrix.iter().map(|row| dot(row, column)).collect()
}

/// Row times matrix.
pub fn apply_left(row: &[Fr], matrix: &Matrix) -> Vector {
    apply(&transposed(matrix), row)
}

pub fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    a.iter().map(|row| apply_left(row, b)).collect()
}

pub fn transposed(matrix: &Matrix) -> Matrix {
    (0..matrix[0].len()).map(|j| matrix.iter().map(|row| row[j]).collect()).collect()
}

pub fn identity(size: usize) -> Matrix {
    (0..size).map(|i| (0..size).map(|j| Fr::from(u64::from(i == j))).collect()).collect()
}

/// Inverts a matrix by Gauss-Jordan elimination.
pub fn inverse(matrix: &Matrix) -> Matrix {
    let size = matrix.len();
    let mut rows: Matrix =
        matrix.iter().zip(identity(size)).map(|(row, unit)| [row.clone(), unit].concat()).collect();
    for column in 0..size {
        let pivot = (column..size).find(|i| !rows[*i][column].is_zero()).unwrap();
        rows.swap(column, pivot);
        rows[column] = scaled(&rows[column], rows[column][column].inverse().unwrap());
        for i in (0..size).filter(|i| *i != column) {
            rows[i] = plus(&rows[i], &scaled(&rows[column], -rows[i][column]));
        }
    }
    rows.into_iter().map(|row| row[size..].to_vec()).collect()
}

/// Returns `[1, a_1, .., a_n]` of the characteristic polynomial `z^n + a_1 z^(n-1) + .. + a_n`, by
/// Faddeev and LeVerrier.
pub fn characteristic_polynomial(matrix: &Matrix) -> Vector {
    let size = matrix.len();
    let mut polynomial = vec![Fr::one()];
    let mut power = identity(size);
    for k in 1..=size {
        let product = multiply(matrix, &power);
        let trace: Fr = (0..size).map(|i| product[i][i]).sum();
        let a = -trace / Fr::from(k as u64);
        power = product.iter().zip(identity(size)).map(|(p, i)| plus(p, &scaled(&i, a))).collect();
        polynomial.push(a);
    }
    assert!(power.iter().flatten().all(Zero::is_zero), "Cayley-Hamilton");
    polynomial
}
