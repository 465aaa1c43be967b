//! A cache prefetch hint, on architectures where every machine has the instruction.
#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

/// Prefetches the cache line in which a value begins.
#[inline(always)]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch may name any address, and every x86-64 machine has it.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
