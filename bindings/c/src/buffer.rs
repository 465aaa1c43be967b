//! Bytes that this library made and the caller owns.
#![allow(unsafe_code)]

use core::ptr;

use super::{
    Bytes,
    bytes::{reference, take_back},
};

/// Bytes that this library made. They belong to the caller.
pub struct Buffer(pub(crate) Vec<u8>);

/// The bytes of a buffer, borrowed until it is given back. None where it is null.
///
/// # Safety
/// It is null, or of this library and not given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_buffer_bytes(buffer: *const Buffer) -> Bytes {
    // SAFETY: the caller's word.
    match unsafe { reference(buffer) } {
        Ok(Buffer(bytes)) => Bytes { data: bytes.as_ptr(), len: bytes.len() },
        Err(_) => Bytes { data: ptr::null(), len: 0 },
    }
}

/// Gives a buffer back.
///
/// # Safety
/// It is null, or of this library and not given back before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_buffer_free(buffer: *mut Buffer) {
    // SAFETY: the caller's word.
    unsafe { take_back(buffer) }
}
