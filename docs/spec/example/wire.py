"""encoding.md, "Protobuf: one encoding": a small codec for the messages of schema.py."""

from encoding import Refused, require
from schema import LIMITS, SCHEMA

DEEPEST = 100


class Malformed(Exception):
    pass


def read_varint(data, offset):
    value = 0
    for i in range(10):
        if offset + i >= len(data):
            raise Malformed
        value |= (data[offset + i] & 0x7F) << (7 * i)
        if data[offset + i] < 0x80:
            if value >= 2**64:
                raise Malformed
            return value, offset + i + 1
    raise Malformed


def read_record(data, offset, depth=0):
    """Number, wire type, value and the offset after the record. A group has no value."""
    tag, offset = read_varint(data, offset)
    number, wire_type, value = tag >> 3, tag & 7, None
    if number == 0 or tag >= 2**32 or wire_type in (6, 7):
        raise Malformed
    if wire_type == 0:
        value, offset = read_varint(data, offset)
    elif wire_type in (1, 2, 5):
        length = {1: 8, 5: 4}.get(wire_type)
        if length is None:
            length, offset = read_varint(data, offset)
        if offset + length > len(data):
            raise Malformed
        value, offset = data[offset : offset + length], offset + length
    elif wire_type == 3:
        if depth == DEEPEST:
            raise Malformed
        while True:
            inner_number, inner_type, _, offset = read_record(data, offset, depth + 1)
            if inner_type == 4:
                break
        if inner_number != number:
            raise Malformed
    return number, wire_type, value, offset


def records(data, depth=0):
    """The records of a message: number, wire type, and the integer or bytes."""
    offset = 0
    while offset < len(data):
        number, wire_type, value, offset = read_record(data, offset, depth)
        if wire_type == 4:
            raise Malformed
        yield number, wire_type, value


def decode(name, data, message=None, depth=0):
    """Decodes as protobuf does: skips unknown fields, takes the last value, merges messages."""
    schema = {field.number: field for field in SCHEMA[name]}
    if message is None:
        message = {field.name: field.default() for field in SCHEMA[name]}
    for number, wire_type, value in records(data, depth):
        field = schema.get(number)
        if field is None:
            continue
        expected = 0 if field.is_integer else 2
        if field.is_repeated and expected == 0 and wire_type == 2:
            offset = 0
            while offset < len(value):
                item, offset = read_varint(value, offset)
                message[field.name].append(item)
            continue
        if wire_type != expected:
            raise Malformed
        if field.is_in_oneof:
            for other in SCHEMA[name]:
                if other.is_in_oneof and other is not field:
                    message[other.name] = None
        before = None if field.is_repeated else message[field.name]
        value = decode_value(field, value, before, depth + 1)
        if field.is_repeated:
            message[field.name].append(value)
        else:
            message[field.name] = value
    return message


def decode_value(field, value, before, depth):
    if field.is_message:
        return decode(field.kind, value, before, depth)
    if field.kind == "string":
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise Malformed from None
    return value & 0xFFFFFFFF if field.kind == "uint32" else value


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def encode(name, message):
    out = b""
    for field in SCHEMA[name]:
        value = message[field.name]
        if field.is_repeated and field.is_integer:
            packed = b"".join(map(varint, value))
            out += record(field.number, packed) if value else b""
        elif field.is_repeated:
            out += b"".join(record(field.number, encode_value(field, item)) for item in value)
        elif value != field.default():
            out += record(field.number, encode_value(field, value))
    return out


def encode_value(field, value):
    if field.is_message:
        return encode(field.kind, value)
    return value.encode() if field.kind == "string" else value


def record(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def count_items(name, data, counts):
    """Counts the items of repeated fields, up to what cannot be decoded."""
    schema = {field.number: field for field in SCHEMA[name]}
    try:
        for number, wire_type, value in records(data):
            field = schema.get(number)
            if field is None:
                continue
            if field.is_repeated:
                packed = field.is_integer and wire_type == 2
                items = sum(byte < 0x80 for byte in value) if packed else 1
                counts[name, field.name] = counts.get((name, field.name), 0) + items
            if field.is_message and wire_type == 2:
                count_items(field.kind, value, counts)
    except Malformed:
        pass


def read(name, data):
    """Reads the one encoding of a message."""
    most_bytes, most_items = LIMITS[name]
    require(len(data) <= most_bytes, "message-long")
    counts = {}
    count_items(name, data, counts)
    require(all(counts.get(key, 0) <= most for key, most in most_items.items()), "message-count")
    try:
        message = decode(name, data)
    except Malformed:
        raise Refused("message-malformed") from None
    require(encode(name, message) == data, "message-not-canonical")
    return message
