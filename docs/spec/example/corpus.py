"""The vector files, and how a result is compared with what a case states."""

import json
from pathlib import Path

from encoding import Refused

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = [ROOT / "vectors", ROOT / "circuits" / "vectors"]
FILES = {
    path.name: json.loads(path.read_text())
    for folder in FOLDERS
    for path in sorted(folder.glob("*.json"))
}


class Different(Exception):
    """The result is not the stated one."""


def expect(found, expected, what):
    if found != expected:
        raise Different(f"{what} is {found}, expected {expected}")


def expect_verdict(case, function, *arguments):
    """Compares the verdict. Returns what `function` returns, or None for a refused case."""
    try:
        result = function(*arguments)
    except Refused as refusal:
        expect(refusal.reason, case.get("reason"), "reason")
        return None
    expect(
        "accepted", case.get("verdict", "refused" if "reason" in case else "accepted"), "verdict"
    )
    return result


def expect_fields(case, **found):
    for name, value in found.items():
        expect(value, case[name], name)
