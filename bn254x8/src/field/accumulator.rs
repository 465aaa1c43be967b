//! Sums of products with a single Montgomery reduction.

use super::{
    Fp, U64x8,
    bound::{Area, Bound},
    prime::Prime,
};

/// A sum of products in each of eight lanes, as columns of 52 bits whose carries are pending.
///
/// A product adds at most ten numbers of 52 bits to a column, and so does the reduction. A column
/// of 64 bits therefore has room for hundreds of products.
#[derive(Clone, Copy)]
pub(super) struct Accumulator<W> {
    columns: [W; 10],
    area: Area,
    /// Bound of what was added above the products.
    above: Bound,
}

impl<W: U64x8> Accumulator<W> {
    /// The empty sum. `word` may be any word: it proves that the instructions are available.
    #[inline(always)]
    pub(super) fn none(word: W) -> Self {
        Self { columns: [word.splat(0); 10], area: Area::none(), above: Bound::of(0.0) }
    }

    /// Adds the product of a and b.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn add<P: Prime>(&mut self, a: &Fp<P, W>, b: &Fp<P, W>) {
        self.area = self.area.plus(a.bound, b.bound);
        let (a, b, t) = (&a.limbs, &b.limbs, &mut self.columns);
        macro_rules! row {
            ($j:literal: $($i:literal)*) => {
                let factor = b[$j];
                $(
                    t[$i + $j] = t[$i + $j].add_low(a[$i], factor);
                    t[$i + $j + 1] = t[$i + $j + 1].add_high(a[$i], factor);
                )*
            };
        }
        row!(0: 0 1 2 3 4);
        row!(1: 0 1 2 3 4);
        row!(2: 0 1 2 3 4);
        row!(3: 0 1 2 3 4);
        row!(4: 0 1 2 3 4);
    }

    /// Adds an element to the result of the reduction.
    #[inline(always)]
    pub(super) fn add_above<P: Prime>(&mut self, a: &Fp<P, W>) {
        self.above = self.above.plus(a.bound);
        macro_rules! limb {
            ($($i:literal)*) => {$(
                self.columns[$i + 5] = self.columns[$i + 5].add(a.limbs[$i]);
            )*};
        }
        limb!(0 1 2 3 4);
    }

    /// Montgomery's reduction. The sum of the products must be at most 84 p^2. The result is below
    /// 2 p plus the elements that were added above.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn reduce<P: Prime>(self) -> Fp<P, W> {
        let mut t = self.columns;
        let zero = t[0].splat(0);
        let p = [
            zero.splat(P::P[0]),
            zero.splat(P::P[1]),
            zero.splat(P::P[2]),
            zero.splat(P::P[3]),
            zero.splat(P::P[4]),
        ];
        let inverse = zero.splat(P::NEGATIVE_INVERSE);
        macro_rules! step {
            ($($i:literal)*) => {$(
                let q = zero.add_low(t[$i], inverse);
                t[$i] = t[$i].add_low(q, p[0]);
                t[$i + 1] = t[$i + 1].add_high(q, p[0]).add_low(q, p[1]).add(t[$i].shr::<52>());
                t[$i + 2] = t[$i + 2].add_high(q, p[1]).add_low(q, p[2]);
                t[$i + 3] = t[$i + 3].add_high(q, p[2]).add_low(q, p[3]);
                t[$i + 4] = t[$i + 4].add_high(q, p[3]).add_low(q, p[4]);
                t[$i + 5] = t[$i + 5].add_high(q, p[4]);
            )*};
        }
        step!(0 1 2 3 4);
        Fp::carried([t[5], t[6], t[7], t[8], t[9]], self.area.reduced().plus(self.above))
    }
}
