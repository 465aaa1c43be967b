//! A prime field in five limbs of 52 bits, Montgomery form with radix 2^260.
//!
//! Both primes are just below 2^253.6, so a number of 260 bits holds 84 of them, and sums and differences need no reduction of their own.
//! What is heavy is inlined, save in unit tests, which would take the compiler minutes; integration tests run what ships.
//!
//! Limbs 0 to 3 are below 2^52 after every operation; the top one carries what is above.

use std::marker::PhantomData;

use super::{
    Line,
    bound::Bound,
    prime::{self, Limbs, MASK, Prime},
    u64x8::U64x8,
};

/// Eight elements of the prime field of P in words W.
#[derive(Clone, Copy, Debug)]
pub struct Fp<P, W> {
    pub(super) limbs: [W; 5],
    pub(super) bound: Bound,
    prime: PhantomData<P>,
}

/// One operation on each pair of limbs. A macro, since a function that is handed an operation is not inlined where it must be.
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

/// A product before its carries: limbs are below 2^58.
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

    /// The difference, reduced; `self` below 3.29 p, `other` below 2 p.
    #[inline(always)]
    pub(super) fn minus(self, other: &Fp<P, W>) -> Fp<P, W> {
        other.bound.at_most(2.0);
        let t = limbwise!(limbwise!(self.limbs, sub, other.limbs), add, other.multiple(2));
        Fp::reduced(t, self.bound.plus(Bound::of(2.0)))
    }
}

/// Sums of two products each, [`Fp::sum_of_products`], in steps that take turns. `TWO` says whether
/// there is a second product.
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
                    // q·p makes the low 52 bits zero: what is above them, rounded up, is the carry.
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

// After the macros, which it uses.
mod lanes;

/// For [`products`]: no second product.
const ONE: bool = false;

impl<P: Prime, W: U64x8> Fp<P, W> {
    #[inline(always)]
    pub(super) fn new(limbs: [W; 5], bound: Bound) -> Self {
        Self { limbs, bound, prime: PhantomData }
    }

    /// The same value, where a reader knows better than the operations.
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

    /// The limb of k·p in every lane.
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

    /// Carries, with signs; the number itself is not negative.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn carried(t: [W; 5], bound: Bound) -> Self {
        let mask = t[0].splat(MASK);
        let t1 = t[1].add(t[0].sar::<52>());
        let t2 = t[2].add(t1.sar::<52>());
        let t3 = t[3].add(t2.sar::<52>());
        let t4 = t[4].add(t3.sar::<52>());
        Self::new([t[0].and(mask), t1.and(mask), t2.and(mask), t3.and(mask), t4], bound)
    }

    /// Takes off the multiple of p that bits 253 to 255 tell, and carries. The number is below 2^256; limbs may be any of 63 bits with
    /// a sign, so the top one may be 2^11 units of 2^208 off, which is nothing beside 2^253. The top limb itself is not negative: what is subtracted
    /// was carried and comes with a multiple of p that is at least as large. (Lanes that nobody uses may hold anything.)
    ///
    /// What is left is below 1.65 p: k·2^253 to (k + 1)·2^253 less floor(k·2^253 / p)·p is largest for k = 3, 4·2^253 - p.
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

    /// The difference and k·p; `other` is at most k·p.
    #[inline(always)]
    pub(super) fn sub_multiple<const K: usize>(&self, other: &Self) -> Self {
        other.bound.at_most(K as f64);
        let t = limbwise!(limbwise!(self.limbs, sub, other.limbs), add, self.multiple(K));
        Self::carried(t, self.bound.plus(Bound::of(K as f64)))
    }

    /// k·p less the element, which is at most that.
    #[inline(always)]
    pub(super) fn negative<const K: usize>(&self) -> Self {
        self.bound.at_most(K as f64);
        let (k, a) = (self.multiple(K), &self.limbs);
        let t = [k[0].sub(a[0]), k[1].sub(a[1]), k[2].sub(a[2]), k[3].sub(a[3]), k[4].sub(a[4])];
        Self::carried(t, Bound::of(K as f64))
    }

    /// `a·b + c·d`, with one reduction: operand scanning, a limb of b and d at a time. No sum of a column is over 2^57.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn sum_of_products<const TWO: bool>(a: &Self, b: &Self, c: &Self, d: &Self) -> Self {
        let [sum] = products!(TWO, [a b c d] 0);
        sum.carried()
    }

    /// Two such sums, step by step beside each other: while one waits for its quotient, the other multiplies.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn two_sums_of_products<const TWO: bool>(
        [a, b, c, d]: [&Self; 4],
        [e, f, g, h]: [&Self; 4],
    ) -> [UncarriedProduct<P, W>; 2] {
        products!(TWO, [a b c d] 0, [e f g h] 1)
    }

    /// `square - x1 - x2`, where `self` is `x2.sub_lazy(x1)`, and `square` below 1.25 p; reduced.
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

    /// The square before its carries.
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
                // As for a product: what is above the low bits, rounded up, is the carry.
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

    /// From four words a lane; the number is below `times` p, and that below 2^256.
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

    /// Four words a lane. The number is below 2^256.
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

    /// The same number, less p where it is at least that; it is below 2 p.
    #[inline(always)]
    fn below_prime(&self) -> Self {
        self.bound.at_most(2.0);
        let less = limbwise!(self.limbs, sub, self.multiple(1));
        let less = Self::carried(less, Bound::of(1.0));
        let negative = less.limbs[4].negatives();
        Self::new(limbwise!(less.limbs, select, self.limbs, negative), Bound::of(1.0))
    }

    /// The numbers themselves, whatever form they are in.
    fn numbers(&self) -> [[u64; 4]; 8] {
        let words = self.packed().map(|w| w.store().0);
        std::array::from_fn(|lane| words.map(|w| w[lane]))
    }

    fn from_numbers(token: W::Token, numbers: &[[u64; 4]; 8], times: f64) -> Self {
        let word = |i: usize| W::from_line(token, &Line(numbers.map(|number| number[i])));
        Self::unpacked([word(0), word(1), word(2), word(3)], times)
    }

    /// Eight pairs of elements from eight lines.
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
        // Tables hold numbers below p; `store_pair` those that are reduced.
        (
            Self::unpacked([w[0], w[1], w[2], w[3]], 1.65),
            Self::unpacked([w[4], w[5], w[6], w[7]], 1.65),
        )
    }

    /// Eight pairs of elements as eight lines.
    #[cfg_attr(not(test), inline(always))]
    pub(super) fn store_pair(x: &Self, y: &Self) -> [Line; 8] {
        x.bound.at_most(1.65);
        y.bound.at_most(1.65);
        let (x, y) = (x.packed(), y.packed());
        W::transpose([x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]]).map(W::store)
    }

    /// The words of an element as they lie in a row.
    pub(super) fn row_words(element: &P::Plain) -> [u64; 4] {
        P::words(&(*element * Self::sixteen()))
    }

    /// The element of words in a row.
    pub(super) fn row_element(words: &[u64]) -> P::Plain {
        let words = std::array::from_fn(|i| words.get(i).copied().unwrap_or(0));
        P::element(prime::canonical(words, P::WORDS)) * Self::one_sixteenth()
    }

    /// 2^260 / 2^256.
    fn sixteen() -> P::Plain {
        P::Plain::from(16u64)
    }

    fn one_sixteenth() -> P::Plain {
        // 2^256 / 2^260 as internal words of arkworks: 2^252 mod p is a power of two below p.
        P::element([0, 0, 0, 1 << 60])
    }
}
