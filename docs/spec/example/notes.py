"""logs.md: log keys, signed notes and checkpoints."""

import hashlib
import re

import ed25519
from encoding import decimal, element, require, strict_base64
from names import is_hidden, is_word

MOST_BYTES, MOST_CHECKPOINT_BYTES, MOST_SIGNATURES = 1_048_576, 16_384, 100
ED25519 = b"\x01"


class LogKey:
    def __init__(self, text):
        parts = text.rstrip().split("+", 2)
        require(len(parts) == 3, "note-key")
        self.name, digits, encoded = parts
        data = strict_base64(encoded)
        require(data is not None and data[:1] == ED25519 and len(data) == 33, "note-key")
        self.key = data[1:]
        point = ed25519.decode(self.key)
        require(point is not None, "note-key")
        require(is_word(self.name), "note-name")
        require(not ed25519.is_small_order(point), "note-key")
        self.hash = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        require(digits == self.hash.hex(), "note-key")

    def open(self, note):
        """The text of a note, when this key signed it."""
        require(len(note.encode()) <= MOST_BYTES, "note-long")
        end = note.rfind("\n\n")
        require(end >= 0, "note-form")
        text, rest = note[: end + 1], note[end + 2 :]
        require(rest.endswith("\n"), "note-form")
        require(not any(is_hidden(c) for c in set(note) - {"\n"}), "note-form")
        lines = rest[:-1].split("\n")
        require(len(lines) <= MOST_SIGNATURES, "note-form")
        is_signed = False
        for line in lines:
            name, signature = signature_line(line)
            if name == self.name and signature[:4] == self.hash and not is_signed:
                good = len(signature) == 68 and ed25519.verifies(
                    self.key, text.encode(), signature[4:]
                )
                require(good, "note-signature")
                is_signed = True
        require(is_signed, "note-unsigned")
        return text


def signature_line(line):
    """Name and bytes (key hash, signature) of a signature line."""
    require(line.startswith("— "), "note-form")
    name, _, encoded = line[2:].partition(" ")
    data = strict_base64(encoded)
    require(is_word(name) and data is not None and len(data) >= 4, "note-form")
    return name, data


def log_depth(origin, org):
    """Levels of the log with this origin, or None if the organisation has no such log."""
    if not origin.startswith(org + "/"):
        return None
    log = origin[len(org) + 1 :]
    if log in ("cards", "persons"):
        return {"cards": 16, "persons": 15}[log]
    kind, _, number = log.partition("/")
    return 14 if kind == "donations" and decimal(number) else None


class Checkpoint:
    def __init__(self, key, note):
        require(len(note.encode()) <= MOST_CHECKPOINT_BYTES, "checkpoint-long")
        lines = key.open(note)[:-1].split("\n")
        require(len(lines) == 5, "checkpoint-form")
        self.key, self.origin = key.key, lines[0]
        epoch = re.fullmatch("epoch (.*) of (.*) s", lines[3])
        time = re.fullmatch("time (.*)", lines[4])
        require(epoch and time, "checkpoint-form")
        numbers = [decimal(text) for text in (lines[1], *epoch.groups(), *time.groups())]
        require(None not in numbers, "checkpoint-form")
        self.size, self.epoch, self.epoch_seconds, self.time = numbers
        require(
            self.epoch_seconds and self.epoch * self.epoch_seconds == self.time,
            "checkpoint-schedule",
        )
        require(log_depth(self.origin, key.name) is not None, "checkpoint-origin")
        root = strict_base64(lines[2])
        require(root is not None, "checkpoint-form")
        self.root = element(root)
        require(self.root != 0, "checkpoint-zero-root")
