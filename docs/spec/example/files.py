"""encoding.md, "Files": a message as a file. This reader knows no JSON."""

import re
import unicodedata

import wire
from encoding import Refused, decimal, require
from schema import LIMITS

START = b"wufu-file/"
WHITE_SPACE = b" \t\n\f\r"
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
MAGICS = (
    b"wufu-vk1",
    b"wufu-pk1",
    b"wufu-pp1",
    b"wufu-bk1",
    b"\x0a\0\0\0\x1d\0\0\0wufu",
    b"SQLite format 3\0",
    b"redb",
    b"\x1f\x8b",
    b"PK\x03\x04",
)
WHITE_SPACE_CONTROLS = set("\t\n\v\f\r\x85")
LONGEST_LINE = 96


def first_line(data):
    """NAME, LENGTH and what follows the first line; None when the line is not valid."""
    version = START + b"1 "
    if not data.startswith(version):
        return None
    rest = data[len(version) :]
    end = rest[:LONGEST_LINE].find(b"\n")
    if end < 0 or rest[:end].endswith(b"\r"):
        return None
    try:
        name, _, length = rest[:end].decode().partition(" ")
    except UnicodeDecodeError:
        return None
    if not re.fullmatch("[A-Za-z0-9.]+", name) or decimal(length) is None:
        return None
    return name, decimal(length), rest[end + 1 :]


def read_file(name, data):
    """The protobuf bytes of the message `name` in a file."""
    line = first_line(data)
    require(line is None or line[0] == f"wufu.v1.{name}", "file-kind")
    require(len(data) <= LIMITS[name][0], "message-long")
    require(data, "file-empty")
    if data.startswith(START):
        require(line is not None and len(line[2]) == line[1], "file-form")
        wire.read(name, line[2])
        return line[2]
    require(not data.startswith(b"{"), "file-form")
    try:
        wire.read(name, data)
    except Refused as refusal:
        if data.lstrip(WHITE_SPACE).startswith(b"{"):
            raise Refused("file-form") from None
        if refusal.reason == "message-not-canonical" and begins_like_something_else(data):
            raise Refused("message-malformed") from None
        raise
    return data


def begins_like_something_else(data):
    if data.startswith(BYTE_ORDER_MARKS) or data.startswith(MAGICS):
        return True
    try:
        text = data[:4096].decode()
    except UnicodeDecodeError:
        return False
    controls = {c for c in text if unicodedata.category(c) == "Cc"}
    return "\n\n— " in text or controls <= WHITE_SPACE_CONTROLS
