"""The rooms of the house: what only one of them may name, and how long a file may be.

- `sqlx` is named in `ledger/src/store` alone: another database means other files there, and nothing else.
- No source file has more than 500 lines.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LONGEST = 500
# What is named, in which sources, and the only folder that may.
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
    print(f"{len(files)} source files, {len(complaints)} complaints", *complaints, sep="\n")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
