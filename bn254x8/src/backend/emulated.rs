//! The limb arithmetic on any machine, without vector instructions, for unit tests only. The real
//! instructions are compared with it, and machines without them test the limbs through it.

use super::{Isa, Kernel};
use crate::field::{Line, U64x8};

/// Eight plain words. Nothing is inlined, because that would take the compiler minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emulated(pub(crate) [u64; 8]);

/// The token of the emulation, available on any machine.
#[derive(Clone, Copy, Debug)]
pub struct EmulatedIsa;

impl Isa for EmulatedIsa {
    type Fq = crate::field::Fp<crate::field::Base, Emulated>;
    type Fq2 = crate::field::Fp2<Emulated>;
    type Fr = crate::field::Fp<crate::field::Scalar, Emulated>;
    type Pairing = crate::pairing::InLanes<Emulated>;

    fn detect() -> Option<Self> {
        Some(Self)
    }

    fn run<K: Kernel<Self>>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }
}

impl Emulated {
    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }

    fn lanes(self, f: impl Fn(u64) -> bool) -> u8 {
        (0..8).map(|i| u8::from(f(self.0[i])) << i).sum()
    }
}

impl U64x8 for Emulated {
    type Token = EmulatedIsa;

    #[inline(never)]
    fn from_word(_: EmulatedIsa, word: u64) -> Self {
        Self([word; 8])
    }

    #[inline(never)]
    fn from_line(_: EmulatedIsa, line: &Line) -> Self {
        Self(line.0)
    }

    #[inline(never)]
    fn store(self) -> Line {
        Line(self.0)
    }

    #[inline(never)]
    fn splat(self, word: u64) -> Self {
        Self([word; 8])
    }

    #[inline(never)]
    fn load(self, line: &[u64; 8]) -> Self {
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
        const M: u64 = crate::field::prime::MASK;
        let product = |i: usize| ((a.0[i] & M) as u128 * (b.0[i] & M) as u128) as u64 & M;
        Self(std::array::from_fn(|i| self.0[i].wrapping_add(product(i))))
    }

    #[inline(never)]
    fn add_high(self, a: Self, b: Self) -> Self {
        const M: u64 = crate::field::prime::MASK;
        let product = |i: usize| (((a.0[i] & M) as u128 * (b.0[i] & M) as u128) >> 52) as u64;
        Self(std::array::from_fn(|i| self.0[i].wrapping_add(product(i))))
    }

    #[inline(never)]
    fn lookup(self, table: &[u64; 8]) -> Self {
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
