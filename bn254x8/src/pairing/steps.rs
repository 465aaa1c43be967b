//! The steps of the Miller loop over many vectors of points: doublings and additions in the second
//! group, and their lines.
//!
//! The line through T with slope s, at a point (x, y) of the first group, is
//! `y - s·x·w + (s·x_T - y_T)·w^3`. It is divided by y, which is in a smaller field, so the final
//! exponentiation removes that factor.

use ark_bn254::{Config, Fq, Fq2, G1Affine, G2Affine};
use ark_ec::{AffineRepr as _, bn::BnConfig};

use crate::field::{Fp12Lanes, MultiplyLine};
use crate::{
    backend::{Isa, Kernel},
    division::{Divisions, both, one, two},
    field::{Coordinate as _, Extension as _, Lanes as _},
};

/// The state of eight pairs. Coordinates are reduced.
#[derive(Clone, Copy)]
pub(crate) struct Entry<I: Isa> {
    /// Q, and later its images under the endomorphism psi.
    qx: I::Fq2,
    qy: I::Fq2,
    /// T, which starts as Q. It is never at infinity.
    tx: I::Fq2,
    ty: I::Fq2,
    /// -x/y and 1/y of the point in the first group, below 1.1 p. Both are zero in lanes whose
    /// lines must be one.
    slope: I::Fq,
    inverse: I::Fq,
}

/// All vectors of a chunk.
pub(crate) struct Entries<I: Isa> {
    pub(crate) vectors: Vec<Entry<I>>,
    pub(crate) divisions: Divisions<I::Fq2>,
}

/// Loads the points of the second group. The last vector is padded with the generator.
pub(crate) struct Begin<'a>(pub(crate) &'a [G2Affine]);

impl<I: Isa> Kernel<I> for Begin<'_> {
    type Output = Entries<I>;

    #[inline(always)]
    fn run(self, isa: I) -> Entries<I> {
        let zero = I::Fq::zero(isa);
        let mut vectors = Vec::with_capacity(self.0.len().div_ceil(8));
        for points in self.0.chunks(8) {
            let generator = G2Affine::generator();
            let mut xs = [generator.x; 8];
            let mut ys = [generator.y; 8];
            for (lane, point) in points.iter().enumerate() {
                (xs[lane], ys[lane]) = (point.x, point.y);
            }
            let (x, y) = (I::Fq2::from_plain(isa, &xs), I::Fq2::from_plain(isa, &ys));
            vectors.push(Entry { qx: x, qy: y, tx: x, ty: y, slope: zero, inverse: zero });
        }
        let divisions = Divisions::new(isa, vectors.len());
        Entries { vectors, divisions }
    }
}

/// Loads the points of the first group, none of which has y = 0. Lines at points at infinity are
/// one.
pub(crate) struct Evaluate<'a, I: Isa> {
    pub(crate) entries: &'a mut Entries<I>,
    pub(crate) points: &'a [G1Affine],
}

impl<I: Isa> Kernel<I> for Evaluate<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        let zero = I::Fq::zero(isa);
        let one = <Fq as ark_ff::Field>::ONE;
        let mut divisions = Divisions::<I::Fq>::new(isa, self.entries.vectors.len());
        for (points, divisor) in self.points.chunks(8).zip(&mut divisions.divisors) {
            let mut ys = [one; 8];
            for (y, point) in ys.iter_mut().zip(points) {
                if !point.is_zero() {
                    *y = point.y;
                }
            }
            *divisor = I::Fq::from_plain(isa, &ys);
        }
        divisions.invert(isa);
        for (v, entry) in self.entries.vectors.iter_mut().enumerate().rev() {
            let (mut xs, mut live) = ([one; 8], 0);
            for (lane, point) in self.points.iter().skip(8 * v).take(8).enumerate() {
                if !point.is_zero() {
                    xs[lane] = -point.x;
                    live |= 1 << lane;
                }
            }
            let inverse = zero.select(live, &divisions.quotient(v));
            entry.slope = inverse.mul(&I::Fq::from_plain(isa, &xs));
            entry.inverse = inverse;
        }
    }
}

/// How a step changes T.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    Double,
    /// Adds Q or -Q.
    Add {
        negative: bool,
    },
}

/// The products that lines are multiplied into. Each product takes the lines of `vectors`
/// consecutive vectors.
pub(crate) struct Lines<'a, I: Isa> {
    pub(crate) products: &'a mut [Fp12Lanes<I::Fq2>],
    pub(crate) vectors: usize,
}

/// The kernel of one step over all vectors. It returns the lanes that cannot take the step. Their T
/// is wrong from then on.
pub(crate) struct Step<'a, I: Isa> {
    pub(crate) entries: &'a mut Entries<I>,
    /// The products to multiply the lines into, if the lines are needed.
    pub(crate) lines: Option<Lines<'a, I>>,
    pub(crate) step: Move,
}

impl<I: Isa> Kernel<I> for Step<'_, I> {
    type Output = Vec<(usize, u8)>;

    #[inline(always)]
    fn run(self, isa: I) -> Vec<(usize, u8)> {
        let Entries { vectors, divisions } = self.entries;
        let mut lines = self.lines;
        let zero = I::Fq2::zero(isa);
        for (entry, divisor) in vectors.iter().zip(&mut divisions.divisors) {
            *divisor = match self.step {
                Move::Double => entry.ty.add(&entry.ty),
                Move::Add { .. } => entry.qx.sub_lazy(&entry.tx),
            };
        }
        let zeros = divisions.invert(isa);
        macro_rules! advance {
            ($each:ident, $v:expr) => {
                let v: [usize; _] = $v;
                let quotient = $each!(K => divisions.quotient(v[K]));
                // The numerator of the slope, and the difference of the x coordinates of the two
                // points.
                let rise = match self.step {
                    Move::Double => {
                        let square = $each!(K => vectors[v[K]].tx.square());
                        $each!(K => square[K].add(&square[K]).add(&square[K]))
                    }
                    Move::Add { negative: false } => {
                        $each!(K => vectors[v[K]].qy.sub_lazy(&vectors[v[K]].ty))
                    }
                    Move::Add { negative: true } => {
                        $each!(K => zero.sub(&vectors[v[K]].qy).sub_lazy(&vectors[v[K]].ty))
                    }
                };
                let difference = match self.step {
                    Move::Double => $each!(K => vectors[v[K]].tx.sub_lazy(&vectors[v[K]].tx)),
                    Move::Add { .. } => $each!(K => vectors[v[K]].qx.sub_lazy(&vectors[v[K]].tx)),
                };
                let slope = $each!(K => rise[K].mul(&quotient[K]));
                let constant = $each!(K => slope[K].mul(&vectors[v[K]].tx));
                let constant = $each!(K => constant[K].sub(&vectors[v[K]].ty));
                $each!(K => vectors[v[K]].tx = difference[K].third(&slope[K], &vectors[v[K]].tx));
                let y = $each!(K => slope[K].mul(&vectors[v[K]].tx));
                $each!(K => vectors[v[K]].ty = constant[K].sub(&y[K]));
                if let Some(Lines { products, vectors: share }) = &mut lines {
                    let b = $each!(K => slope[K].scale(&vectors[v[K]].slope));
                    let c = $each!(K => constant[K].scale(&vectors[v[K]].inverse));
                    for (v, (b, c)) in v.iter().zip(b.iter().zip(&c)) {
                        isa.run(MultiplyLine { product: &mut products[v / *share], b, c });
                    }
                }
            };
        }
        both!(vectors.len(), advance);
        zeros
    }
}

/// Replaces Q by psi(Q), where psi is the twisted Frobenius.
pub(crate) struct Frobenius<'a, I: Isa>(pub(crate) &'a mut Entries<I>);

impl<I: Isa> Kernel<I> for Frobenius<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        const X: Fq2 = <Config as BnConfig>::TWIST_MUL_BY_Q_X;
        const Y: Fq2 = <Config as BnConfig>::TWIST_MUL_BY_Q_Y;
        let (x, y) = (I::Fq2::splat(isa, &X), I::Fq2::splat(isa, &Y));
        for entry in &mut self.0.vectors {
            entry.qx = entry.qx.conjugate().mul(&x);
            entry.qy = entry.qy.conjugate().mul(&y);
        }
    }
}

/// For each vector, the lanes where T is not -Q.
pub(crate) struct OppositeMask<'a, I: Isa>(pub(crate) &'a Entries<I>);

impl<I: Isa> Kernel<I> for OppositeMask<'_, I> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn run(self, _: I) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.vectors.len());
        for entry in &self.0.vectors {
            let x = entry.tx.sub(&entry.qx).canonical().zeros();
            let y = entry.ty.add(&entry.qy).canonical().zeros();
            out.push(!(x & y));
        }
        out
    }
}

/// The indices of the lanes whose bit is set, among the first `count`.
pub(crate) fn lanes(masks: &[u8], count: usize) -> Vec<usize> {
    (0..count).filter(|i| masks[i / 8] >> (i % 8) & 1 == 1).collect()
}
