//! Bounds of lazily reduced values. Unit tests carry a bound along with every value and check what
//! each operation requires. Elsewhere bounds have no content and no cost.

/// An upper bound of a value, in multiples of the modulus p.
#[derive(Clone, Copy, Debug)]
pub struct Bound(#[cfg(test)] f64);

/// p / 2^260, rounded up.
#[cfg(test)]
const RATIO: f64 = 0.011_82;
/// 2^260 / p, rounded down: the largest multiple of p that five limbs hold.
#[cfg(test)]
const CAPACITY: f64 = 84.6;
/// 2^256 / p, rounded down: the range of [`super::prime::Prime::QUOTIENTS`].
#[cfg(test)]
const REDUCIBLE: f64 = 5.29;

#[cfg(test)]
#[allow(clippy::panic)]
impl Bound {
    pub(crate) fn of(times: f64) -> Self {
        assert!(times < CAPACITY, "{times} p is too long for five limbs");
        Self(times)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self::of(self.0 + other.0)
    }

    pub(crate) fn most(self, other: Self) -> Self {
        Self::of(self.0.max(other.0))
    }

    /// The bound of `self·other + third·fourth` after one reduction.
    pub(crate) fn product(self, other: Self, third: Self, fourth: Self) -> Self {
        let sum = self.0 * other.0 + third.0 * fourth.0;
        assert!(sum <= 84.0, "a product of {sum} p^2 is not reduced below 2 p");
        Self::of(1.0 + RATIO * sum)
    }

    pub(crate) fn reduced(self) -> Self {
        assert!(self.0 <= REDUCIBLE, "{} p is not reduced by the table", self.0);
        Self::of(1.65f64.min(self.0))
    }

    pub(crate) fn at_most(self, times: f64) {
        assert!(self.0 <= times, "{} p, expected at most {times} p", self.0);
    }

    pub(crate) fn times(self) -> f64 {
        self.0
    }
}

#[cfg(not(test))]
impl Bound {
    #[inline(always)]
    pub(crate) fn of(_: f64) -> Self {
        Self()
    }

    #[inline(always)]
    pub(crate) fn plus(self, _: Self) -> Self {
        self
    }

    #[inline(always)]
    pub(crate) fn most(self, _: Self) -> Self {
        self
    }

    #[inline(always)]
    pub(crate) fn product(self, _: Self, _: Self, _: Self) -> Self {
        self
    }

    #[inline(always)]
    pub(crate) fn reduced(self) -> Self {
        self
    }

    #[inline(always)]
    pub(crate) fn at_most(self, _: f64) {}
}

/// An upper bound of a sum of products, in multiples of p^2.
#[derive(Clone, Copy, Debug)]
pub struct Area(#[cfg(test)] f64);

#[cfg(test)]
#[allow(clippy::panic)]
impl Area {
    pub(crate) fn none() -> Self {
        Self(0.0)
    }

    pub(crate) fn plus(self, a: Bound, b: Bound) -> Self {
        Self(self.0 + a.0 * b.0)
    }

    /// The bound after Montgomery's reduction.
    pub(crate) fn reduced(self) -> Bound {
        assert!(self.0 <= 84.0, "products of {} p^2 are not reduced below 2 p", self.0);
        Bound::of(1.0 + RATIO * self.0)
    }
}

#[cfg(not(test))]
impl Area {
    #[inline(always)]
    pub(crate) fn none() -> Self {
        Self()
    }

    #[inline(always)]
    pub(crate) fn plus(self, _: Bound, _: Bound) -> Self {
        self
    }

    #[inline(always)]
    pub(crate) fn reduced(self) -> Bound {
        Bound()
    }
}
