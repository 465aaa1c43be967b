//! Many points at a time: sums and multiples in affine coordinates, which share one inversion.
//!
//! For keys only: nothing secret comes here, and it takes whatever time the numbers take.

use ark_bn254::{Fq, Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup, scalar_mul::glv::GLVConfig};
use ark_ff::{AdditiveGroup, Field, PrimeField};

/// How many points share an inversion.
pub(super) const CHUNK: usize = 1024;

/// Bits of a half scalar, and one more for a carry.
const DIGITS: usize = 129;

type Config = <G1Affine as AffineRepr>::Config;

/// A scalar in two halves, `k1 + lambda k2`, each in signed odd digits below 8, at least four places apart.
pub(super) struct Digits([[i8; DIGITS]; 2]);

impl Digits {
    /// Of a scalar.
    pub(super) fn new(scalar: Fr) -> Self {
        let (first, second) = Config::scalar_decomposition(scalar);
        Self([first, second].map(|(positive, half)| {
            // Halves are below 2^127: so long are the lattice's basis vectors.
            let [low, high, ..] = half.into_bigint().0;
            let mut rest = u128::from(low) | u128::from(high) << 64;
            let mut digits = [0; DIGITS];
            for digit in &mut digits {
                if rest & 1 == 1 {
                    let window = (rest & 15) as i8;
                    *digit = if window < 8 { window } else { window - 16 };
                    rest = rest.wrapping_sub(i128::from(*digit).cast_unsigned());
                    *digit = if positive { *digit } else { -*digit };
                }
                rest >>= 1;
            }
            digits
        }))
    }
}

/// What batches reuse.
#[derive(Default)]
pub(super) struct Lanes {
    inverses: Vec<Fq>,
    prefixes: Vec<Fq>,
    addends: Vec<(usize, G1Affine)>,
}

impl Lanes {
    /// Inverts all of `inverses`, of which none may be zero.
    fn invert(&mut self) {
        self.prefixes.clear();
        let mut product = Fq::ONE;
        for value in &self.inverses {
            self.prefixes.push(product);
            product *= value;
        }
        // Callers put no zero in; were there one, all would come out zero.
        let mut inverse = product.inverse().unwrap_or_default();
        for (value, prefix) in self.inverses.iter_mut().zip(&self.prefixes).rev() {
            let next = inverse * *value;
            *value = inverse * prefix;
            inverse = next;
        }
    }

    /// Doubles every point.
    fn double(&mut self, points: &mut [G1Affine]) {
        self.inverses.clear();
        // y is zero for the point at infinity alone, (0, 0), which the formulas then leave where it is.
        let double = |p: &G1Affine| if p.is_zero() { Fq::ONE } else { p.y.double() };
        self.inverses.extend(points.iter().map(double));
        self.invert();
        for (point, inverse) in points.iter_mut().zip(&self.inverses) {
            let square = point.x.square();
            let slope = (square.double() + square) * inverse;
            let x = slope.square() - point.x.double();
            *point = G1Affine::new_unchecked(x, slope * (point.x - x) - point.y);
        }
    }

    /// Adds `addends` to the points that they name, each at most once.
    fn add(&mut self, points: &mut [G1Affine]) {
        self.inverses.clear();
        let (inverses, addends) = (&mut self.inverses, &mut self.addends);
        addends.retain(|(at, addend)| {
            let point = &mut points[*at];
            if point.is_zero() || addend.is_zero() || point.x == addend.x {
                *point = (G1Projective::from(*point) + addend).into_affine();
                return false;
            }
            inverses.push(addend.x - point.x);
            true
        });
        self.invert();
        for ((at, addend), inverse) in self.addends.iter().zip(&self.inverses) {
            let point = &mut points[*at];
            *point = chord(point, addend, &addend.y, inverse);
        }
    }

    /// Every point times its scalar. Where there is none it stays as it is.
    pub(super) fn multiply(&mut self, points: &mut [G1Affine], scalars: &[Option<&Digits>]) {
        let places: Vec<usize> =
            (0..points.len()).filter(|place| scalars[*place].is_some()).collect();
        let scalars: Vec<&Digits> = scalars.iter().filter_map(|digits| *digits).collect();
        let bases: Vec<G1Affine> = places.iter().map(|place| points[*place]).collect();

        // P, 3 P, 5 P, 7 P.
        let mut twice = bases.clone();
        self.double(&mut twice);
        let mut odd = [bases.clone(), bases.clone(), bases.clone(), bases];
        for step in 1..odd.len() {
            odd[step] = odd[step - 1].clone();
            self.addends.clear();
            self.addends.extend(twice.iter().copied().enumerate());
            self.add(&mut odd[step]);
        }

        let mut sums = vec![G1Affine::zero(); places.len()];
        for bit in (0..DIGITS).rev() {
            self.double(&mut sums);
            for half in 0..2 {
                self.addends.clear();
                for (at, Digits(digits)) in scalars.iter().enumerate() {
                    let digit = digits[half][bit];
                    if digit != 0 {
                        let base = odd[usize::from(digit.unsigned_abs()) / 2][at];
                        let base =
                            if half == 0 { base } else { Config::endomorphism_affine(&base) };
                        self.addends.push((at, if digit < 0 { -base } else { base }));
                    }
                }
                self.add(&mut sums);
            }
        }
        for (place, sum) in places.into_iter().zip(sums) {
            points[place] = sum;
        }
    }

    /// `(left, right)` becomes `(left + right, left - right)`.
    pub(super) fn butterflies(&mut self, left: &mut [G1Affine], right: &mut [G1Affine]) {
        let special = |l: &G1Affine, r: &G1Affine| l.is_zero() || r.is_zero() || l.x == r.x;
        self.inverses.clear();
        let pairs = left.iter().zip(right.iter());
        self.inverses.extend(pairs.map(|(l, r)| if special(l, r) { Fq::ONE } else { r.x - l.x }));
        self.invert();
        for ((l, r), inverse) in left.iter_mut().zip(right).zip(&self.inverses) {
            (*l, *r) = if special(l, r) {
                let from = G1Projective::from(*l);
                ((from + *r).into_affine(), (from - *r).into_affine())
            } else {
                (chord(l, r, &r.y, inverse), chord(l, r, &-r.y, inverse))
            };
        }
    }
}

/// `left + (right.x, y)`, for two points whose x differ; `inverse` is that of `right.x - left.x`.
fn chord(left: &G1Affine, right: &G1Affine, y: &Fq, inverse: &Fq) -> G1Affine {
    let slope = (*y - left.y) * inverse;
    let x = slope.square() - left.x - right.x;
    G1Affine::new_unchecked(x, slope * (left.x - x) - left.y)
}

#[cfg(test)]
mod tests {
    use ark_ff::{UniformRand, Zero};
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;

    #[test]
    fn multiples_are_those_of_arkworks() {
        let rng = &mut StdRng::seed_from_u64(1);
        let lambda = <Config as GLVConfig>::LAMBDA;
        let mut scalars = vec![Fr::zero(), Fr::ONE, -Fr::ONE, lambda, -lambda, lambda + Fr::ONE];
        scalars.extend((2..10).flat_map(|k| [Fr::from(k), -Fr::from(k), lambda * Fr::from(k)]));
        scalars.extend((0..200).map(|_| Fr::rand(rng)));
        let mut points: Vec<G1Affine> = scalars.iter().map(|_| G1Affine::rand(rng)).collect();
        points[40] = G1Affine::zero();
        points[41] = points[42];
        let expected: Vec<G1Affine> =
            points.iter().zip(&scalars).map(|(p, k)| (*p * k).into_affine()).collect();
        let digits: Vec<Digits> = scalars.iter().map(|k| Digits::new(*k)).collect();
        let some: Vec<Option<&Digits>> = digits.iter().map(Some).collect();
        let mut products = points.clone();
        Lanes::default().multiply(&mut products, &some);
        assert_eq!(products, expected);
        let none: Vec<Option<&Digits>> = points.iter().map(|_| None).collect();
        let mut same = points.clone();
        Lanes::default().multiply(&mut same, &none);
        assert_eq!(same, points);
    }

    #[test]
    fn butterflies_know_equal_opposite_and_missing_points() {
        let rng = &mut StdRng::seed_from_u64(2);
        let [p, q] = [(); 2].map(|()| G1Affine::rand(rng));
        let o = G1Affine::zero();
        let cases = [(p, q), (p, p), (p, -p), (p, o), (o, p), (o, o), (q, p)];
        let (mut left, mut right): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
        Lanes::default().butterflies(&mut left, &mut right);
        for (((l, r), sum), difference) in cases.into_iter().zip(left).zip(right) {
            assert_eq!(sum, (G1Projective::from(l) + r).into_affine());
            assert_eq!(difference, (G1Projective::from(l) - r).into_affine());
        }
    }
}
