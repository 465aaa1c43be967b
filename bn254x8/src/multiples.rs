//! Multiples of many points of the first group, each by its own scalar. Additions are affine, and
//! the divisions of a step share one inversion.
//!
//! No digit of a scalar is zero, so all lanes do the same work, and a table of a point's first
//! eight odd multiples serves both halves of its scalar. The running time does not depend on the
//! scalars, unless a sum and its addend have the same x coordinate.

use ark_bn254::{Fq, Fr, G1Affine};
use ark_ec::{AffineRepr as _, CurveGroup as _};
use ark_ff::Field as _;
use bytemuck::Zeroable as _;

use crate::{
    backend::{Isa, Kernel},
    division::{Divisions, both, one, two},
    field::{Coordinate, Lanes as _, Row1},
    glv::{BETA, Halves},
};

/// Points that share inversions. Their data stays in the second-level cache.
pub(crate) const CHUNK: usize = 1024;
/// Odd multiples in a point's table: 1 to 15 times the point.
const ODD: usize = 8;

/// Eight finite points. Coordinates are reduced.
#[derive(Clone, Copy)]
pub(crate) struct Points<C> {
    pub(crate) x: C,
    pub(crate) y: C,
}

/// Working memory for a chunk of points: their partial sums, and what is added to them.
pub(crate) struct Work<I: Isa> {
    sums: Vec<Points<I::Fq>>,
    addends: Vec<Points<I::Fq>>,
    divisions: Divisions<I::Fq>,
    /// Odd multiples: eight for each point, point after point.
    table: Vec<[Row1; ODD]>,
    /// Lanes whose sums are wrong, either because an addition met points with equal x, or because
    /// their point is at infinity.
    slow: Vec<u8>,
}

impl<I: Isa> Work<I> {
    /// Empty memory. The first chunk allocates it.
    pub(crate) fn new(isa: I) -> Self {
        Self {
            sums: Vec::new(),
            addends: Vec::new(),
            divisions: Divisions::new(isa, 0),
            table: Vec::new(),
            slow: Vec::new(),
        }
    }
}

/// Points as rows in the backend's form. Infinity is a row of zeros.
pub(crate) fn rows<I: Isa>(isa: I, points: &[G1Affine]) -> Vec<Row1> {
    let mut rows = vec![Row1::zeroed(); points.len()];
    isa.run(ToRows { points, rows: &mut rows });
    rows
}

/// The point of a row.
pub(crate) fn point<I: Isa>(row: &Row1) -> G1Affine {
    let (x, y) = I::Fq::point(row);
    G1Affine::new_unchecked(x, y)
}

/// A point as a row.
pub(crate) fn row<I: Isa>(point: &G1Affine) -> Row1 {
    point.xy().map_or(Row1::zeroed(), |(x, y)| I::Fq::row(&x, &y))
}

/// Multiplies at most [`CHUNK`] points by their scalars. Each half of a scalar has `digits` digits.
pub(crate) fn multiply<I: Isa>(
    isa: I,
    work: &mut Work<I>,
    rows: &mut [Row1],
    halves: &[Halves],
    digits: u32,
    scalar: &dyn Fn(usize) -> Fr,
) {
    if rows.is_empty() {
        return;
    }
    isa.run(Begin { work, rows });
    isa.run(Tabulate::<I>(work));
    for digit in (0..digits).rev() {
        for half in 0..2 {
            let first = digit == digits - 1 && half == 0;
            isa.run(AddDigit { work, halves, digit, half, first });
        }
        for _ in 0..if digit > 0 { 4 } else { 0 } {
            isa.run(Double::<I>(work));
        }
    }
    isa.run(Finish { work, rows });
    for (vector, lanes) in work.slow.iter().enumerate() {
        for at in (0..8).filter(|lane| lanes >> lane & 1 == 1).map(|lane| 8 * vector + lane) {
            let Some(slow) = rows.get_mut(at).filter(|row| **row != Row1::zeroed()) else {
                continue;
            };
            *slow = row::<I>(&(point::<I>(slow) * scalar(at)).into_affine());
        }
    }
}

struct ToRows<'a> {
    points: &'a [G1Affine],
    rows: &'a mut [Row1],
}

impl<I: Isa> Kernel<I> for ToRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        for (points, rows) in self.points.chunks(8).zip(self.rows.chunks_mut(8)) {
            // Infinity is (0, 0). A product with zero is the integer zero.
            let (mut xs, mut ys) = ([Fq::default(); 8], [Fq::default(); 8]);
            for (lane, point) in points.iter().enumerate() {
                (xs[lane], ys[lane]) = (point.x, point.y);
            }
            let all = I::Fq::store(&I::Fq::from_plain(isa, &xs), &I::Fq::from_plain(isa, &ys));
            rows.copy_from_slice(&all[..rows.len()]);
        }
    }
}

/// Eight rows from `first` on. Missing rows are replaced by row `first`.
#[inline(always)]
pub(crate) fn eight(rows: &[Row1], first: usize) -> [&Row1; 8] {
    let row = |lane: usize| rows.get(first + lane).unwrap_or(&rows[first]);
    [row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)]
}

/// Loads the points, with the generator in place of infinity.
struct Begin<'a, I: Isa> {
    work: &'a mut Work<I>,
    rows: &'a [Row1],
}

impl<I: Isa> Kernel<I> for Begin<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        let Self { work, rows } = self;
        let vectors = rows.len().div_ceil(8);
        let generator = G1Affine::generator();
        let generator =
            Points { x: I::Fq::splat(isa, &generator.x), y: I::Fq::splat(isa, &generator.y) };
        work.sums.clear();
        work.slow.clear();
        for vector in 0..vectors {
            let (mut x, mut y) = I::Fq::load(isa, eight(rows, 8 * vector));
            let infinite = y.zeros();
            if infinite != 0 {
                (x, y) = (x.select(infinite, &generator.x), y.select(infinite, &generator.y));
            }
            work.sums.push(Points { x, y });
            work.slow.push(infinite);
        }
        work.addends.clone_from(&work.sums);
        work.divisions.resize(isa, vectors);
        work.table.resize(8 * vectors, [Row1::zeroed(); ODD]);
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
                let slope =
                    $each!(K => square[K].add(&square[K]).add(&square[K]).mul(&quotient[K]));
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

struct AddAddends<'a, I: Isa>(&'a mut Work<I>);

impl<I: Isa> Kernel<I> for AddAddends<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        self.0.add(isa);
    }
}

/// Fills the table with 1, 3, …, 15 times the sums.
struct Tabulate<'a, I: Isa>(&'a mut Work<I>);

impl<I: Isa> Kernel<I> for Tabulate<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        let work = self.0;
        work.store(0);
        // The addends hold the points, too. First 2P, then P + 2P; from there on the addend is 2P.
        isa.run(Double::<I>(work));
        std::mem::swap(&mut work.sums, &mut work.addends);
        for multiple in 1..ODD {
            isa.run(AddAddends::<I>(work));
            work.store(multiple);
        }
    }
}

/// Adds the multiples that a digit of either half selects.
struct AddDigit<'a, I: Isa> {
    work: &'a mut Work<I>,
    halves: &'a [Halves],
    digit: u32,
    half: u32,
    /// Whether this is the first addition, when there is no sum yet.
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
                let halves = self.halves.get(8 * v + lane).copied().unwrap_or_default();
                let n = halves.digit(self.half, self.digit);
                // 2n - 15 is 2(n - 8) + 1 for n >= 8, else -(2(7 - n) + 1).
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
            isa.run(AddAddends::<I>(work));
        }
    }
}

/// Returns the sums, except in lanes where they are wrong.
struct Finish<'a, I: Isa> {
    work: &'a Work<I>,
    rows: &'a mut [Row1],
}

impl<I: Isa> Kernel<I> for Finish<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, _: I) {
        let Self { work, rows } = self;
        for ((rows, sum), slow) in rows.chunks_mut(8).zip(&work.sums).zip(&work.slow) {
            let all = I::Fq::store(&sum.x, &sum.y);
            for (lane, (row, new)) in rows.iter_mut().zip(all).enumerate() {
                if slow >> lane & 1 == 0 {
                    *row = new;
                }
            }
        }
    }
}

/// Replaces each pair `(left, right)` by `(left + right, left - right)`. There may be at most
/// [`CHUNK`] pairs.
pub(crate) fn butterflies<I: Isa>(
    isa: I,
    work: &mut Work<I>,
    left: &mut [Row1],
    right: &mut [Row1],
) {
    isa.run(Butterflies { work, left, right });
    for (vector, lanes) in work.slow.iter().enumerate() {
        for at in (0..8).filter(|lane| lanes >> lane & 1 == 1).map(|lane| 8 * vector + lane) {
            let (Some(left), Some(right)) = (left.get_mut(at), right.get_mut(at)) else {
                continue;
            };
            let (l, r) = (point::<I>(left), point::<I>(right));
            *left = row::<I>(&(l + r).into_affine());
            *right = row::<I>(&(l.into_group() - r).into_affine());
        }
    }
}

struct Butterflies<'a, I: Isa> {
    work: &'a mut Work<I>,
    left: &'a mut [Row1],
    right: &'a mut [Row1],
}

impl<I: Isa> Kernel<I> for Butterflies<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        let Self { work, left, right } = self;
        let Work { sums, addends, divisions, slow, .. } = work;
        let (one, zero) = (I::Fq::splat(isa, &Fq::ONE), I::Fq::zero(isa));
        let vectors = left.len().div_ceil(8);
        sums.clear();
        addends.clear();
        slow.clear();
        divisions.resize(isa, vectors);
        for (vector, divisor) in divisions.divisors.iter_mut().enumerate() {
            let (x, y) = I::Fq::load(isa, eight(left, 8 * vector));
            let a = Points { x, y };
            let (x, y) = I::Fq::load(isa, eight(right, 8 * vector));
            let b = Points { x, y };
            let infinite = a.y.zeros() | b.y.zeros();
            let dx = b.x.sub_lazy(&a.x);
            *divisor = if infinite == 0 { dx } else { dx.select(infinite, &one) };
            sums.push(a);
            addends.push(b);
            slow.push(infinite);
        }
        for (vector, lanes) in divisions.invert(isa) {
            slow[vector] |= lanes;
        }
        macro_rules! turn {
            ($each:ident, $v:expr) => {
                let v = $v;
                let quotient = $each!(K => divisions.quotient(v[K]));
                let dx = $each!(K => addends[v[K]].x.sub_lazy(&sums[v[K]].x));
                let slope = $each!(K => {
                    addends[v[K]].y.sub_lazy(&sums[v[K]].y).mul(&quotient[K])
                });
                let x = $each!(K => dx[K].third(&slope[K], &sums[v[K]].x));
                let y = $each!(K => slope[K].mul_sub(&sums[v[K]].x.sub_lazy(&x[K]), &sums[v[K]].y));
                let slope = $each!(K => {
                    zero.sub(&addends[v[K]].y).sub_lazy(&sums[v[K]].y).mul(&quotient[K])
                });
                let other = $each!(K => dx[K].third(&slope[K], &sums[v[K]].x));
                $each!(K => {
                    let less = slope[K].mul_sub(&sums[v[K]].x.sub_lazy(&other[K]), &sums[v[K]].y);
                    addends[v[K]] = Points { x: other[K], y: less };
                });
                $each!(K => sums[v[K]] = Points { x: x[K], y: y[K] });
            };
        }
        both!(vectors, turn);
        let pairs = left.chunks_mut(8).zip(right.chunks_mut(8));
        for (((left, right), slow), (sum, less)) in
            pairs.zip(&*slow).zip(sums.iter().zip(&*addends))
        {
            let (sums, less) = (I::Fq::store(&sum.x, &sum.y), I::Fq::store(&less.x, &less.y));
            for (lane, (left, right)) in left.iter_mut().zip(right).enumerate() {
                if slow >> lane & 1 == 0 {
                    (*left, *right) = (sums[lane], less[lane]);
                }
            }
        }
    }
}
