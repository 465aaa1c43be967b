//! Links `wufu-verifier` without the standard library, and runs it: it must refuse what is no key and no proof.
#![no_std]
#![no_main]

extern crate alloc;

use core::{
    alloc::{GlobalAlloc, Layout},
    ffi::{c_char, c_int},
    panic::PanicInfo,
};

use wufu_verifier::{Proof, Trust, VerifyingKey};

#[link(name = "c")]
unsafe extern "C" {
    fn aligned_alloc(alignment: usize, size: usize) -> *mut u8;
    fn free(pointer: *mut u8);
    fn abort() -> !;
}

struct C;

// SAFETY: `aligned_alloc` gives memory of the size asked for, rounded up to the alignment, or null.
unsafe impl GlobalAlloc for C {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let align = layout.align().max(16);
        // SAFETY: the alignment is a power of two, and the size a multiple of it.
        unsafe { aligned_alloc(align, layout.size().next_multiple_of(align)) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, _: Layout) {
        // SAFETY: the pointer came from `aligned_alloc`.
        unsafe { free(pointer) }
    }
}

#[global_allocator]
static ALLOCATOR: C = C;

// Were std linked in, this would be a second one, and the build would fail.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: it only ends the process.
    unsafe { abort() }
}

#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[allow(non_snake_case)]
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    // SAFETY: it only ends the process. Nothing unwinds here.
    unsafe { abort() }
}

#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    let key = VerifyingKey::decode(&[0; 500], Trust::CeremonyOnly);
    let proof = Proof::decode(&[0; 128]);
    let root = wufu_verifier::merkle::empty_root(16);
    let refused = key.is_err() && proof.is_err() && root != wufu_verifier::merkle::EMPTY;
    if refused { 0 } else { 1 }
}
