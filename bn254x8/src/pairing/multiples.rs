//! Multiples of points of the first group by short scalars: what the coefficients of a batch do to its proofs.
//!
//! A coefficient's sixteen digits n of four bits, lowest first, in either half stand for the odd digits 2n - 15 of two scalars in base 16,
//! so that no digit is zero, and a table of a point's first eight odd multiples serves both halves: the second by the endomorphism
//! (x, y) -> (beta·x, y), which multiplies by lambda.

use ark_bn254::{Fq, Fr, G1Affine, g1};
use ark_ec::{AffineRepr as _, CurveGroup as _, scalar_mul::glv::GLVConfig};

use super::lanes;
use crate::{
    Backend, Error,
    division::{Divisions, both, one, two},
    field::{Coordinate as _, Lanes as _, Row1},
    isa::{Isa, Kernel, dispatch},
};

/// Points that share inversions.
const CHUNK: usize = 1024;
/// Odd multiples of a point in its table: 1 to 15 times it.
const ODD: usize = 8;
/// Digits of half a coefficient.
const DIGITS: u32 = 16;

/// The scalar that a coefficient stands for: with its halves l (low) and h of 64 bits,
///
/// `(2l + 1 - 2^64) + lambda·(2h + 1 - 2^64)`, where lambda is arkworks' `g1::Config::LAMBDA`, a cube root of one.
///
/// No two coefficients stand for the same scalar, and none for zero. For if a + lambda·b = 0 modulo the order r, then also
/// (a + lambda·b)(a + lambda^2·b) = a^2 - a·b + b^2, which is not negative and, for a and b between -2^65 and 2^65, below 3·2^130 and so
/// below r. It is then zero itself, and so are a and b. The difference of two scalars has such a and b, and a scalar itself odd ones.
pub fn scalar_of(coefficient: u128) -> Fr {
    let [low, high] = halves(coefficient).map(|half| {
        let odd = 2 * i128::from(half) + 1 - (1 << 64);
        let scalar = Fr::from(odd.unsigned_abs());
        if odd < 0 { -scalar } else { scalar }
    });
    low + g1::Config::LAMBDA * high
}

fn halves(coefficient: u128) -> [u64; 2] {
    [coefficient as u64, (coefficient >> 64) as u64]
}

/// The multiple `[scalar_of(coefficients[i])] points[i]` of every point.
///
/// Points must be on the curve.
///
/// # Errors
/// There are not as many coefficients as points; the machine lacks the backend.
///
/// # Cost
/// 61 doublings and 38 additions a point, one inversion each for 1,024 points. Time does not depend on the coefficients: a sum (a + b·lambda)P
/// is never P's multiple that is added to it or less that, since a before the addition of d·P, or b before that of d·lambda·P, is even and d odd.
///
/// # Source
/// Gallant, Lambert, Vanstone: "Faster point multiplication on elliptic curves with efficient endomorphisms", CRYPTO 2001.
pub fn multiples(
    backend: Backend,
    points: &[G1Affine],
    coefficients: &[u128],
) -> Result<Vec<G1Affine>, Error> {
    if points.len() != coefficients.len() {
        return Err(Error::Scalars { got: coefficients.len(), expected: points.len() });
    }
    dispatch!(backend, isa => {
        let mut out = Vec::with_capacity(points.len());
        for (points, coefficients) in points.chunks(CHUNK).zip(coefficients.chunks(CHUNK)) {
            out.extend(chunk(isa, points, coefficients));
        }
        out
    })
}

pub(super) fn chunk<I: Isa>(isa: I, points: &[G1Affine], coefficients: &[u128]) -> Vec<G1Affine> {
    let mut work = isa.run(Begin(points));
    isa.run(Tabulate::<I>(&mut work));
    for digit in (0..DIGITS).rev() {
        for half in 0..2 {
            let first = digit == DIGITS - 1 && half == 0;
            isa.run(AddDigit { work: &mut work, coefficients, digit, half, first });
        }
        for _ in 0..if digit > 0 { 4 } else { 0 } {
            isa.run(Double::<I>(&mut work));
        }
    }
    let mut out = isa.run(Finish::<I>(&work));
    out.truncate(points.len());
    for i in lanes(&work.slow, points.len()) {
        out[i] = (points[i] * scalar_of(coefficients[i])).into_affine();
    }
    for (out, point) in out.iter_mut().zip(points) {
        if point.is_zero() {
            *out = G1Affine::identity();
        }
    }
    out
}

/// Eight points, none at infinity. Coordinates are reduced.
#[derive(Clone, Copy)]
struct Points<C> {
    x: C,
    y: C,
}

/// Sums on their way, and what is added to them.
struct Work<I: Isa> {
    sums: Vec<Points<I::Fq>>,
    addends: Vec<Points<I::Fq>>,
    divisions: Divisions<I::Fq>,
    /// Odd multiples: point after point, eight each.
    table: Vec<[Row1; ODD]>,
    /// Lanes that met equal points, whose sums are wrong: points that are on no curve.
    slow: Vec<u8>,
}

/// The points, those at infinity and the last vector's rest being the generator.
struct Begin<'a>(&'a [G1Affine]);

impl<I: Isa> Kernel<I> for Begin<'_> {
    type Output = Work<I>;

    #[inline(always)]
    fn run(self, isa: I) -> Work<I> {
        let mut sums = Vec::with_capacity(self.0.len().div_ceil(8));
        for points in self.0.chunks(8) {
            let generator = G1Affine::generator();
            let (mut xs, mut ys) = ([generator.x; 8], [generator.y; 8]);
            for (lane, point) in points.iter().enumerate() {
                if !point.is_zero() {
                    (xs[lane], ys[lane]) = (point.x, point.y);
                }
            }
            sums.push(Points { x: I::Fq::from_plain(isa, &xs), y: I::Fq::from_plain(isa, &ys) });
        }
        Work {
            addends: sums.clone(),
            divisions: Divisions::new(isa, sums.len()),
            table: vec![[<Row1 as bytemuck::Zeroable>::zeroed(); ODD]; 8 * sums.len()],
            slow: vec![0; sums.len()],
            sums,
        }
    }
}

impl<I: Isa> Work<I> {
    /// `sums += addends`.
    #[inline(always)]
    fn add(&mut self, isa: I) {
        let Self { sums, addends, divisions, slow, .. } = self;
        for ((sum, addend), divisor) in sums.iter().zip(&*addends).zip(&mut divisions.divisors) {
            *divisor = addend.x.sub_lazy(&sum.x);
        }
        for (vector, lanes) in divisions.invert(isa) {
            slow[vector] |= lanes;
        }
        macro_rules! add {
            ($each:ident, $v:expr) => {
                let v = $v;
                let quotient = $each!(K => divisions.quotient(v[K]));
                let slope = $each!(K => {
                    addends[v[K]].y.sub_lazy(&sums[v[K]].y).mul(&quotient[K])
                });
                let x = $each!(K => {
                    addends[v[K]].x.sub_lazy(&sums[v[K]].x).third(&slope[K], &sums[v[K]].x)
                });
                let y = $each!(K => slope[K].mul(&sums[v[K]].x.sub_lazy(&x[K])));
                $each!(K => sums[v[K]] = Points { x: x[K], y: y[K].sub(&sums[v[K]].y) });
            };
        }
        both!(sums.len(), add);
    }

    /// `sums *= 2`.
    #[inline(always)]
    fn double(&mut self, isa: I) {
        let Self { sums, divisions, slow, .. } = self;
        for (sum, divisor) in sums.iter().zip(&mut divisions.divisors) {
            *divisor = sum.y.add(&sum.y);
        }
        for (vector, lanes) in divisions.invert(isa) {
            slow[vector] |= lanes;
        }
        macro_rules! double {
            ($each:ident, $v:expr) => {
                let v = $v;
                let quotient = $each!(K => divisions.quotient(v[K]));
                let square = $each!(K => sums[v[K]].x.square());
                let slope = $each!(K => square[K].add(&square[K]).add(&square[K]).mul(&quotient[K]));
                let x = $each!(K => {
                    let x = &sums[v[K]].x;
                    x.sub_lazy(x).third(&slope[K], x)
                });
                let y = $each!(K => slope[K].mul(&sums[v[K]].x.sub_lazy(&x[K])));
                $each!(K => sums[v[K]] = Points { x: x[K], y: y[K].sub(&sums[v[K]].y) });
            };
        }
        both!(sums.len(), double);
    }

    /// Writes the sums into the table as an odd multiple.
    #[inline(always)]
    fn store(&mut self, multiple: usize) {
        for (sum, points) in self.sums.iter().zip(self.table.as_chunks_mut::<8>().0) {
            let rows = I::Fq::store(&sum.x, &sum.y);
            for (point, row) in points.iter_mut().zip(rows) {
                point[multiple] = row;
            }
        }
    }
}

struct Double<'a, I: Isa>(&'a mut Work<I>);

impl<I: Isa> Kernel<I> for Double<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        self.0.double(isa);
    }
}

/// Fills the table with 1, 3, .. 15 times the sums.
struct Tabulate<'a, I: Isa>(&'a mut Work<I>);

impl<I: Isa> Kernel<I> for Tabulate<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        let work = self.0;
        work.store(0);
        // The addends are the points as well: 2P, then P + 2P, with 2P for the addend from there on.
        work.double(isa);
        std::mem::swap(&mut work.sums, &mut work.addends);
        for multiple in 1..ODD {
            work.add(isa);
            work.store(multiple);
        }
    }
}

/// Adds the multiples that a digit of either half tells.
struct AddDigit<'a, I: Isa> {
    work: &'a mut Work<I>,
    coefficients: &'a [u128],
    digit: u32,
    half: u32,
    /// There is nothing yet to add to.
    first: bool,
}

impl<I: Isa> Kernel<I> for AddDigit<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        let (zero, beta) = (I::Fq::zero(isa), I::Fq::splat(isa, &BETA));
        let work = self.work;
        let to = if self.first { &mut work.sums } else { &mut work.addends };
        for (v, (addend, table)) in to.iter_mut().zip(work.table.as_chunks::<8>().0).enumerate() {
            let mut places = [0; 8];
            let mut negative = 0;
            for (lane, place) in places.iter_mut().enumerate() {
                let coefficient = self.coefficients.get(8 * v + lane).copied().unwrap_or(0);
                let n = (coefficient >> (64 * self.half + 4 * self.digit)) as usize & 15;
                // 2n - 15 is 2(n - 8) + 1 or -(2(7 - n) + 1).
                *place = if n < ODD { ODD - 1 - n } else { n - ODD };
                negative |= u8::from(n < ODD) << lane;
            }
            macro_rules! rows {
                ($($lane:literal)*) => { [$(&table[$lane][places[$lane]]),*] };
            }
            let (mut x, y) = I::Fq::load(isa, rows!(0 1 2 3 4 5 6 7));
            if self.half == 1 {
                x = x.mul(&beta);
            }
            *addend = Points { x, y: y.select(negative, &zero.sub(&y)) };
        }
        if !self.first {
            work.add(isa);
        }
    }
}

/// The endomorphism's factor.
const BETA: Fq = g1::Config::ENDO_COEFFS[0];

/// The sums.
struct Finish<'a, I: Isa>(&'a Work<I>);

impl<I: Isa> Kernel<I> for Finish<'_, I> {
    type Output = Vec<G1Affine>;

    #[inline(always)]
    fn run(self, _: I) -> Vec<G1Affine> {
        let mut out = Vec::with_capacity(8 * self.0.sums.len());
        for sum in &self.0.sums {
            let (x, y) = (sum.x.to_plain(), sum.y.to_plain());
            for (x, y) in x.into_iter().zip(y) {
                out.push(G1Affine::new_unchecked(x, y));
            }
        }
        out
    }
}
