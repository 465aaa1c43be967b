"""encoding.md, "JSON": protobuf's JSON as messages. The refusals have no codes."""

import base64
import json
import re

from schema import LIMITS, SCHEMA

MOST_MEMBERS = 64


class NoJson(Exception):
    pass


def need(condition):
    if not condition:
        raise NoJson


class Members(list):
    """The members of an object, in order."""


def refuse_constant(_):
    raise NoJson


def from_json(name, text):
    """The message that a JSON text stands for."""
    most_bytes, most_items = LIMITS[name]
    need(len(text.encode()) <= most_bytes)
    try:
        value = json.loads(text, object_pairs_hook=Members, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise NoJson from None
    need(isinstance(value, Members))
    need(count_items(value) <= sum(most_items.values()))
    types = [content for key, content in value if key == "@type"]
    need(len(types) <= 1 and all(content == f"wufu.v1.{name}" for content in types))
    return to_message(name, Members(member for member in value if member[0] != "@type"))


def count_items(value):
    if isinstance(value, Members):
        return sum(count_items(content) for _, content in value)
    return len(value) + sum(map(count_items, value)) if isinstance(value, list) else 0


def to_message(name, members):
    need(isinstance(members, Members) and len(members) <= MOST_MEMBERS)
    folded = [key.replace("_", "").lower() for key, _ in members]
    need(len(set(folded)) == len(folded))
    schema = {field.name: field for field in SCHEMA[name]}
    schema.update({lower_camel(field.name): field for field in SCHEMA[name]})
    message = {field.name: field.default() for field in SCHEMA[name]}
    in_oneof = 0
    for key, content in members:
        need(key in schema)
        field = schema[key]
        if content is None:
            continue
        in_oneof += field.is_in_oneof
        if field.is_repeated:
            need(isinstance(content, list) and not isinstance(content, Members))
            message[field.name] = [to_value(field, item) for item in content]
        else:
            message[field.name] = to_value(field, content)
    need(in_oneof <= 1)
    return message


def to_value(field, content):
    if field.is_message:
        return to_message(field.kind, content)
    if field.is_integer:
        return to_integer(content, 2**32 if field.kind == "uint32" else 2**64)
    need(isinstance(content, str) and not re.search("[\ud800-\udfff]", content))
    return content if field.kind == "string" else to_bytes(content)


def to_integer(content, end):
    """An integer may be in quotation marks or not, and without them be written as 1.0 or 1e0."""
    need(
        type(content) in (int, float)
        or isinstance(content, str)
        and re.fullmatch("[0-9]{1,40}", content)
    )
    need(type(content) is not float or content.is_integer())
    need(0 <= int(content) < end)
    return int(content)


def to_bytes(content):
    """Base64 of either alphabet, with or without padding."""
    digits = content.rstrip("=").replace("-", "+").replace("_", "/")
    need(re.fullmatch("[A-Za-z0-9+/]*", digits) and len(digits) % 4 != 1)
    need(len(content) in (len(digits), (len(digits) + 3) // 4 * 4))
    return base64.b64decode(digits + "=" * (-len(digits) % 4))


def lower_camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def to_json(name, message):
    """Protobuf's canonical JSON: no members for default values."""
    result = {}
    for field in SCHEMA[name]:
        value = message[field.name]
        if value != field.default():
            items = value if field.is_repeated else [value]
            written = [from_value(field, item) for item in items]
            result[lower_camel(field.name)] = written if field.is_repeated else written[0]
    return result


def from_value(field, value):
    if field.is_message:
        return to_json(field.kind, value)
    if field.kind == "uint64":
        return str(value)
    return base64.b64encode(value).decode() if field.kind == "bytes" else value
