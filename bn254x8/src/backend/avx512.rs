//! AVX-512 with IFMA: eight words per register. All `unsafe` code for it is in this file, except a
//! prefetch hint in `prefetch.rs`.
#![allow(unsafe_code)]

use core::arch::x86_64::*;

use super::{Isa, Kernel};
use crate::{
    field::{Line, U64x8},
    pairing::InLanes,
};

/// Proof that the CPU has AVX-512 F, DQ, VL, VBMI2 and IFMA, BMI2 and LZCNT.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

#[inline(never)]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512vbmi2,avx512ifma,bmi2,lzcnt")]
fn with_features<K: Kernel<Avx512>>(isa: Avx512, kernel: K) -> K::Output {
    kernel.run(isa)
}

impl Isa for Avx512 {
    type Fq = crate::field::Fp<crate::field::Base, Zmm>;
    type Fq2 = crate::field::Fp2<Zmm>;
    type Fr = crate::field::Fp<crate::field::Scalar, Zmm>;
    type Pairing = InLanes<Zmm>;

    fn detect() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("avx512ifma")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt");
        all.then_some(Self(()))
    }

    #[inline(always)]
    fn run<K: Kernel<Self>>(self, kernel: K) -> K::Output {
        // SAFETY: a token exists only where `detect` found all of these instructions.
        unsafe { with_features(self, kernel) }
    }
}

/// A register of eight words. It is made from a token or from another register, so it exists only
/// where the instructions do.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Zmm(__m512i);

/// Emits one instruction on registers.
macro_rules! instruction {
    ($($intrinsic:ident)::+ $(::<$n:tt>)? ($($argument:expr),*)) => {
        // SAFETY: a register exists only where the instructions do (see `Zmm`), and this one does
        // not access memory.
        unsafe { $($intrinsic)::+ $(::<$n>)? ($($argument),*) }
    };
}

impl U64x8 for Zmm {
    type Token = Avx512;

    #[inline(always)]
    fn from_word(_: Avx512, word: u64) -> Self {
        Self(instruction!(_mm512_set1_epi64(word as i64)))
    }

    #[inline(always)]
    fn from_line(_: Avx512, line: &Line) -> Self {
        // SAFETY: the token proves that the instructions exist; a line is 64 readable bytes,
        // aligned to 64.
        Self(unsafe { _mm512_load_si512(line.0.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self) -> Line {
        let mut line = Line([0; 8]);
        // SAFETY: a register exists only where the instructions do; a line is 64 writable bytes,
        // aligned to 64.
        unsafe { _mm512_store_si512(line.0.as_mut_ptr().cast(), self.0) };
        line
    }

    #[inline(always)]
    fn splat(self, word: u64) -> Self {
        Self(instruction!(_mm512_set1_epi64(word as i64)))
    }

    #[inline(always)]
    fn load(self, line: &[u64; 8]) -> Self {
        // SAFETY: a register exists only where the instructions do; the array is 64 readable bytes.
        Self(unsafe { _mm512_loadu_si512(line.as_ptr().cast()) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(instruction!(_mm512_add_epi64(self.0, other.0)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(instruction!(_mm512_sub_epi64(self.0, other.0)))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(instruction!(_mm512_and_si512(self.0, other.0)))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(instruction!(_mm512_or_si512(self.0, other.0)))
    }

    #[inline(always)]
    fn shl<const N: u32>(self) -> Self {
        Self(instruction!(_mm512_slli_epi64::<N>(self.0)))
    }

    #[inline(always)]
    fn shr<const N: u32>(self) -> Self {
        Self(instruction!(_mm512_srli_epi64::<N>(self.0)))
    }

    #[inline(always)]
    fn sar<const N: u32>(self) -> Self {
        Self(instruction!(_mm512_srai_epi64::<N>(self.0)))
    }

    #[inline(always)]
    fn funnel<const N: u32>(self, high: Self) -> Self {
        // The instruction takes its count as a constant i32. The counts that the fields use are
        // listed; any other takes two shifts.
        let shifted = match N {
            28 => instruction!(_mm512_shrdi_epi64::<28>(self.0, high.0)),
            40 => instruction!(_mm512_shrdi_epi64::<40>(self.0, high.0)),
            52 => instruction!(_mm512_shrdi_epi64::<52>(self.0, high.0)),
            _ => {
                let count = self.splat(u64::from(64 - N)).0;
                let low = instruction!(_mm512_srli_epi64::<N>(self.0));
                let high = instruction!(_mm512_sllv_epi64(high.0, count));
                instruction!(_mm512_or_si512(low, high))
            }
        };
        Self(shifted)
    }

    #[inline(always)]
    fn add_low(self, a: Self, b: Self) -> Self {
        Self(instruction!(_mm512_madd52lo_epu64(self.0, a.0, b.0)))
    }

    #[inline(always)]
    fn add_high(self, a: Self, b: Self) -> Self {
        Self(instruction!(_mm512_madd52hi_epu64(self.0, a.0, b.0)))
    }

    #[inline(always)]
    fn lookup(self, table: &[u64; 8]) -> Self {
        let table = self.load(table);
        Self(instruction!(_mm512_permutexvar_epi64(self.0, table.0)))
    }

    #[inline(always)]
    fn permute(self, order: &[u64; 8]) -> Self {
        let order = self.load(order);
        Self(instruction!(_mm512_permutexvar_epi64(order.0, self.0)))
    }

    #[inline(always)]
    fn select(self, lanes: u8, other: Self) -> Self {
        Self(instruction!(_mm512_mask_blend_epi64(lanes, self.0, other.0)))
    }

    #[inline(always)]
    fn zeros(self) -> u8 {
        instruction!(_mm512_testn_epi64_mask(self.0, self.0))
    }

    #[inline(always)]
    fn negatives(self) -> u8 {
        instruction!(_mm512_movepi64_mask(self.0))
    }

    #[inline(always)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        // Macros, because a closure would be compiled without the backend's instructions.
        macro_rules! pairs {
            ($i:expr) => {{
                let (a, b) = (rows[$i].0, rows[$i + 1].0);
                (
                    instruction!(_mm512_unpacklo_epi64(a, b)),
                    instruction!(_mm512_unpackhi_epi64(a, b)),
                )
            }};
        }
        // Interleave words 0, 2, 4, 6 of two rows, and words 1, 3, 5, 7. Then do the same with four
        // rows, and with eight.
        let (t0, t1) = pairs!(0);
        let (t2, t3) = pairs!(2);
        let (t4, t5) = pairs!(4);
        let (t6, t7) = pairs!(6);
        macro_rules! even {
            ($a:expr, $b:expr) => {
                instruction!(_mm512_shuffle_i64x2::<0x88>($a, $b))
            };
        }
        macro_rules! odd {
            ($a:expr, $b:expr) => {
                instruction!(_mm512_shuffle_i64x2::<0xdd>($a, $b))
            };
        }
        let (u0, u1, u2, u3) = (even!(t0, t2), odd!(t0, t2), even!(t1, t3), odd!(t1, t3));
        let (u4, u5, u6, u7) = (even!(t4, t6), odd!(t4, t6), even!(t5, t7), odd!(t5, t7));
        [
            Self(even!(u0, u4)),
            Self(even!(u2, u6)),
            Self(even!(u1, u5)),
            Self(even!(u3, u7)),
            Self(odd!(u0, u4)),
            Self(odd!(u2, u6)),
            Self(odd!(u1, u5)),
            Self(odd!(u3, u7)),
        ]
    }
}
