//! The final exponentiation, of one element: its coefficients beside each other.

use std::{marker::PhantomData, sync::OnceLock};

use ark_bn254::{Fq2, Fq12, Fq12Config};
use ark_ff::{Field as _, Fp12Config as _};

use super::SinglePairing as _;
use crate::{
    Backend, Error,
    backend::{Isa, Kernel, dispatch},
    field::{Base, Extension as _, Fp, Fp2, Lanes as _, U64x8},
};

/// The final exponentiation, as arkworks has it: the same power. None for zero.
///
/// # Errors
/// The machine lacks the backend.
///
/// # Cost
/// 190 squarings in the cyclotomic subgroup, and 60 products.
///
/// # Source
/// Fuentes-Castañeda, Knapp, Rodríguez-Henríquez: "Faster hashing to G2", SAC 2011; Granger, Scott: "Faster squaring in the
/// cyclotomic subgroup of sixth degree extensions", ePrint 2009/565.
pub fn final_exponentiation(backend: Backend, f: &Fq12) -> Result<Option<Fq12>, Error> {
    dispatch!(backend, isa => single(isa, f))
}

fn single<I: Isa>(isa: I, f: &Fq12) -> Option<Fq12> {
    I::Pairing::final_exponentiation(isa, f)
}

pub(super) fn exponentiate<W: U64x8>(isa: W::Token, f: &Fq12) -> Option<Fq12>
where
    W::Token: Isa<Fq2 = Fp2<W>, Fq = Fp<Base, W>>,
{
    // The power p^6 - 1, after which an inverse is a conjugate.
    let inverse = f.inverse()?;
    let mut unitary = *f;
    unitary.conjugate_in_place();
    unitary *= inverse;
    Some(isa.run(Exponentiation::<W>(&unitary, PhantomData)))
}

/// One element: lanes 0 to 5 are the coefficients of w^0 to w^5, reduced. Lanes 6 and 7 hold anything reduced.
#[derive(Clone, Copy)]
pub(super) struct Fp12Single<W>(pub(super) Fp2<W>);

/// Coefficients of w^0 to w^5.
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

    /// The conjugate over Fq6: odd powers of w change their signs.
    #[inline(always)]
    fn conjugate(&self) -> Self {
        let negative = self.0.negated();
        Self(self.0.select(0b10_1010, &negative))
    }

    /// The power x of the curve, of an element of the cyclotomic subgroup.
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

    /// The power p^(i + 1).
    #[inline(always)]
    fn frobenius(&self, isa: W::Token, i: usize) -> Self {
        let factors = Fp2::from_plain(isa, &frobenius()[i]);
        let g = if i.is_multiple_of(2) { self.0.conjugate() } else { self.0 };
        Self(g.mul(&factors))
    }
}

/// A product. A function of its own, since it is large and called from many places.
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

/// The square, of an element of the cyclotomic subgroup.
///
/// With (g0, g3), (g1, g4) and (g2, g5) for elements x + y·s of Fq4, s^2 = 9 + u, the squares are
/// x^2 + (9 + u)·y^2 and 2·x·y; out of them and of twice the coefficients the new ones are put together.
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
        // 3t - 2g in even lanes, 3t + 2g in odd ones: twice their sum, and t.
        let negative = g.negated();
        let half = t.add(&negative.select(0b10_1010, &g));
        self.0.0 = half.add(&half).add(&t);
    }
}

/// Per power p, p^2, p^3: what the coefficients are multiplied with.
fn frobenius() -> &'static [[Fq2; 8]; 3] {
    static FACTORS: OnceLock<[[Fq2; 8]; 3]> = OnceLock::new();
    FACTORS.get_or_init(|| {
        std::array::from_fn(|i| {
            let w = Fq12Config::FROBENIUS_COEFF_FP12_C1[i + 1];
            std::array::from_fn(|k| w.pow([k as u64]))
        })
    })
}

/// The curve's x in odd digits from -7 to 7 and zeros, the lowest first.
pub(super) const DIGITS: [i8; 63] = [
    1, 0, 0, 0, -1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, -7, 0, 0, 0, 7, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1,
    0, 0, 0, -3, 0, 0, 0, -5, 0, 0, 0, 5, 0, 0, 0, 0, 3, 0, 0, 0, -3, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0,
    1,
];

/// The power (p^2 + 1)(p^4 - p^2 + 1)/r·2x(6x^2 + 3x + 1), of an element whose inverse is its conjugate.
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
        // arkworks' steps, and its names.
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
