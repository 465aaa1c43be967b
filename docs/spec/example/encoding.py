"""encoding.md: field elements, canonical bytes, decimals, hexadecimal and base64."""

import base64
import re

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617


class Refused(Exception):
    """`reason` is a reason code, or where there is none the line or field that is wrong."""

    def __init__(self, reason, line=None):
        super().__init__(reason)
        self.reason, self.line = reason, line


def require(condition, reason):
    if not condition:
        raise Refused(reason)


def element(data):
    """Reads a field element: 32 bytes, little-endian, below r."""
    require(len(data) == 32, "field-length")
    value = int.from_bytes(data, "little")
    require(value < R, "field-not-canonical")
    return value


def element_bytes(value):
    return value.to_bytes(32, "little")


def u64(value):
    return value.to_bytes(8, "little")


def canonical(*fields):
    """Fields are bytes, texts or integers. Field elements are passed as 32 bytes."""
    out = len(fields).to_bytes(4, "little")
    for field in fields:
        if isinstance(field, str):
            field = field.encode()
        elif isinstance(field, int):
            field = u64(field)
        out += len(field).to_bytes(4, "little") + field
    return out


class CanonicalReader:
    """Reads field by field, so that the caller can judge a field before the next."""

    def __init__(self, data, count):
        self.data, self.offset = data, 0
        found = int.from_bytes(self._take(4), "little")
        require(found == count, "canonical-count")

    def _take(self, length):
        require(self.offset + length <= len(self.data), "canonical-truncated")
        self.offset += length
        return self.data[self.offset - length : self.offset]

    def bytes(self, length=None):
        field = self._take(int.from_bytes(self._take(4), "little"))
        require(length is None or len(field) == length, "canonical-length")
        return field

    def text(self):
        try:
            return self.bytes().decode()
        except UnicodeDecodeError:
            raise Refused("canonical-text") from None

    def integer(self):
        return int.from_bytes(self.bytes(8), "little")

    def end(self):
        require(self.offset == len(self.data), "canonical-trailing")


def decimal(text):
    """An integer below 2^64 in ASCII digits without sign and leading zeros, else None."""
    if not re.fullmatch("0|[1-9][0-9]{0,19}", text, re.ASCII):
        return None
    value = int(text)
    return value if value < 2**64 else None


def lower_hex(text):
    """The bytes of lower-case hexadecimal digits; None if they are not such."""
    if len(text) % 2 or not re.fullmatch("[0-9a-f]*", text):
        return None
    return bytes.fromhex(text)


def strict_base64(text):
    """The bytes of standard base64 with padding and zero unused bits; None if it is not such."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None


def strict_base64url(text):
    """The bytes of base64url without padding and with zero unused bits; None if it is not such."""
    if not re.fullmatch("[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        return None
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return data if base64.urlsafe_b64encode(data).decode().rstrip("=") == text else None
