//! Eight 64-bit words at a time: what the limbs are made of.

use super::Line;

/// Eight words of 64 bits. One exists only on a machine that has the instructions for it: the first is made from its
/// [`Words::Token`], all others from another.
///
/// All arithmetic wraps.
pub trait Words: Copy + Send + Sync + 'static {
    /// Whoever has it runs on a machine with the instructions.
    type Token: Copy + Send + Sync + 'static;

    /// The same word in every lane.
    fn splat(token: Self::Token, word: u64) -> Self;
    /// The words of a line.
    fn load(token: Self::Token, line: &Line) -> Self;
    /// The words as a line.
    fn store(self) -> Line;
    /// The same word in every lane, made from another.
    fn same(self, word: u64) -> Self;
    /// The words of a line, made from another.
    fn other(self, line: &[u64; 8]) -> Self;

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn shl<const N: u32>(self) -> Self;
    fn shr<const N: u32>(self) -> Self;
    /// Shifts in the sign.
    fn sar<const N: u32>(self) -> Self;
    /// The low word of (`high`:`self`) shifted right.
    fn funnel<const N: u32>(self, high: Self) -> Self;
    /// Adds the low 52 bits of the product of the factors' low 52 bits.
    fn add_low(self, a: Self, b: Self) -> Self;
    /// Adds the product's bits 52 to 103.
    fn add_high(self, a: Self, b: Self) -> Self;
    /// Lane i gets `table[self[i] mod 8]`.
    fn pick(self, table: &[u64; 8]) -> Self;
    /// Lane i gets lane `order[i]`, which is below 8.
    fn permute(self, order: &[u64; 8]) -> Self;
    /// Lanes whose bit is set come from `other`.
    fn select(self, lanes: u8, other: Self) -> Self;
    /// Lanes that are zero.
    fn zeros(self) -> u8;
    /// Lanes whose top bit is set.
    fn negatives(self) -> u8;
    /// Lane j of row i becomes lane i of row j.
    fn transpose(rows: [Self; 8]) -> [Self; 8];
}

/// The same in plain words (and no word of it inlined, which would take the compiler minutes): what the instructions are tested against, and how the limbs are tested where they are absent.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emulated(pub(crate) [u64; 8]);

/// Any machine, with the limbs of the fast one.
#[cfg(test)]
#[derive(Clone, Copy, Debug)]
pub struct EmulatedIsa;

#[cfg(test)]
impl crate::isa::Isa for EmulatedIsa {
    type Fq = super::Limbed<super::Base, Emulated>;
    type Fq2 = super::Pair<Emulated>;
    type Fr = super::Limbed<super::Scalar, Emulated>;

    fn run<K: crate::isa::Kernel<Self>>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }
}

#[cfg(test)]
impl Emulated {
    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }

    fn lanes(self, f: impl Fn(u64) -> bool) -> u8 {
        (0..8).map(|i| u8::from(f(self.0[i])) << i).sum()
    }
}

#[cfg(test)]
impl Words for Emulated {
    type Token = EmulatedIsa;

    #[inline(never)]
    fn splat(_: EmulatedIsa, word: u64) -> Self {
        Self([word; 8])
    }

    #[inline(never)]
    fn load(_: EmulatedIsa, line: &Line) -> Self {
        Self(line.0)
    }

    #[inline(never)]
    fn store(self) -> Line {
        Line(self.0)
    }

    #[inline(never)]
    fn same(self, word: u64) -> Self {
        Self([word; 8])
    }

    #[inline(never)]
    fn other(self, line: &[u64; 8]) -> Self {
        Self(*line)
    }

    #[inline(never)]
    fn add(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_add)
    }

    #[inline(never)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_sub)
    }

    #[inline(never)]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(never)]
    fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    #[inline(never)]
    fn shl<const N: u32>(self) -> Self {
        Self(self.0.map(|a| a << N))
    }

    #[inline(never)]
    fn shr<const N: u32>(self) -> Self {
        Self(self.0.map(|a| a >> N))
    }

    #[inline(never)]
    fn sar<const N: u32>(self) -> Self {
        Self(self.0.map(|a| ((a as i64) >> N) as u64))
    }

    #[inline(never)]
    fn funnel<const N: u32>(self, high: Self) -> Self {
        self.zip(high, |low, high| (low >> N) | (high << (64 - N)))
    }

    #[inline(never)]
    fn add_low(self, a: Self, b: Self) -> Self {
        const M: u64 = super::prime::MASK;
        let product = |i: usize| ((a.0[i] & M) as u128 * (b.0[i] & M) as u128) as u64 & M;
        Self(std::array::from_fn(|i| self.0[i].wrapping_add(product(i))))
    }

    #[inline(never)]
    fn add_high(self, a: Self, b: Self) -> Self {
        const M: u64 = super::prime::MASK;
        let product = |i: usize| (((a.0[i] & M) as u128 * (b.0[i] & M) as u128) >> 52) as u64;
        Self(std::array::from_fn(|i| self.0[i].wrapping_add(product(i))))
    }

    #[inline(never)]
    fn pick(self, table: &[u64; 8]) -> Self {
        Self(self.0.map(|a| table[(a & 7) as usize]))
    }

    #[inline(never)]
    fn permute(self, order: &[u64; 8]) -> Self {
        Self(order.map(|lane| self.0[lane as usize]))
    }

    #[inline(never)]
    fn select(self, lanes: u8, other: Self) -> Self {
        Self(std::array::from_fn(|i| if lanes >> i & 1 == 1 { other.0[i] } else { self.0[i] }))
    }

    #[inline(never)]
    fn zeros(self) -> u8 {
        self.lanes(|a| a == 0)
    }

    #[inline(never)]
    fn negatives(self) -> u8 {
        self.lanes(|a| a >> 63 == 1)
    }

    #[inline(never)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        std::array::from_fn(|j| Self(std::array::from_fn(|i| rows[i].0[j])))
    }
}
