//! Batches of affine additions and doublings, in which many divisions share one inversion.

use std::marker::PhantomData;

use ark_ec::CurveGroup as _;
use ark_ff::{AdditiveGroup as _, Field as _};

use super::{
    group::{BaseField, Group, Sum, plain_point},
    wipe::wipe,
};
use crate::{
    backend::{Isa as _, Kernel},
    field::{Coordinate, Lanes},
};

/// Eight points. Zero coordinates represent infinity; no point of order r has y = 0.
#[derive(Clone, Copy)]
pub(super) struct Points<C> {
    pub(super) x: C,
    pub(super) y: C,
}

impl<C: Coordinate> Points<C> {
    #[inline(always)]
    pub(super) fn infinity(isa: C::Isa) -> Self {
        Self { x: C::zero(isa), y: C::zero(isa) }
    }

    #[inline(always)]
    pub(super) fn load(isa: C::Isa, rows: [&C::Row; 8]) -> Self {
        let (x, y) = C::load(isa, rows);
        Self { x, y }
    }

    #[inline(always)]
    pub(super) fn select(&self, lanes: u8, other: &Self) -> Self {
        Self { x: self.x.select(lanes, &other.x), y: self.y.select(lanes, &other.y) }
    }

    /// The coordinates of each point; `None` at infinity.
    pub(super) fn to_plain(self) -> [Option<(C::Plain, C::Plain)>; 8] {
        let infinity = self.y.zeros();
        let (x, y) = (self.x.to_plain(), self.y.to_plain());
        std::array::from_fn(|i| (infinity >> i & 1 == 0).then_some((x[i], y[i])))
    }
}

/// Working memory for one batch.
pub(super) struct Batch<C> {
    /// The divisors.
    divisors: Vec<C>,
    /// For each divisor, the product of all earlier ones.
    before: Vec<C>,
}

impl<C> Default for Batch<C> {
    fn default() -> Self {
        Self { divisors: Vec::new(), before: Vec::new() }
    }
}

impl<C> Batch<C> {
    /// Overwrites the numbers, and keeps the allocations.
    pub(super) fn wipe(&mut self) {
        wipe(&mut self.divisors);
        wipe(&mut self.before);
    }
}

impl<C: Coordinate> Batch<C> {
    #[inline(always)]
    fn begin(&mut self, isa: C::Isa, length: usize) {
        self.divisors.clear();
        self.divisors.resize(length, C::zero(isa));
        self.before.clear();
        self.before.resize(length, C::zero(isa));
    }

    /// Computes the products of the divisors, and returns the inverse of the product of all. Zero
    /// divisors are replaced by one, and their vectors and lanes are returned.
    #[inline(always)]
    fn invert(&mut self, isa: C::Isa, one: &C) -> (C, Vec<(usize, u8)>) {
        let mut zeros = Vec::new();
        loop {
            let mut product = *one;
            for (before, divisor) in self.before.iter_mut().zip(&self.divisors) {
                *before = product;
                product = product.mul(divisor);
            }
            match product.inverse(isa) {
                Some(inverse) => return (inverse, zeros),
                // Once zero divisors are replaced, the product has an inverse.
                None if !zeros.is_empty() => return (*one, zeros),
                None => zeros = self.replace(one),
            }
        }
    }

    /// Replaces zero divisors by one, and returns their vectors and lanes.
    #[cold]
    #[inline(never)]
    fn replace(&mut self, one: &C) -> Vec<(usize, u8)> {
        let mut zeros = Vec::new();
        for (v, divisor) in self.divisors.iter_mut().enumerate() {
            let lanes = zero_lanes(divisor);
            if lanes != 0 {
                zeros.push((v, lanes));
                *divisor = divisor.select(lanes, one);
            }
        }
        zeros
    }

    /// `to[i] += from[i]`, including doublings and infinity. Coordinates are reduced.
    ///
    /// This is a kernel of its own, so that its long body exists once.
    pub(super) fn add<G: Group>(&mut self, isa: C::Isa, to: &mut [Points<C>], from: &[Points<C>])
    where
        C: Coordinate<Plain = BaseField<G>>,
    {
        isa.run(Add::<G, C> { batch: self, to, from, group: PhantomData });
    }

    #[inline(always)]
    fn add_inline<G: Group>(&mut self, isa: C::Isa, to: &mut [Points<C>], from: &[Points<C>])
    where
        C: Coordinate<Plain = BaseField<G>>,
    {
        let one = C::splat(isa, &C::Plain::ONE);
        self.begin(isa, to.len());
        for ((a, b), divisor) in to.iter().zip(from).zip(&mut self.divisors) {
            let infinite = a.y.zeros() | b.y.zeros();
            let dx = b.x.sub_lazy(&a.x);
            *divisor = if infinite == 0 { dx } else { dx.select(infinite, &one) };
        }
        let (mut inverse, same) = self.invert(isa, &one);
        // Pairs with the same x are rare, so arkworks adds them.
        let slow: Vec<_> = same
            .iter()
            .map(|(v, lanes)| (*v, *lanes, plain_sum::<G, C>(isa, &to[*v], &from[*v])))
            .collect();
        for v in (0..to.len()).rev() {
            let (a, b) = (&to[v], &from[v]);
            let quotient = inverse.mul(&self.before[v]);
            inverse = inverse.mul(&self.divisors[v]);
            let slope = b.y.sub_lazy(&a.y).mul(&quotient);
            // If either point is at infinity, `dx` is one and the result is not used.
            let x = b.x.sub_lazy(&a.x).third(&slope, &a.x);
            let y = slope.mul_sub(&a.x.sub_lazy(&x), &a.y);
            let mut sum = Points { x, y };
            let (from_b, from_a) = (a.y.zeros(), b.y.zeros());
            if from_a | from_b != 0 {
                sum = sum.select(from_a, a).select(from_b, b);
            }
            to[v] = sum;
        }
        for (v, lanes, sum) in slow {
            to[v] = to[v].select(lanes, &sum);
        }
    }
}

/// The kernel of [`Batch::add`].
struct Add<'a, G, C> {
    batch: &'a mut Batch<C>,
    to: &'a mut [Points<C>],
    from: &'a [Points<C>],
    group: PhantomData<G>,
}

impl<G: Group, C> Kernel<C::Isa> for Add<'_, G, C>
where
    C: Coordinate<Plain = BaseField<G>>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, isa: C::Isa) {
        self.batch.add_inline::<G>(isa, self.to, self.from);
    }
}

/// The lanes whose element is zero in the field: any multiple of p.
pub(super) fn zero_lanes<C: Lanes>(lanes: &C) -> u8 {
    let plain = lanes.to_plain();
    (0..8).map(|i| u8::from(ark_ff::Zero::is_zero(&plain[i])) << i).sum()
}

/// The sums of eight pairs of points, computed by arkworks.
#[cold]
#[inline(never)]
fn plain_sum<G: Group, C>(isa: C::Isa, a: &Points<C>, b: &Points<C>) -> Points<C>
where
    C: Coordinate<Plain = BaseField<G>>,
{
    let point = |point: Option<(C::Plain, C::Plain)>| {
        point.map_or_else(Sum::<G>::default, |(x, y)| plain_point::<G>(x, y))
    };
    let (a, b) = (a.to_plain(), b.to_plain());
    let sums: [_; 8] = std::array::from_fn(|i| (point(a[i]) + point(b[i])).into_affine());
    let zero = (C::Plain::ZERO, C::Plain::ZERO);
    let sums = sums.map(|sum| ark_ec::AffineRepr::xy(&sum).unwrap_or(zero));
    Points {
        x: C::from_plain(isa, &sums.map(|sum| sum.0)),
        y: C::from_plain(isa, &sums.map(|sum| sum.1)),
    }
}
