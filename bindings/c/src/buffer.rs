//! Bytes that this library made and the caller owns.
#![allow(unsafe_code)]

use core::ptr;

use super::{
    Bytes,
    bytes::{reference, take_back},
};

/// Bytes that this library made. They belong to the caller.
pub struct Buffer(pub(crate) Vec<u8>);

/// Returns the bytes of a buffer, borrowed until it is freed. Empty if the buffer is null.
///
/// # Safety
/// It is null, or of this library and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_buffer_bytes(buffer: *const Buffer) -> Bytes {
    // SAFETY: the caller's word.
    match unsafe { reference(buffer) } {
        Ok(Buffer(bytes)) => Bytes { data: bytes.as_ptr(), len: bytes.len() },
        Err(_) => Bytes { data: ptr::null(), len: 0 },
    }
}

/// Frees a buffer.
///
/// # Safety
/// It is null, or of this library and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_buffer_free(buffer: *mut Buffer) {
    // SAFETY: the caller's word.
    unsafe { take_back(buffer) }
}
