//! Links `wufu-verifier` without the standard library, and runs it. It must refuse bytes that are
//! not a key or a proof, and find the bad proof in a batch.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::{format, vec};
use core::{
    alloc::{GlobalAlloc, Layout},
    ffi::{c_char, c_int},
    panic::PanicInfo,
};

use wufu_verifier::{
    GiftCheck, Proof, Trust, VerifyError, VerifyingKey,
    check::{PresentedProof, batch::EntropyError},
    log::{
        checkpoint::Checkpoint,
        history::{LogHistory, Window},
        signed_note::LogKey,
    },
    verify_batch,
};

/// A part of a gift that is accepted, as gift.py wrote it.
macro_rules! part {
    ($name:literal) => {
        include_bytes!(concat!(env!("WUFU_GIFT"), "/", $name)).as_slice()
    };
}

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

/// Nothing, when batches do what they must.
fn batches() -> Option<()> {
    let text = |bytes| core::str::from_utf8(bytes).ok();
    let number = |bytes: &[u8]| Some(u64::from_le_bytes(bytes.try_into().ok()?));
    let key = VerifyingKey::decode(part!("key"), Trust::AcceptDevelopment).ok()?;
    let org = text(part!("org"))?;
    let mut cards = LogHistory::new(&format!("{org}/cards"));
    let log_key = LogKey::parse(text(part!("log_key"))?).ok()?;
    for note in text(part!("notes"))?.split('\0') {
        cards.insert(Checkpoint::open(&log_key, note).ok()?).ok()?;
    }
    let (now, expiry) = (number(part!("now"))?, number(part!("expiry"))?);
    let check = GiftCheck { key: &key, cards: &cards, org, now, window: Window::default() };
    let open = |proof| {
        let presented =
            PresentedProof { key_id: part!("key_id"), public_inputs: part!("inputs"), proof };
        check.open(presented, part!("payload"), expiry)
    };
    // The other sign of C is a point, too, and proves nothing.
    let mut bad = part!("proof").to_vec();
    *bad.last_mut()? ^= 0x80;
    let pending = || vec![open(part!("proof")), open(&bad), open(part!("proof"))];
    // A device has a source of its own. This one is for the test.
    let outcome = verify_batch(pending(), &mut || Ok([7; 32])).ok()?;
    let refused = |at: usize| outcome.verdicts.get(at)?.as_ref().err();
    let named = refused(0).is_none()
        && refused(1) == Some(&VerifyError::Equation)
        && refused(2).is_none()
        && outcome.verdicts.len() == 3;
    let closed = verify_batch(pending(), &mut || Err(EntropyError::new())).is_err();
    (named && closed).then_some(())
}

#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    let key = VerifyingKey::decode(&[0; 500], Trust::CeremonyOnly);
    let proof = Proof::decode(&[0; 128]);
    let root = wufu_verifier::hash::merkle::empty_root(16);
    let refused = key.is_err() && proof.is_err() && root != wufu_verifier::hash::merkle::EMPTY;
    if refused && batches().is_some() { 0 } else { 1 }
}
