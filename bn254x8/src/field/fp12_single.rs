//! Vectors whose lanes hold different coefficients: arithmetic of one element of the extension of
//! degree twelve.

use super::{
    Extension as _, Factor, Fp, Fp2, Lanes as _, Line, SavedLanes, U64x8, accumulator::Accumulator,
    bound::Bound, prime::Base,
};
use crate::backend::Isa;

impl<W: U64x8> Fp<Base, W> {
    /// Permutes lanes: lane i of the result is lane `order[i]`.
    #[inline(always)]
    pub(crate) fn permute(&self, order: &[u64; 8]) -> Self {
        let l = &self.limbs;
        let limbs = [
            l[0].permute(order),
            l[1].permute(order),
            l[2].permute(order),
            l[3].permute(order),
            l[4].permute(order),
        ];
        Self::new(limbs, self.bound)
    }

    #[inline(always)]
    fn stored(&self) -> [Line; 5] {
        let l = &self.limbs;
        [l[0].store(), l[1].store(), l[2].store(), l[3].store(), l[4].store()]
    }

    /// Copies one lane to every lane.
    #[inline(always)]
    fn lane_of(word: W, lines: &[Line; 5], lane: usize, bound: Bound) -> Self {
        let limbs = [
            word.splat(lines[0].0[lane]),
            word.splat(lines[1].0[lane]),
            word.splat(lines[2].0[lane]),
            word.splat(lines[3].0[lane]),
            word.splat(lines[4].0[lane]),
        ];
        Self::new(limbs, bound)
    }

    /// Eight consecutive words of each row, starting at word `from`.
    #[inline(always)]
    fn window(word: W, rows: &[[u64; 16]; 5], from: usize, bound: Bound) -> Self {
        macro_rules! row {
            ($i:literal) => {{
                let mut words = [0; 8];
                words.copy_from_slice(&rows[$i][from..from + 8]);
                word.load(&words)
            }};
        }
        Self::new([row!(0), row!(1), row!(2), row!(3), row!(4)], bound)
    }

    /// Per limb, six words of `wrapped` and then six of `self`: the rows that [`Self::window`]
    /// reads.
    #[inline(always)]
    fn rows(&self, wrapped: &Self) -> [[u64; 16]; 5] {
        let (this, wrapped) = (self.stored(), wrapped.stored());
        let mut rows = [[0; 16]; 5];
        for (row, (this, wrapped)) in rows.iter_mut().zip(this.iter().zip(&wrapped)) {
            row[..8].copy_from_slice(&wrapped.0);
            row[6..14].copy_from_slice(&this.0);
        }
        rows
    }
}

impl<W: U64x8> Fp2<W>
where
    W::Token: Isa,
{
    /// The negative, reduced. `self` must be below 2 p.
    #[inline(always)]
    pub(crate) fn negated(&self) -> Self {
        Self { c0: self.c0.negative::<2>().reduce(), c1: self.c1.negative::<2>().reduce() }
    }

    /// Twice the element, not reduced.
    #[inline(always)]
    pub(crate) fn twice(&self) -> Self {
        Self { c0: self.c0.add_lazy(&self.c0), c1: self.c1.add_lazy(&self.c1) }
    }

    /// Permutes lanes: lane i of the result is lane `order[i]`.
    #[inline(always)]
    pub(crate) fn permute(&self, order: &[u64; 8]) -> Self {
        Self { c0: self.c0.permute(order), c1: self.c1.permute(order) }
    }

    /// Saves the element to memory. It must be reduced.
    #[inline(always)]
    pub(crate) fn save(&self) -> SavedLanes {
        let ([a, b, c, d, e], [f, g, h, i, j]) = (self.c0.stored(), self.c1.stored());
        SavedLanes([a, b, c, d, e, f, g, h, i, j])
    }

    /// Loads what [`Self::save`] stored.
    #[inline(always)]
    pub(crate) fn restore(token: W::Token, saved: &SavedLanes) -> Self {
        let [a, b, c, d, e, f, g, h, i, j] = &saved.0;
        macro_rules! part {
            ($($line:ident)*) => {
                Fp::new([$(W::from_line(token, $line)),*], Bound::of(1.65))
            };
        }
        Self { c0: part!(a b c d e), c1: part!(f g h i j) }
    }

    /// The product in Fq2(w) with w^6 = 9 + u, below 1.5 p. Lanes 0 to 5 hold the coefficients of
    /// w^0 to w^5. Lanes 6 and 7 may hold anything, but must be reduced like the others.
    #[cfg_attr(not(test), inline(always))]
    pub(crate) fn fp12_product(&self, other: &Self) -> Self {
        let wrapped = other.xi();
        let factor = other.factor();
        let wrapped = wrapped.factor();
        let word = self.c0.limbs[0];
        let (a0, a1) = (self.c0.stored(), self.c1.stored());
        let b0 = factor.c0.rows(&wrapped.c0);
        let b1 = factor.c1.rows(&wrapped.c1);
        let negative = factor.negative.rows(&wrapped.negative);
        let (mut c0, mut c1) = (Accumulator::none(word), Accumulator::none(word));
        for i in 0..6 {
            // Coefficient i of `self` times `other` rotated by i positions.
            let x0 = Fp::lane_of(word, &a0, i, self.c0.bound);
            let x1 = Fp::lane_of(word, &a1, i, self.c1.bound);
            let bound = factor.c0.bound.most(wrapped.c0.bound);
            let y0 = Fp::window(word, &b0, 6 - i, bound);
            let bound = factor.c1.bound.most(wrapped.c1.bound);
            let y1 = Fp::window(word, &b1, 6 - i, bound);
            let y2 = Fp::window(word, &negative, 6 - i, Bound::of(2.0));
            c0.add(&x0, &y0);
            c0.add(&x1, &y2);
            c1.add(&x0, &y1);
            c1.add(&x1, &y0);
        }
        Self { c0: c0.reduce(), c1: c1.reduce() }
    }
}

impl<W: U64x8> Factor<W> {
    /// Permutes lanes: lane i of the result is lane `order[i]`.
    #[inline(always)]
    pub(crate) fn permute(&self, order: &[u64; 8]) -> Self {
        Self {
            c0: self.c0.permute(order),
            c1: self.c1.permute(order),
            negative: self.negative.permute(order),
        }
    }

    /// Takes the lanes whose bit is set from `other`, and the rest from `self`.
    #[inline(always)]
    pub(crate) fn select(&self, lanes: u8, other: &Self) -> Self
    where
        W::Token: Isa,
    {
        Self {
            c0: self.c0.select(lanes, &other.c0),
            c1: self.c1.select(lanes, &other.c1),
            negative: self.negative.select(lanes, &other.negative),
        }
    }
}
