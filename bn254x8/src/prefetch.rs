//! A hint to bring a line of memory nearer, where the machine's instructions always have one.
#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

use crate::field::Line;

/// Brings a line nearer.
#[inline(always)]
pub(crate) fn prefetch(line: &Line) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which may name any address; every x86-64 has it.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(line.0.as_ptr().cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}
