//! The final exponentiation of one element, with its coefficients in the lanes of a vector.

use std::{marker::PhantomData, sync::OnceLock};

use ark_bn254::{Fq2, Fq12, Fq12Config};
use ark_ff::{Field as _, Fp12Config as _};

use crate::{
    backend::{Isa, Kernel},
    field::{Base, Extension as _, Fp, Fp2, Lanes as _, U64x8},
};

/// The final exponentiation. `None` for zero.
///
/// # Source
/// Fuentes-Castañeda, Knapp, Rodríguez-Henríquez: "Faster hashing to G2", SAC 2011; Granger, Scott:
/// "Faster squaring in the cyclotomic subgroup of sixth degree extensions", ePrint 2009/565.
pub(super) fn exponentiate<W: U64x8>(isa: W::Token, f: &Fq12) -> Option<Fq12>
where
    W::Token: Isa<Fq2 = Fp2<W>, Fq = Fp<Base, W>>,
{
    // Raise to the power p^6 - 1. From here on, inverses are conjugates.
    let inverse = f.inverse()?;
    let mut unitary = *f;
    unitary.conjugate_in_place();
    unitary *= inverse;
    Some(isa.run(Exponentiation::<W>(&unitary, PhantomData)))
}

/// One element: lanes 0 to 5 hold the coefficients of w^0 to w^5, reduced. Lanes 6 and 7 hold any
/// reduced values.
#[derive(Clone, Copy)]
pub(super) struct Fp12Single<W>(pub(super) Fp2<W>);

/// The coefficients of w^0 to w^5, in the first six places.
pub(super) fn coefficients(f: &Fq12) -> [Fq2; 8] {
    let (a, b) = (&f.c0, &f.c1);
    [a.c0, b.c0, a.c1, b.c1, a.c2, b.c2, Fq2::from(0), Fq2::from(0)]
}

impl<W: U64x8> Fp12Single<W>
where
    W::Token: Isa<Fq2 = Fp2<W>>,
{
    #[inline(always)]
    pub(super) fn from_plain(isa: W::Token, f: &Fq12) -> Self {
        Self(Fp2::from_plain(isa, &coefficients(f)))
    }

    pub(super) fn to_plain(self) -> Fq12 {
        let [a, b, c, d, e, f, ..] = self.0.to_plain();
        Fq12::new(ark_bn254::Fq6::new(a, c, e), ark_bn254::Fq6::new(b, d, f))
    }

    #[inline(always)]
    pub(super) fn mul(&mut self, isa: W::Token, other: &Self) {
        isa.run(Multiply(self, other));
    }

    #[inline(always)]
    fn square(&mut self, isa: W::Token) {
        isa.run(Square(self));
    }

    /// The conjugate over Fq6: changes the signs of the odd powers of w.
    #[inline(always)]
    fn conjugate(&self) -> Self {
        let negative = self.0.negated();
        Self(self.0.select(0b10_1010, &negative))
    }

    /// Raises an element of the cyclotomic subgroup to the power x, the parameter of the curve.
    #[inline(always)]
    fn power(&self, isa: W::Token) -> Self {
        let mut square = *self;
        square.square(isa);
        let mut odd = [*self; 4];
        for i in 1..4 {
            odd[i] = odd[i - 1];
            odd[i].mul(isa, &square);
        }
        let mut power = *self;
        for digit in DIGITS.iter().rev().skip(1) {
            power.square(isa);
            if *digit != 0 {
                let factor = odd[digit.unsigned_abs() as usize / 2];
                power.mul(isa, &if *digit < 0 { factor.conjugate() } else { factor });
            }
        }
        power
    }

    /// Raises the element to the power p^(i + 1).
    #[inline(always)]
    fn frobenius(&self, isa: W::Token, i: usize) -> Self {
        let factors = Fp2::from_plain(isa, &frobenius()[i]);
        let g = if i.is_multiple_of(2) { self.0.conjugate() } else { self.0 };
        Self(g.mul(&factors))
    }
}

/// The kernel of a product. It exists once because it is large and used in many places.
struct Multiply<'a, W>(&'a mut Fp12Single<W>, &'a Fp12Single<W>);

impl<W: U64x8> Kernel<W::Token> for Multiply<'_, W>
where
    W::Token: Isa<Fq2 = Fp2<W>>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, _: W::Token) {
        self.0.0 = self.0.0.fp12_product(&self.1.0);
    }
}

/// The kernel that squares an element of the cyclotomic subgroup.
///
/// The pairs (g0, g3), (g1, g4) and (g2, g5) are read as elements x + y·s of Fq4, with s^2 = 9 + u.
/// Their squares have the parts x^2 + (9 + u)·y^2 and 2·x·y. The result combines those parts with
/// twice the coefficients.
struct Square<'a, W>(&'a mut Fp12Single<W>);

impl<W: U64x8> Kernel<W::Token> for Square<'_, W>
where
    W::Token: Isa<Fq2 = Fp2<W>>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, _: W::Token) {
        let g = self.0.0;
        let (plain, wrapped) = (g.factor(), g.xi().factor());
        let left = g.permute(&[0, 2, 1, 0, 2, 1, 6, 7]);
        let right = plain
            .permute(&[0, 0, 1, 3, 2, 4, 6, 7])
            .select(0b10, &wrapped.permute(&[5, 5, 5, 5, 5, 5, 6, 7]));
        let left_2 = g.permute(&[3, 2, 4, 3, 5, 4, 6, 7]);
        let right_2 = wrapped
            .permute(&[3, 5, 4, 3, 5, 4, 6, 7])
            .select(0b10_1000, &plain.permute(&[0, 0, 0, 0, 0, 1, 6, 7]));
        let t = Fp2::dot([&left, &left_2], [&right, &right_2]);
        // 3t - 2g in even lanes and 3t + 2g in odd ones, as 2·(t - g) + t and 2·(t + g) + t.
        let negative = g.negated();
        let half = t.add(&negative.select(0b10_1010, &g));
        self.0.0 = half.add(&half).add(&t);
    }
}

/// The factors of the coefficients, for the powers p, p^2 and p^3.
fn frobenius() -> &'static [[Fq2; 8]; 3] {
    static FACTORS: OnceLock<[[Fq2; 8]; 3]> = OnceLock::new();
    FACTORS.get_or_init(|| {
        std::array::from_fn(|i| {
            let w = Fq12Config::FROBENIUS_COEFF_FP12_C1[i + 1];
            std::array::from_fn(|k| w.pow([k as u64]))
        })
    })
}

/// The curve's x in digits that are odd, from -7 to 7, or zero; lowest first.
pub(super) const DIGITS: [i8; 63] = [
    1, 0, 0, 0, -1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, -7, 0, 0, 0, 7, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1,
    0, 0, 0, -3, 0, 0, 0, -5, 0, 0, 0, 5, 0, 0, 0, 0, 3, 0, 0, 0, -3, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0,
    1,
];

/// The kernel that raises an element to the power (p^2 + 1)(p^4 - p^2 + 1)/r·2x(6x^2 + 3x + 1). The
/// inverse of the element must be its conjugate.
struct Exponentiation<'a, W>(&'a Fq12, PhantomData<W>);

impl<W: U64x8> Kernel<W::Token> for Exponentiation<'_, W>
where
    W::Token: Isa<Fq2 = Fp2<W>>,
{
    type Output = Fq12;

    #[inline(always)]
    fn run(self, isa: W::Token) -> Fq12 {
        let unitary = Fp12Single::<W>::from_plain(isa, self.0);
        let mut r = unitary.frobenius(isa, 1);
        r.mul(isa, &unitary);
        // The steps and names are those of arkworks.
        macro_rules! product {
            ($a:expr, $b:expr) => {{
                let mut product = $a;
                product.mul(isa, &$b);
                product
            }};
        }
        macro_rules! square {
            ($a:expr) => {{
                let mut square = $a;
                square.square(isa);
                square
            }};
        }
        let y0 = r.power(isa).conjugate();
        let y1 = square!(y0);
        let y2 = square!(y1);
        let y3 = product!(y2, y1);
        let y4 = y3.power(isa).conjugate();
        let y5 = square!(y4);
        let y6 = y5.power(isa);
        let y3 = y3.conjugate();
        let y7 = product!(y6, y4);
        let y8 = product!(y7, y3);
        let y9 = product!(y8, y1);
        let y10 = product!(y8, y4);
        let y11 = product!(y10, r);
        let y13 = product!(y9.frobenius(isa, 0), y11);
        let y14 = product!(y8.frobenius(isa, 1), y13);
        let y15 = product!(r.conjugate(), y9);
        product!(y15.frobenius(isa, 2), y14).to_plain()
    }
}
