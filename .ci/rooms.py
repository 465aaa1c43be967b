"""Checks that some names occur in one folder only, and that no file is too long.

- Only `ledger/src/store` names `sqlx`, so another database would change no other folder.
- No source file has more than 500 lines, nor has any file of tests, benches, examples or fuzz
  targets.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LONGEST = 500
# A name, the sources that are searched for it, and the only folder that may have it.
KEPT = [("sqlx", "ledger/src", "ledger/src/store")]


def main():
    complaints = []
    files = sorted(ROOT.glob("*/src/**/*.rs")) + sorted(ROOT.glob("bindings/*/src/**/*.rs"))
    for file in files:
        name = file.relative_to(ROOT).as_posix()
        lines = file.read_text().splitlines()
        if len(lines) > LONGEST:
            complaints.append(f"{name}: {len(lines)} lines, expected at most {LONGEST}: cut it along its nouns")
        for word, sources, room in KEPT:
            if name.startswith(f"{sources}/") and not name.startswith(f"{room}/"):
                named = (number for number, line in enumerate(lines, 1) if re.search(rf"\b{word}\b", line))
                complaints += [f"{name}:{number}: names {word}, which only {room} may" for number in named]
    folders = ("*/tests", "*/*/tests", "*/benches", "*/examples", "*/*/examples", "fuzz/targets")
    others = [file for folder in folders for file in sorted(ROOT.glob(f"{folder}/**/*.rs"))]
    for file in others:
        count = len(file.read_text().splitlines())
        if count > LONGEST:
            name = file.relative_to(ROOT).as_posix()
            complaints.append(f"{name}: {count} lines, expected at most {LONGEST}: cut it along its nouns")
    print(f"{len(files)} source files, {len(others)} of tests and examples, {len(complaints)} complaints", *complaints, sep="\n")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
