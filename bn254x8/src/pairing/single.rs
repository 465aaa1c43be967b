//! A single product of three Miller loops, in which two points of the second group are fixed, as
//! verifying one Groth16 proof requires.
//!
//! All vectors hold a single item: their lanes are the coefficients of the product, or the
//! coordinates of a point.

use std::marker::PhantomData;

use ark_bn254::{Config, Fq, Fq2, Fq12, G1Affine, G2Affine};
use ark_ec::{AffineRepr as _, bn::BnConfig};
use ark_ff::{AdditiveGroup as _, Field as _, Zero as _};

use super::{
    final_exponentiation::{Fp12Single, exponentiate},
    fixed_points::{FixedPoints, Lines, Prepared, SinglePairing},
};
use crate::{
    backend::{Isa, Kernel},
    field::{Base, Extension as _, Factor, Fp, Fp2, Lanes as _, SavedLanes, U64x8},
};

/// Computes in vectors W whose lanes are the coefficients of one element.
#[derive(Clone, Copy, Debug)]
pub struct InLanes<W>(PhantomData<W>);

impl<W: U64x8> SinglePairing<W::Token> for InLanes<W>
where
    W::Token: Isa<Fq2 = Fp2<W>, Fq = Fp<Base, W>>,
{
    fn lines(isa: W::Token, points: &[G2Affine; 2]) -> Lines {
        Lines::Saved(save::<W>(isa, points))
    }

    fn miller_product(
        isa: W::Token,
        fixed: &FixedPoints,
        points: &[G1Affine; 2],
        pair: &(G1Affine, G2Affine),
    ) -> Option<Fq12> {
        // No point of the curve has y = 0. If a point off the curve has, arkworks computes the
        // product, because it does not divide by y.
        let odd = [points[0], points[1], pair.0].iter().any(|p| !p.is_zero() && p.y.is_zero());
        match fixed.saved() {
            Some(lines) if !odd => product::<W>(isa, lines, points, pair),
            _ => fixed.plain_product(points, pair),
        }
    }

    fn final_exponentiation(isa: W::Token, f: &Fq12) -> Option<Fq12> {
        exponentiate::<W>(isa, f)
    }
}

/// Computes the lines of two points in the group.
pub(super) fn save<W: U64x8>(isa: W::Token, points: &[G2Affine; 2]) -> Vec<SavedLanes>
where
    W::Token: Isa<Fq2 = Fp2<W>>,
{
    let xi = Fq2::new(Fq::from(9u64), Fq::ONE);
    let [first, second] = points.map(|point| -> Vec<[Fq2; 4]> {
        let coefficients = Prepared::from(point).ell_coeffs;
        let lines = coefficients.iter().map(|(c0, c1, c2)| {
            // c0 is twice a product of nonzero coordinates.
            let inverse = c0.inverse().unwrap_or_default();
            let (s, k) = (*c1 * inverse, *c2 * inverse);
            [xi * s, s, xi * k, k]
        });
        lines.collect()
    });
    let steps = first.len().max(second.len());
    let line = |lines: &[[Fq2; 4]], i: usize| lines.get(i).copied().unwrap_or([Fq2::ZERO; 4]);
    let vectors = (0..steps).map(|i| {
        let ([a, b, c, d], [e, f, g, h]) = (line(&first, i), line(&second, i));
        isa.run(Save::<W>([a, b, c, d, e, f, g, h], PhantomData))
    });
    vectors.collect()
}

struct Save<W>([Fq2; 8], PhantomData<W>);

impl<W: U64x8> Kernel<W::Token> for Save<W>
where
    W::Token: Isa<Fq2 = Fp2<W>>,
{
    type Output = SavedLanes;

    #[inline(always)]
    fn run(self, isa: W::Token) -> SavedLanes {
        Fp2::<W>::from_plain(isa, &self.0).save()
    }
}

/// The product. `None` if the second point of `pair` is not in the group, or if a finite first
/// point has y = 0.
pub(super) fn product<W: U64x8>(
    isa: W::Token,
    lines: &[SavedLanes],
    points: &[G1Affine; 2],
    pair: &(G1Affine, G2Affine),
) -> Option<Fq12>
where
    W::Token: Isa<Fq2 = Fp2<W>, Fq = Fp<Base, W>>,
{
    let (p, q) = *pair;
    // If q is at infinity, p is set to infinity and q to any point. The ratios of p are then zero,
    // so every line is one or lies in a smaller field.
    let q = if q.is_zero() { G2Affine::generator() } else { q };
    let p = if pair.1.is_zero() { G1Affine::identity() } else { p };
    let [first, second, third] = ratios([&points[0], &points[1], &p])?;
    let one = Fq::ONE;
    let factors = [
        [first[0], first[0], first[1], first[1], second[0], second[0], second[1], second[1]],
        [one, -third[0], -third[0], third[1], third[1], one, one, one],
    ];
    let psi = |point: &G2Affine| {
        let (mut x, mut y) = (point.x, point.y);
        x.conjugate_in_place();
        y.conjugate_in_place();
        G2Affine::new_unchecked(
            x * <Config as BnConfig>::TWIST_MUL_BY_Q_X,
            y * <Config as BnConfig>::TWIST_MUL_BY_Q_Y,
        )
    };
    let psi_1 = psi(&q);
    let psi_2 = psi(&psi_1);
    let end = psi(&psi_2);
    let addends = [q, -q, psi_1, -psi_2];
    let (f, [x, y, z]) = isa.run(Loop::<W> { lines, factors, addends, token: isa });
    // The loop ends at -psi^3(q) exactly for points of the group. If a step met equal or opposite
    // points, z became zero and stayed zero.
    (!z.is_zero() && x == end.x * z && y == -end.y * z).then_some(f)
}

/// For each point, x/y and 1/y, or zeros at infinity. `None` if a finite point has y = 0.
fn ratios(points: [&G1Affine; 3]) -> Option<[[Fq; 2]; 3]> {
    let [a, b, c] = points.map(|point| if point.is_zero() { Fq::ONE } else { point.y });
    let inverse = (a * b * c).inverse()?;
    let inverses = [inverse * b * c, inverse * a * c, inverse * a * b];
    Some(std::array::from_fn(|i| {
        if points[i].is_zero() { [Fq::ZERO; 2] } else { [points[i].x * inverses[i], inverses[i]] }
    }))
}

/// The kernel of the whole Miller loop.
struct Loop<'a, W: U64x8> {
    lines: &'a [SavedLanes],
    /// The factors of the lanes of the fixed lines, and of the lines of `pair`.
    factors: [[Fq; 8]; 2],
    /// Q, -Q, and the images of Q that are added at the end.
    addends: [G2Affine; 4],
    token: W::Token,
}

/// The state that the steps update.
struct State<W> {
    f: Fp12Single<W>,
    /// T = (X : Y : Z), homogeneous, in lanes 0 to 2, and 3·b·Z in lane 3, where b is the constant
    /// of the curve. Reduced, as all lanes are.
    point: Fp2<W>,
    /// The factors of the lines.
    factors: [Fp<Base, W>; 2],
}

impl<W: U64x8> Kernel<W::Token> for Loop<'_, W>
where
    W::Token: Isa<Fq2 = Fp2<W>, Fq = Fp<Base, W>>,
{
    type Output = (Fq12, [Fq2; 3]);

    #[inline(always)]
    fn run(self, isa: W::Token) -> Self::Output {
        let zero = Fq2::ZERO;
        let lanes = |point: &G2Affine| [point.y, point.x, point.x, point.y, zero, zero, zero, zero];
        let addends = [
            Fp2::<W>::from_plain(self.token, &lanes(&self.addends[0])),
            Fp2::<W>::from_plain(self.token, &lanes(&self.addends[1])),
            Fp2::<W>::from_plain(self.token, &lanes(&self.addends[2])),
            Fp2::<W>::from_plain(self.token, &lanes(&self.addends[3])),
        ];
        let q = &self.addends[0];
        let three_b = <ark_bn254::g2::Config as ark_ec::short_weierstrass::SWCurveConfig>::COEFF_B
            * Fq2::from(3);
        let point = [q.x, q.y, Fq2::ONE, three_b, zero, zero, zero, zero];
        let mut state = State {
            f: Fp12Single::from_plain(isa, &Fq12::ONE),
            point: Fp2::from_plain(isa, &point),
            factors: [Fp::from_plain(isa, &self.factors[0]), Fp::from_plain(isa, &self.factors[1])],
        };
        let mut lines = self.lines.iter();
        let digits = <Config as BnConfig>::ATE_LOOP_COUNT.iter().rev().skip(1);
        for (i, digit) in digits.enumerate() {
            if i > 0 {
                let f = state.f;
                state.f.mul(isa, &f);
            }
            isa.run(Double(&mut state));
            if let Some(line) = lines.next() {
                isa.run(FixedLines(&mut state, line));
            }
            if *digit != 0 {
                isa.run(Add(&mut state, &addends[usize::from(*digit < 0)]));
                if let Some(line) = lines.next() {
                    isa.run(FixedLines(&mut state, line));
                }
            }
        }
        for addend in &addends[2..] {
            isa.run(Add(&mut state, addend));
            if let Some(line) = lines.next() {
                isa.run(FixedLines(&mut state, line));
            }
        }
        let [x, y, z, ..] = state.point.to_plain();
        (state.f.to_plain(), [x, y, z])
    }
}

/// Permutations that move w^k to w^(k + 1) and to w^(k + 3).
const BY_ONE: [u64; 8] = [5, 0, 1, 2, 3, 4, 6, 7];
const BY_THREE: [u64; 8] = [3, 4, 5, 0, 1, 2, 6, 7];

impl<W: U64x8> State<W>
where
    W::Token: Isa<Fq2 = Fp2<W>, Fq = Fp<Base, W>>,
{
    /// Multiplies by the line a + b·w + c·w^3. Lanes 0, 2 and 4 hold a, b and c before their
    /// multiplication by the ratios of the point.
    #[inline(always)]
    fn line(&mut self, line: &Fp2<W>) {
        // Lanes 1 and 3 become (9 + u)·b and (9 + u)·c, for the powers of w that wrap around.
        let line = line.select(0b1010, &line.xi()).scale(&self.factors[1]).factor();
        let f = &self.f.0;
        self.f.0 = Fp2::dot(
            [f, &f.permute(&BY_ONE), &f.permute(&BY_THREE)],
            [
                &line.permute(&[0, 0, 0, 0, 0, 0, 0, 0]),
                &line.permute(&[1, 2, 2, 2, 2, 2, 2, 2]),
                &line.permute(&[3, 3, 3, 4, 4, 4, 4, 4]),
            ],
        );
    }

    /// Multiplies by 1 + b·w + c·w^3, given (9 + u)·b, b, (9 + u)·c and c.
    #[inline(always)]
    fn monic_line(&mut self, lines: &Factor<W>, b: &[u64; 8], c: &[u64; 8]) {
        let f = &self.f.0;
        let sum = Fp2::dot(
            [&f.permute(&BY_ONE), &f.permute(&BY_THREE)],
            [&lines.permute(b), &lines.permute(c)],
        );
        self.f.0 = sum.add(f);
    }
}

/// Multiplies by the lines of the fixed points.
struct FixedLines<'a, W>(&'a mut State<W>, &'a SavedLanes);

impl<W: U64x8> Kernel<W::Token> for FixedLines<'_, W>
where
    W::Token: Isa<Fq2 = Fp2<W>, Fq = Fp<Base, W>>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, isa: W::Token) {
        let lines = Fp2::restore(isa, self.1).scale(&self.0.factors[0]).factor();
        self.0.monic_line(&lines, &[0, 1, 1, 1, 1, 1, 1, 1], &[2, 2, 2, 3, 3, 3, 3, 3]);
        self.0.monic_line(&lines, &[4, 5, 5, 5, 5, 5, 5, 5], &[6, 6, 6, 7, 7, 7, 7, 7]);
    }
}

/// Doubles T and multiplies by the line.
///
/// # Source
/// Costello, Lange, Naehrig: "Faster pairing computations on curves with high-degree twists",
/// ePrint 2009/615.
struct Double<'a, W>(&'a mut State<W>);

impl<W: U64x8> Kernel<W::Token> for Double<'_, W>
where
    W::Token: Isa<Fq2 = Fp2<W>, Fq = Fp<Base, W>>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, _: W::Token) {
        let state = self.0;
        let t = &state.point;
        // XY, B = Y^2, E = 3bZ^2, YZ, X^2, 3bYZ.
        let p = t.permute(&[0, 1, 2, 1, 0, 1, 6, 7]).mul(&t.permute(&[1, 1, 3, 2, 0, 3, 6, 7]));
        // 2YZ, then 3X^2 twice, then B - E twice.
        let (u, v) = (p.permute(&[3, 4, 4, 1, 1, 1, 1, 1]), p.permute(&[3, 4, 4, 2, 2, 2, 2, 2]));
        let twice = u.add(&v);
        let line = twice.select(0b110, &twice.add(&u)).select(0b1111_1000, &u.sub(&v));
        // F = 3E; then 2XY·(B - F), (B + F)^2, 12E·E, 8B·YZ, 8B·3bYZ.
        let e = p.permute(&[2; 8]);
        let f = e.add(&e).add(&e);
        let right = p.permute(&[1, 1, 2, 3, 5, 5, 5, 5]);
        let sum = right.add(&f);
        let right = right.select(0b1, &right.sub(&f)).select(0b10, &sum);
        let left = p.permute(&[0, 1, 2, 1, 1, 1, 1, 1]).select(0b100, &f);
        let left_2 = left.twice();
        let left_4 = left_2.twice();
        let left =
            left_2.select(0b10, &sum).select(0b100, &left_4).select(0b1111_1000, &left_4.twice());
        let p = Fp2::dot([&left], [&right.factor()]);
        let next = p.permute(&[0, 1, 3, 4, 4, 4, 4, 4]);
        state.point = next.select(0b10, &next.sub(&p.permute(&[2; 8])));
        state.line(&line);
    }
}

/// Adds a point to T and multiplies by the line. Lanes 0 to 3 hold y, x, x and y of the point.
struct Add<'a, W>(&'a mut State<W>, &'a Fp2<W>);

impl<W: U64x8> Kernel<W::Token> for Add<'_, W>
where
    W::Token: Isa<Fq2 = Fp2<W>, Fq = Fp<Base, W>>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, _: W::Token) {
        let (state, q) = (self.0, self.1);
        let t = &state.point;
        // theta = Y - yZ and lambda = X - xZ.
        let rise = t.permute(&[1, 0, 0, 0, 0, 0, 0, 0]).sub(&q.mul(&t.permute(&[2; 8])));
        let [theta, lambda] = [rise.permute(&[0; 8]), rise.permute(&[1; 8])];
        // theta^2, lambda^2, theta·x, lambda·y.
        let both = theta.select(0b1010, &lambda);
        let squares = both.mul(&both.select(0b1111_1100, q));
        let constant = squares.permute(&[2; 8]).sub(&squares.permute(&[3; 8]));
        let line = lambda.select(0b110, &theta).select(0b1111_1000, &constant);
        // lambda^3, Z·theta^2, X·lambda^2.
        let left = t.permute(&[0, 2, 0, 0, 0, 0, 0, 0]).select(0b1, &lambda);
        let p = left.mul(&squares.permute(&[1, 0, 1, 1, 1, 1, 1, 1]));
        let (cube, middle) = (p.permute(&[0; 8]), p.permute(&[2; 8]));
        let h = cube.add(&p.permute(&[1; 8])).sub(&middle).sub(&middle);
        // lambda·h, theta·(X·lambda^2 - h), lambda^3·(Y, Z, 3bZ).
        let left = cube.select(0b1, &lambda).select(0b10, &theta);
        let right = t.permute(&[0, 0, 1, 2, 3, 3, 3, 3]).select(0b1, &h);
        let p = left.mul(&right.select(0b10, &middle.sub(&h)));
        let next = p.permute(&[0, 1, 3, 4, 4, 4, 4, 4]);
        state.point = next.reduce().select(0b10, &next.sub(&p.permute(&[2; 8])));
        state.line(&line);
    }
}
