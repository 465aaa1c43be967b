//! A hint to bring a line of memory nearer, where the machine's instructions always have one.
#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

/// Brings the line nearer that a value begins in.
#[inline(always)]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which may name any address; every x86-64 has it.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
