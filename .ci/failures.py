"""The table of SECURITY.md: every test named in it exists, and every test named after a row stands in that row; so does every part of a
longer test that is named after one.

`--write` fills the table's last column from the tree.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "SECURITY.md"
ROWS = range(1, 54)


def tests():
    """Path and name of every test that is named after a row, by row."""
    listed = subprocess.run(["git", "ls-files", "*.rs"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = {row: [] for row in ROWS}
    for name in sorted(listed.stdout.split()):
        path = ROOT / name
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"^\s*(?:async )?fn (((?:f\d\d_)+)\w+)\(", text, re.MULTILINE):
            before = text[: match.start()].splitlines()[-4:]
            is_test = any("test]" in line or "test(" in line for line in before)
            # One test may be many, where what they need is made once: then it calls them.
            is_called = "/tests/" in name and len(re.findall(rf"\b{match[1]}\(", text)) > 1
            if not is_test and not is_called:
                continue
            for row in re.findall(r"f(\d\d)_", match[2]):
                found.setdefault(int(row), []).append(f"{name}::{match[1]}")
    for named in found.values():
        # Those that are about this row alone come first.
        named.sort(key=lambda test: (len(re.findall(r"f\d\d_", test)), test))
    return found


def rows(text):
    """Number, cells and whole line of each row of the table."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and cells[0].isdigit():
            yield int(cells[0]), cells, line


def main():
    found = tests()
    text = PAGE.read_text(encoding="utf-8")
    failed = []
    seen = []
    for row, cells, line in rows(text):
        seen.append(row)
        named = re.findall(r"`([^`]+::[^`]+)`", cells[4])
        rest = re.sub(r"(<br>)?`[^`]+::[^`]+`(<br>)?", "", cells[4]).strip()
        there = found.get(row, [])
        if "--write" in sys.argv:
            cells[4] = "<br>".join(([rest] if rest else []) + [f"`{test}`" for test in there])
            text = text.replace(line, "| " + " | ".join(cells) + " |")
            continue
        failed += [f"row {row}: {test} is not in the tree" for test in named if test not in there]
        failed += [f"row {row}: {test} is not in the table" for test in there if test not in named]
        if not there and not rest:
            failed.append(f"row {row}: no test, and no word why")
    if "--write" in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
    if seen != list(ROWS):
        failed.append(f"rows are {seen}, expected {ROWS.start} to {ROWS.stop - 1} in order")
    failed += [f"test of a row that does not exist: {found[row]}" for row in found if row not in ROWS]
    print(f"{len(seen)} rows, {sum(map(len, found.values()))} tests named after them, {len(failed)} complaints")
    print("\n".join(failed))
    if failed:
        print("python3 .ci/failures.py --write fills the last column")
    sys.exit(bool(failed))


main()
