//! Polynomials of one wire, and their roots.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};

/// Coefficients, the constant one first, the last one not zero.
pub(super) type Polynomial = Vec<Fr>;

/// Polynomials of a higher degree are not followed.
pub(super) const MAX_DEGREE: usize = 16;

fn trim(mut f: Polynomial) -> Polynomial {
    while f.last() == Some(&Fr::ZERO) {
        f.pop();
    }
    f
}

pub(super) fn add_scaled(mut left: Polynomial, factor: Fr, right: &[Fr]) -> Polynomial {
    left.resize(left.len().max(right.len()), Fr::ZERO);
    for (l, r) in left.iter_mut().zip(right) {
        *l += factor * r;
    }
    trim(left)
}

pub(super) fn product(left: &[Fr], right: &[Fr]) -> Polynomial {
    if left.is_empty() || right.is_empty() {
        return vec![];
    }
    let mut out = vec![Fr::ZERO; left.len() + right.len() - 1];
    for (i, l) in left.iter().enumerate() {
        for (j, r) in right.iter().enumerate() {
            out[i + j] += *l * r;
        }
    }
    trim(out)
}

/// Quotient and remainder; the divisor is not zero.
fn divide(mut f: Polynomial, by: &[Fr]) -> (Polynomial, Polynomial) {
    let scale = by.last().and_then(Field::inverse).unwrap_or_default();
    let mut quotient = vec![Fr::ZERO; (f.len() + 1).saturating_sub(by.len())];
    while f.len() >= by.len() && !f.is_empty() {
        let shift = f.len() - by.len();
        let factor = f[f.len() - 1] * scale;
        quotient[shift] = factor;
        for (i, k) in by.iter().enumerate() {
            f[shift + i] -= factor * k;
        }
        f = trim(f);
    }
    (trim(quotient), f)
}

fn gcd(mut f: Polynomial, mut g: Polynomial) -> Polynomial {
    while !g.is_empty() {
        let rest = divide(f, &g).1;
        f = std::mem::replace(&mut g, rest);
    }
    f
}

/// `base^exponent` modulo `f`.
fn power(base: &[Fr], exponent: impl BigInteger, f: &[Fr]) -> Polynomial {
    let mut out = vec![Fr::ONE];
    for bit in exponent.to_bits_be() {
        out = divide(product(&out, &out), f).1;
        if bit {
            out = divide(product(&out, base), f).1;
        }
    }
    out
}

/// Returns all roots of a polynomial that is not zero, each once.
///
/// # Source
/// Cantor and Zassenhaus: `gcd(f, x^p - x)`, then split by squares.
pub(super) fn roots(f: &[Fr]) -> Vec<Fr> {
    let f = trim(f.to_vec());
    match f.as_slice() {
        [] | [_] => vec![],
        [k, m] => vec![-*k * m.inverse().unwrap_or_default()],
        [k, ..] if *k == Fr::ZERO => {
            let mut out = vec![Fr::ZERO];
            let rest: Polynomial = f.iter().copied().skip_while(|k| *k == Fr::ZERO).collect();
            out.extend(roots(&rest));
            out
        }
        _ => {
            let x = [Fr::ZERO, Fr::ONE];
            let linear = add_scaled(power(&x, Fr::MODULUS, &f), -Fr::ONE, &x);
            let mut out = Vec::new();
            split(gcd(f, linear), 0, &mut out);
            out
        }
    }
}

/// The roots of a product of different linear factors.
fn split(f: Polynomial, shift: u64, out: &mut Vec<Fr>) {
    if f.len() <= 2 {
        out.extend(roots(&f));
        return;
    }
    let shifted = [Fr::from(shift), Fr::ONE];
    let squares = power(&shifted, Fr::MODULUS_MINUS_ONE_DIV_TWO, &f);
    let part = gcd(f.clone(), add_scaled(squares, -Fr::ONE, &[Fr::ONE]));
    if part.len() <= 1 || part.len() == f.len() {
        return split(f, shift + 1, out);
    }
    let (rest, _) = divide(f, &part);
    split(part, shift + 1, out);
    split(rest, shift + 1, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_found() {
        let known = [0u64, 1, 2, 3, 4, 77].map(Fr::from);
        let f = known.iter().fold(vec![Fr::ONE], |f, root| product(&f, &[-*root, Fr::ONE]));
        let mut found = roots(&f);
        found.sort();
        assert_eq!(found, known);
        // A double root; and x^2 = 5, where 5 is not a square or both roots exist.
        assert_eq!(roots(&product(&f, &f)).len(), 6);
        let five = Fr::from(5u64);
        let expected = if five.sqrt().is_some() { 2 } else { 0 };
        assert_eq!(roots(&[-five, Fr::ZERO, Fr::ONE]).len(), expected);
    }
}
