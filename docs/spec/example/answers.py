"""receipts.md: receipts and refusals of claims; logs.md: directories.

What has no reason code names the line that is wrong.
"""

from encoding import Refused, decimal, element, lower_hex
from names import is_name

MOST_ANSWER_BYTES = 16_384
MOST_DIRECTORY_BYTES = 1_044_480
TOO_LONG = "none: the note is longer than an answer"


class Lines:
    """Reads the lines of an answer one by one."""

    def __init__(self, key, note):
        if len(note.encode()) > MOST_ANSWER_BYTES:
            raise Refused(TOO_LONG)
        self.rest = key.open(note)[:-1].split("\n")

    def value(self, name, prefix, read):
        """What `read` makes of the next line after its prefix. None refuses the line `name`."""
        line = self.rest.pop(0) if self.rest else ""
        value = read(line[len(prefix) :]) if line.startswith(prefix) else None
        if value is None:
            raise Refused(name)
        return value

    def end(self):
        if self.rest:
            raise Refused("end")


def number_from_1(text):
    return decimal(text) or None


def hex_32(text):
    data = lower_hex(text)
    return data if data is not None and len(data) == 32 else None


def nullifier(text):
    data = hex_32(text)
    try:
        return data if data and element(data) is not None else None
    except Refused:
        return None


def payout(text):
    data = lower_hex(text)
    return data if data and len(data) <= 256 else None


def read_receipt(key, note):
    lines = Lines(key, note)
    lines.value("heading", key.name, lambda rest: rest if rest == "/claims" else None)
    return {
        "claim": lines.value("claim", "claim ", number_from_1),
        "nullifiers": [lines.value("nullifier", "nullifier ", nullifier) for _ in range(6)],
        "key_id": lines.value("key", "key ", hex_32),
        "payout": lines.value("payout", "payout ", payout),
        "expiry": lines.value("expiry", "expiry ", decimal),
        "time": lines.value("time", "time ", decimal),
        "end": lines.end(),
    }


def read_refusal(key, note):
    lines = Lines(key, note)
    lines.value("heading", key.name, lambda rest: rest if rest == "/refusals" else None)
    return {
        "nullifier": lines.value("nullifier", "nullifier ", nullifier),
        "spent_by_claim": lines.value("spent by claim", "spent by claim ", number_from_1),
        "time": lines.value("time", "time ", decimal),
        "end": lines.end(),
    }


class Directory:
    """Institutions by id from 1, and projects as (key, institution's name, name)."""

    def __init__(self, key, origin, note):
        self.institutions, self.projects = [], []
        lines = key.open(note)[:-1].split("\n")
        if lines[0] != f"{origin}/projects":
            raise Refused("heading", 1)
        size = 0
        for number, line in enumerate(lines[1:], 2):
            kind, _, rest = line.partition(" ")
            if kind not in ("institution", "project"):
                raise Refused("entry", number)
            size += 40 + len(self._entry(kind, rest, number).encode())
            if size >= MOST_DIRECTORY_BYTES:
                raise Refused(kind, number)

    def _entry(self, kind, rest, number):
        """Takes in one line after its first word, and returns the name in it."""
        parts = rest.split(" ", 1 if kind == "institution" else 2)
        if len(parts) < (2 if kind == "institution" else 3) or parts[-1] == "":
            raise Refused(kind, number)
        name = parts[-1]
        if not is_name(name):
            raise Refused(f"name of the {kind}", number)
        ids = [decimal(part) for part in parts[:-1]]
        if kind == "institution":
            if ids != [len(self.institutions) + 1] or name in self.institutions:
                raise Refused(kind, number)
            self.institutions.append(name)
            return name
        institution, project = ids
        if (
            not institution
            or institution > len(self.institutions)
            or project != len(self.projects) + 1
        ):
            raise Refused(kind, number)
        entry = (institution << 32 | project, self.institutions[institution - 1], name)
        if any(entry[1:] == known[1:] for known in self.projects):
            raise Refused(kind, number)
        self.projects.append(entry)
        return name
