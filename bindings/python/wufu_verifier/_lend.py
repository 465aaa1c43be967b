"""Lends bytes to the library, and turns its codes into exceptions."""

from __future__ import annotations

from typing import Union

from ._native import ffi, lib


class Refused(Exception):
    """A refusal. `reason` is a stable name and `code` its number; the message is for people."""

    def __init__(self, code: int, detail: str = ""):
        self.code = code
        name, meaning = lib.wufu_reason_name(code), lib.wufu_reason_meaning(code)
        self.reason = ffi.string(name).decode()
        super().__init__(f"{self.reason}: {detail or ffi.string(meaning).decode()}")


def must(code: int, detail: str = "") -> None:
    if code != 0:
        raise Refused(code, detail)


class Borrowed:
    """Keeps alive what is lent to the library, until the call is over."""

    def __enter__(self):
        self._kept, self._same = [], {}
        return self

    def __exit__(self, *_):
        self._kept.clear()
        self._same.clear()

    def __call__(self, value: Union[bytes, bytearray, memoryview, str]):
        if not isinstance(value, (bytes, bytearray, memoryview, str)):
            # bytes(5) would be five zeros.
            raise TypeError(f"bytes or a text, not {type(value).__name__}")
        # Equal values share one object, so that a policy's tree is computed once.
        value = value.encode() if isinstance(value, str) else bytes(value)
        value = self._same.setdefault(value, value)
        data = ffi.from_buffer("uint8_t[]", value)
        out = ffi.new("WufuBytes *", {"data": data, "len": len(value)})
        self._kept += [value, data]
        return out[0]

    def secret(self, value: Union[bytes, bytearray, memoryview]):
        """Lends a copy that `wipe` overwrites."""
        copy = ffi.new("uint8_t[]", len(value))
        ffi.memmove(copy, value, len(value))
        out = ffi.new("WufuBytes *", {"data": copy, "len": len(value)})
        self._kept.append(copy)
        return out[0], lambda: ffi.memmove(copy, bytes(len(value)), len(value))


def owned(pointer) -> bytes:
    """Returns the bytes of a buffer of the library, and frees it."""
    try:
        lent = lib.wufu_buffer_bytes(pointer)
        return bytes(ffi.buffer(lent.data, lent.len))
    finally:
        lib.wufu_buffer_free(pointer)
