//! Bytes and pointers from C.
#![allow(unsafe_code)]

use core::ptr;

use super::WUFU_MISUSE;

/// Borrowed bytes. `data` may be null if `len` is 0. Texts are UTF-8, without a terminating zero.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    /// The first byte.
    pub data: *const u8,
    /// The number of bytes.
    pub len: usize,
}

impl Bytes {
    /// Returns the bytes.
    ///
    /// # Safety
    /// `data` points at `len` bytes that nobody changes while the result is used, unless `len` is
    /// 0.
    pub(crate) unsafe fn read<'a>(self) -> Result<&'a [u8], u16> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.data.is_null() || isize::try_from(self.len).is_err() {
            return Err(WUFU_MISUSE);
        }
        // SAFETY: not null, not longer than memory can be; the rest is the caller's word.
        Ok(unsafe { core::slice::from_raw_parts(self.data, self.len) })
    }

    /// Returns the text.
    ///
    /// # Safety
    /// As [`Bytes::read`].
    pub(crate) unsafe fn text<'a>(self) -> Result<&'a str, u16> {
        // SAFETY: the caller's word, handed on.
        core::str::from_utf8(unsafe { self.read() }?).map_err(|_| WUFU_MISUSE)
    }
}

/// Returns what a pointer points at.
///
/// # Safety
/// It is null, or points at a `T` that nobody changes while the result is used.
pub(crate) unsafe fn reference<'a, T>(pointer: *const T) -> Result<&'a T, u16> {
    // SAFETY: the caller's word, handed on.
    unsafe { pointer.as_ref() }.ok_or(WUFU_MISUSE)
}

/// The place where a call puts its result. It is never read, since it may be uninitialised, and
/// holds "nothing" until the call succeeds.
pub(crate) struct OutParam<T>(*mut T);

impl<T> OutParam<T> {
    /// Takes the place at `out`, and writes `nothing` to it.
    ///
    /// # Safety
    /// `out` is null, or points at a place for a `T` that nobody else uses before the result is
    /// dropped.
    pub(crate) unsafe fn at(out: *mut T, nothing: T) -> Result<Self, u16> {
        if out.is_null() {
            return Err(WUFU_MISUSE);
        }
        // SAFETY: not null; the rest is the caller's word. Nothing is read, and a `T` of C has
        // nothing to drop.
        unsafe { out.write(nothing) };
        Ok(Self(out))
    }

    /// Puts a value there.
    pub(crate) fn put(self, value: T) {
        // SAFETY: as it was when nothing was put there.
        unsafe { self.0.write(value) };
    }
}

impl<T> OutParam<*mut T> {
    /// Takes a place for a pointer, and writes null to it.
    ///
    /// # Safety
    /// As [`OutParam::at`].
    pub(crate) unsafe fn pointer(out: *mut *mut T) -> Result<Self, u16> {
        // SAFETY: the caller's word, handed on.
        unsafe { Self::at(out, ptr::null_mut()) }
    }

    /// Puts a value there, which the caller then owns.
    pub(crate) fn hand_out(self, value: T) {
        self.put(Box::into_raw(Box::new(value)));
    }
}

/// Takes back what was handed out, and drops it.
///
/// # Safety
/// It is null, or came from [`OutParam::hand_out`] and was not taken back before.
pub(crate) unsafe fn take_back<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: it came from `Box::into_raw`, once.
        drop(unsafe { Box::from_raw(pointer) });
    }
}
