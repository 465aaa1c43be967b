"""encoding.md, "Names and words"."""

import unicodedata

DEFAULT_IGNORABLE = [
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
]
BLANK = {0x2800, 0x16FE4, 0x1D159}
LOST = {0xFFFC, 0xFFFD}


def is_hidden(character):
    code = ord(character)
    return (
        unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")
        or any(first <= code <= last for first, last in DEFAULT_IGNORABLE)
        or code in BLANK
    )


def may_stand(character):
    if 0x20 <= ord(character) <= 0x7E:
        return True
    if is_hidden(character) or ord(character) in LOST:
        return False
    # Python's table of Unicode may be older than 18. It then refuses newer characters, as Cn.
    return unicodedata.category(character) not in ("Zs", "Co", "Cn", "Cs")


def is_name(text):
    if not 1 <= len(text.encode()) <= 256:
        return False
    before = " "
    for character in text:
        if not may_stand(character):
            return False
        if before == " " and (
            character == " " or unicodedata.category(character) in ("Mn", "Mc", "Me")
        ):
            return False
        before = character
    return before != " " and unicodedata.is_normalized("NFC", text)


def is_word(text):
    return is_name(text) and " " not in text and "+" not in text


def is_origin(text):
    """A word with a `/` that has something on both sides of the first one."""
    before, _, after = text.partition("/")
    return is_word(text) and before != "" and after != ""
