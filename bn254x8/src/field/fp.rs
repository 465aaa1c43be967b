//! A prime field in five limbs of 52 bits, in Montgomery form with radix 2^260.
//!
//! Both moduli are just below 2^253.6. A number of 260 bits therefore holds up to 84 p, and sums
//! and differences need no reduction of their own. Hot functions are always inlined, except in unit
//! tests, where that would take the compiler minutes. Integration tests run the inlined code.
//!
//! After every operation limbs 0 to 3 are below 2^52; the top limb holds the rest.

use std::marker::PhantomData;

use super::{
    Line,
    bound::Bound,
    prime::{self, Limbs, MASK, Prime},
    u64x8::U64x8,
};

/// Eight elements of the prime field P, in vectors of type W.
#[derive(Clone, Copy, Debug)]
pub struct Fp<P, W> {
    pub(super) limbs: [W; 5],
    pub(super) bound: Bound,
    prime: PhantomData<P>,
}

/// Applies an operation to each pair of limbs. This is a macro because a function that takes the
/// operation as an argument would not be inlined reliably.
macro_rules! limbwise {
    ($a:expr, $operation:ident, $b:expr $(, $more:expr)?) => {{
        let (a, b) = (&$a, &$b);
        [
            a[0].$operation($($more,)? b[0]),
            a[1].$operation($($more,)? b[1]),
            a[2].$operation($($more,)? b[2]),
            a[3].$operation($($more,)? b[3]),
            a[4].$operation($($more,)? b[4]),
        ]
    }};
}

/// A product whose carries are pending: limbs are below 2^58.
#[derive(Clone, Copy)]
pub(super) struct UncarriedProduct<P, W> {
    limbs: [W; 5],
    bound: Bound,
    prime: PhantomData<P>,
}

impl<P: Prime, W: U64x8> UncarriedProduct<P, W> {
    #[inline(always)]
    pub(super) fn new(limbs: [W; 5], bound: Bound) -> Self {
        Self { limbs, bound, prime: PhantomData }
    }

    #[inline(always)]
    pub(super) fn carried(self) -> Fp<P, W> {
        Fp::carried(self.limbs, self.bound)
    }

    /// The difference, reduced. `self` must be below 3.29 p and `other` below 2 p.
    #[inline(always)]
    pub(super) fn minus(self, other: &Fp<P, W>) -> Fp<P, W> {
        other.bound.at_most(2.0);
        let t = limbwise!(limbwise!(self.limbs, sub, other.limbs), add, other.multiple(2));
        Fp::reduced(t, self.bound.plus(Bound::of(2.0)))
    }
}

/// Several sums of two products ([`Fp::sum_of_products`]) with interleaved steps. `TWO` says
/// whether the sums have a second product.
macro_rules! products {
    ($two:ident, $([$a:ident $b:ident $c:ident $d:ident] $k:literal),*) => {{
        let bounds = [$(
            if $two {
                $a.bound.product($b.bound, $c.bound, $d.bound)
            } else {
                $a.bound.product($b.bound, Bound::of(0.0), Bound::of(0.0))
            }
        ),*];
        let a = [$(&$a.limbs),*];
        let b = [$(&$b.limbs),*];
        let c = [$(&$c.limbs),*];
        let d = [$(&$d.limbs),*];
        let word = a[0][0];
        let zero = word.splat(0);
        let p = [
            word.splat(P::P[0]),
            word.splat(P::P[1]),
            word.splat(P::P[2]),
            word.splat(P::P[3]),
            word.splat(P::P[4]),
        ];
        let (inverse, mask) = (word.splat(P::NEGATIVE_INVERSE), word.splat(MASK));
        let mut t = [$([zero, zero, zero, zero, zero, a[$k][0].splat(0)]),*];
        let mut q = [$(a[$k][0].splat(0)),*];
        macro_rules! step {
            ($i:literal) => {
                $(
                    t[$k][0] = t[$k][0].add_low(a[$k][0], b[$k][$i]);
                    if $two {
                        t[$k][0] = t[$k][0].add_low(c[$k][0], d[$k][$i]);
                    }
                )*
                $(q[$k] = zero.add_low(t[$k][0], inverse);)*
                $(
                    t[$k][1] = t[$k][1].add_low(a[$k][1], b[$k][$i]);
                    t[$k][2] = t[$k][2].add_low(a[$k][2], b[$k][$i]);
                    t[$k][3] = t[$k][3].add_low(a[$k][3], b[$k][$i]);
                    t[$k][4] = t[$k][4].add_low(a[$k][4], b[$k][$i]);
                    t[$k][1] = t[$k][1].add_high(a[$k][0], b[$k][$i]);
                    t[$k][2] = t[$k][2].add_high(a[$k][1], b[$k][$i]);
                    t[$k][3] = t[$k][3].add_high(a[$k][2], b[$k][$i]);
                    t[$k][4] = t[$k][4].add_high(a[$k][3], b[$k][$i]);
                    t[$k][5] = zero.add_high(a[$k][4], b[$k][$i]);
                    if $two {
                        t[$k][1] = t[$k][1].add_low(c[$k][1], d[$k][$i]);
                        t[$k][2] = t[$k][2].add_low(c[$k][2], d[$k][$i]);
                        t[$k][3] = t[$k][3].add_low(c[$k][3], d[$k][$i]);
                        t[$k][4] = t[$k][4].add_low(c[$k][4], d[$k][$i]);
                        t[$k][1] = t[$k][1].add_high(c[$k][0], d[$k][$i]);
                        t[$k][2] = t[$k][2].add_high(c[$k][1], d[$k][$i]);
                        t[$k][3] = t[$k][3].add_high(c[$k][2], d[$k][$i]);
                        t[$k][4] = t[$k][4].add_high(c[$k][3], d[$k][$i]);
                        t[$k][5] = t[$k][5].add_high(c[$k][4], d[$k][$i]);
                    }
                    // Adding q·p clears the low 52 bits. The carry is the rest of the limb, rounded
                    // up.
                    t[$k][1] = t[$k][1].add(t[$k][0].add(mask).shr::<52>());
                )*
                $(
                    t[$k][0] = t[$k][1].add_low(q[$k], p[1]).add_high(q[$k], p[0]);
                    t[$k][1] = t[$k][2].add_low(q[$k], p[2]).add_high(q[$k], p[1]);
                    t[$k][2] = t[$k][3].add_low(q[$k], p[3]).add_high(q[$k], p[2]);
                    t[$k][3] = t[$k][4].add_low(q[$k], p[4]).add_high(q[$k], p[3]);
                    t[$k][4] = t[$k][5].add_high(q[$k], p[4]);
                )*
            };
        }
        step!(0);
        step!(1);
        step!(2);
        step!(3);
        step!(4);
        [$(UncarriedProduct::new([t[$k][0], t[$k][1], t[$k][2], t[$k][3], t[$k][4]], bounds[$k])),*]
    }};
}

// Declared after the macros, which it uses.
mod lanes;

/// `TWO` for [`products`] when the sums have one product each.
const ONE: bool = false;

impl<P: Prime, W: U64x8> Fp<P, W> {
    #[inline(always)]
    pub(super) fn new(limbs: [W; 5], bound: Bound) -> Self {
        Self { limbs, bound, prime: PhantomData }
    }

    /// The same value with a tighter bound that the caller can prove.
    #[inline(always)]
    fn known(self, times: f64) -> Self {
        Self { bound: Bound::of(times), ..self }
    }

    #[inline(always)]
    pub(super) fn constant(token: W::Token, limbs: &Limbs) -> Self {
        Self::new(
            [
                W::from_word(token, limbs[0]),
                W::from_word(token, limbs[1]),
                W::from_word(token, limbs[2]),
                W::from_word(token, limbs[3]),
                W::from_word(token, limbs[4]),
            ],
            Bound::of(1.0),
        )
    }

    /// The limbs of k·p, in every lane.
    #[inline(always)]
    pub(super) fn multiple(&self, k: usize) -> [W; 5] {
        let word = self.limbs[0];
        [
            word.splat(P::MULTIPLES[0][k]),
            word.splat(P::MULTIPLES[1][k]),
            word.splat(P::MULTIPLES[2][k]),
            word.splat(P::MULTIPLES[3][k]),
            word.splat(P::MULTIPLES[4][k]),
        ]
    }

    /// Propagates signed carries. The number as a whole must not be negative.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn carried(t: [W; 5], bound: Bound) -> Self {
        let mask = t[0].splat(MASK);
        let t1 = t[1].add(t[0].sar::<52>());
        let t2 = t[2].add(t1.sar::<52>());
        let t3 = t[3].add(t2.sar::<52>());
        let t4 = t[4].add(t3.sar::<52>());
        Self::new([t[0].and(mask), t1.and(mask), t2.and(mask), t3.and(mask), t4], bound)
    }

    /// Subtracts the multiple of p that bits 253 to 255 indicate, then propagates carries. The
    /// number must be below 2^256.
    ///
    /// Limbs may be any signed numbers of 63 bits. Pending carries then make the top limb wrong by
    /// up to 2^11 units of 2^208, which is negligible beside 2^253. The top limb itself is not
    /// negative: what was subtracted had its carries propagated, and came with a multiple of p that
    /// is at least as large. (Unused lanes may hold anything.)
    ///
    /// The result is below 1.65 p: numbers from k·2^253 to (k + 1)·2^253, minus
    /// floor(k·2^253 / p)·p, are largest for k = 3, where they are below 4·2^253 - p.
    #[cfg_attr(not(test), inline(always))]
    fn reduced(t: [W; 5], bound: Bound) -> Self {
        let top = t[4].shr::<45>();
        let q = [
            top.lookup(&P::QUOTIENTS[0]),
            top.lookup(&P::QUOTIENTS[1]),
            top.lookup(&P::QUOTIENTS[2]),
            top.lookup(&P::QUOTIENTS[3]),
            top.lookup(&P::QUOTIENTS[4]),
        ];
        let t = [t[0].sub(q[0]), t[1].sub(q[1]), t[2].sub(q[2]), t[3].sub(q[3]), t[4].sub(q[4])];
        Self::carried(t, bound.reduced())
    }

    /// The sum, not reduced.
    #[inline(always)]
    pub(super) fn add_lazy(&self, other: &Self) -> Self {
        Self::carried(limbwise!(self.limbs, add, other.limbs), self.bound.plus(other.bound))
    }

    /// The difference plus K·p. `other` must be at most K·p.
    #[inline(always)]
    pub(super) fn sub_multiple<const K: usize>(&self, other: &Self) -> Self {
        other.bound.at_most(K as f64);
        let t = limbwise!(limbwise!(self.limbs, sub, other.limbs), add, self.multiple(K));
        Self::carried(t, self.bound.plus(Bound::of(K as f64)))
    }

    /// K·p minus the element, which must be at most K·p.
    #[inline(always)]
    pub(super) fn negative<const K: usize>(&self) -> Self {
        self.bound.at_most(K as f64);
        let (k, a) = (self.multiple(K), &self.limbs);
        let t = [k[0].sub(a[0]), k[1].sub(a[1]), k[2].sub(a[2]), k[3].sub(a[3]), k[4].sub(a[4])];
        Self::carried(t, Bound::of(K as f64))
    }

    /// `a·b + c·d` with one reduction, by operand scanning: one limb of b and d at a time. No
    /// column exceeds 2^57.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn sum_of_products<const TWO: bool>(a: &Self, b: &Self, c: &Self, d: &Self) -> Self {
        let [sum] = products!(TWO, [a b c d] 0);
        sum.carried()
    }

    /// Two such sums with interleaved steps: while one waits for its quotient, the other
    /// multiplies.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn two_sums_of_products<const TWO: bool>(
        [a, b, c, d]: [&Self; 4],
        [e, f, g, h]: [&Self; 4],
    ) -> [UncarriedProduct<P, W>; 2] {
        products!(TWO, [a b c d] 0, [e f g h] 1)
    }

    /// `square - x1 - x2`, reduced. `self` must be `x2.sub_lazy(x1)`, and `square` below 1.25 p.
    #[inline(always)]
    pub(super) fn third_of(&self, square: UncarriedProduct<P, W>, x1: &Self) -> Self {
        // square - (x2 - x1 + 2p) - 2·x1 + 6p = square - x1 - x2 + 4p, above 0 and below 5.25 p.
        square.bound.at_most(1.25);
        self.bound.at_most(3.65);
        x1.bound.at_most(1.65);
        let (s, d, x, k) = (&square.limbs, &self.limbs, &x1.limbs, self.multiple(6));
        macro_rules! limb {
            ($i:literal) => {
                s[$i].add(k[$i]).sub(d[$i].add(x[$i].add(x[$i])))
            };
        }
        let t = [limb!(0), limb!(1), limb!(2), limb!(3), limb!(4)];
        Self::reduced(t, square.bound.plus(Bound::of(4.0)))
    }

    /// The square, its carries pending.
    #[cfg_attr(not(test), inline(always))]
    fn loose_square(&self) -> UncarriedProduct<P, W> {
        let a = &self.limbs;
        let zero = a[0].splat(0);
        let mut t = [zero; 10];
        macro_rules! cross {
            ($($i:literal $j:literal),*) => {$(
                t[$i + $j] = t[$i + $j].add_low(a[$i], a[$j]);
                t[$i + $j + 1] = t[$i + $j + 1].add_high(a[$i], a[$j]);
            )*};
        }
        cross!(0 1, 0 2, 0 3, 0 4, 1 2, 1 3, 1 4, 2 3, 2 4, 3 4);
        macro_rules! double {
            ($($i:literal)*) => {$( t[$i] = t[$i].add(t[$i]); )*};
        }
        double!(1 2 3 4 5 6 7 8);
        cross!(0 0, 1 1, 2 2, 3 3, 4 4);
        let p = [
            a[0].splat(P::P[0]),
            a[0].splat(P::P[1]),
            a[0].splat(P::P[2]),
            a[0].splat(P::P[3]),
            a[0].splat(P::P[4]),
        ];
        let (inverse, mask) = (a[0].splat(P::NEGATIVE_INVERSE), a[0].splat(MASK));
        macro_rules! step {
            ($($i:literal)*) => {$(
                let q = zero.add_low(t[$i], inverse);
                // As in a product: the carry is what is above the low bits, rounded up.
                t[$i + 1] = t[$i + 1].add(t[$i].add(mask).shr::<52>());
                t[$i + 1] = t[$i + 1].add_low(q, p[1]).add_high(q, p[0]);
                t[$i + 2] = t[$i + 2].add_high(q, p[1]).add_low(q, p[2]);
                t[$i + 3] = t[$i + 3].add_high(q, p[2]).add_low(q, p[3]);
                t[$i + 4] = t[$i + 4].add_high(q, p[3]).add_low(q, p[4]);
                t[$i + 5] = t[$i + 5].add_high(q, p[4]);
            )*};
        }
        step!(0 1 2 3 4);
        let bound = self.bound.product(self.bound, Bound::of(0.0), Bound::of(0.0));
        UncarriedProduct::new([t[5], t[6], t[7], t[8], t[9]], bound)
    }

    /// Converts four words per lane to limbs. The number must be below `times`·p and below 2^256.
    #[inline(always)]
    fn unpacked(w: [W; 4], times: f64) -> Self {
        let mask = w[0].splat(MASK);
        let limbs = [
            w[0].and(mask),
            w[0].funnel::<52>(w[1]).and(mask),
            w[1].funnel::<40>(w[2]).and(mask),
            w[2].funnel::<28>(w[3]).and(mask),
            w[3].shr::<16>(),
        ];
        Self::new(limbs, Bound::of(times))
    }

    /// Converts the limbs to four words per lane. The number must be below 2^256.
    #[inline(always)]
    fn packed(&self) -> [W; 4] {
        self.bound.at_most(5.29);
        let l = &self.limbs;
        [
            l[0].or(l[1].shl::<52>()),
            l[1].shr::<12>().or(l[2].shl::<40>()),
            l[2].shr::<24>().or(l[3].shl::<28>()),
            l[3].shr::<36>().or(l[4].shl::<16>()),
        ]
    }

    /// Subtracts p from the lanes that are at least p. `self` must be below 2 p.
    #[inline(always)]
    fn below_prime(&self) -> Self {
        self.bound.at_most(2.0);
        let less = limbwise!(self.limbs, sub, self.multiple(1));
        let less = Self::carried(less, Bound::of(1.0));
        let negative = less.limbs[4].negatives();
        Self::new(limbwise!(less.limbs, select, self.limbs, negative), Bound::of(1.0))
    }

    /// The integers in the lanes, without conversion from Montgomery form.
    fn numbers(&self) -> [[u64; 4]; 8] {
        let words = self.packed().map(|w| w.store().0);
        std::array::from_fn(|lane| words.map(|w| w[lane]))
    }

    fn from_numbers(token: W::Token, numbers: &[[u64; 4]; 8], times: f64) -> Self {
        let word = |i: usize| W::from_line(token, &Line(numbers.map(|number| number[i])));
        Self::unpacked([word(0), word(1), word(2), word(3)], times)
    }

    /// Loads eight pairs of elements from eight lines.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn load_pair(token: W::Token, lines: [&Line; 8]) -> (Self, Self) {
        let w = W::transpose([
            W::from_line(token, lines[0]),
            W::from_line(token, lines[1]),
            W::from_line(token, lines[2]),
            W::from_line(token, lines[3]),
            W::from_line(token, lines[4]),
            W::from_line(token, lines[5]),
            W::from_line(token, lines[6]),
            W::from_line(token, lines[7]),
        ]);
        // Numbers in tables are below p; those written by `store_pair` are reduced.
        (
            Self::unpacked([w[0], w[1], w[2], w[3]], 1.65),
            Self::unpacked([w[4], w[5], w[6], w[7]], 1.65),
        )
    }

    /// Stores eight pairs of elements as eight lines.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn store_pair(x: &Self, y: &Self) -> [Line; 8] {
        x.bound.at_most(1.65);
        y.bound.at_most(1.65);
        let (x, y) = (x.packed(), y.packed());
        W::transpose([x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]]).map(W::store)
    }

    /// The words of an element as a row stores them.
    pub(super) fn row_words(element: &P::Plain) -> [u64; 4] {
        P::words(&(*element * Self::sixteen()))
    }

    /// The element that a row's words stand for.
    pub(super) fn row_element(words: &[u64]) -> P::Plain {
        let words = std::array::from_fn(|i| words.get(i).copied().unwrap_or(0));
        P::element(prime::canonical(words, P::WORDS)) * Self::one_sixteenth()
    }

    /// 2^260 / 2^256: the quotient of the two Montgomery radices.
    fn sixteen() -> P::Plain {
        P::Plain::from(16u64)
    }

    fn one_sixteenth() -> P::Plain {
        // 2^256 / 2^260 in arkworks' internal words: 2^252 mod p, which is 2^252 itself, below p.
        P::element([0, 0, 0, 1 << 60])
    }
}
