"""Checks the table of SECURITY.md against the tests. Each test that the table names must exist, and
each test that names rows must be listed in those rows. The same holds for a part of a longer test.

A test names its rows in the first line of its documentation: `/// Rows of SECURITY.md: 7, 24.`

`--write` fills the last column of the table from the tests.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "SECURITY.md"
ROWS = range(1, 54)


# The first line of a test's documentation, in exactly this form. Attributes and more documentation
# may follow.
LINE = re.compile(r"^[ \t]*/// Rows of SECURITY\.md: (\d+(?:, \d+)*)\.$", re.MULTILINE)
ABOUT = re.compile(r"^[ \t]*//.*\brows? of SECURITY\b.*$", re.MULTILINE | re.IGNORECASE)
# What may come between that line and the name: documentation, and attributes of one or more lines.
TEST = re.compile(
    r"(?:\s*(?:///[^\n]*|#\[[^\]]*\]))*\s*"
    r"(?:pub(?:\([^)]*\))? )?(?:async )?(?:fn (\w+)|(\w+)! ?[({]\s*(\w+))"
)


def tests():
    """Path and name of every test that names rows, by row; and complaints."""
    listed = subprocess.run(["git", "ls-files", "*.rs"], cwd=ROOT, capture_output=True, text=True, check=True)
    found, failed = {row: [] for row in ROWS}, []
    alone = {}
    for name in sorted(listed.stdout.split()):
        path = ROOT / name
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        for about in ABOUT.finditer(text):
            where = f"{name}:{text.count(chr(10), 0, about.start()) + 1}"
            line = LINE.fullmatch(about[0])
            after = line and TEST.match(text, about.end())
            if not after:
                failed.append(f"{where}: expected '/// Rows of SECURITY.md: 7, 24.' above a test, found {about[0].strip()!r}")
                continue
            # A function, or the first argument of a macro that defines a test.
            function = after[1] or after[3]
            is_test = after[2] or re.search(r"#\[[^\]]*\btest\b", after[0])
            # Not a test itself: a part that one test of the file calls, to share its set-up.
            is_called = "/tests/" in name and len(re.findall(rf"\b{function}\(", text)) > 1
            if not is_test and not is_called:
                failed.append(f"{where}: {function} is not a test, and no test of this file calls it")
                continue
            numbers = [int(row) for row in line[1].split(", ")]
            test = f"{name}::{function}"
            alone[test] = len(numbers)
            for row in numbers:
                found.setdefault(row, []).append(test)
    for named in found.values():
        # Tests that name only this row come first.
        named.sort(key=lambda test: (alone[test], test))
    return found, failed


def rows(text):
    """Number, cells and whole line of each row of the table."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and cells[0].isdigit():
            yield int(cells[0]), cells, line


def main():
    found, failed = tests()
    text = PAGE.read_text(encoding="utf-8")
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
    print(f"{len(seen)} rows, {sum(map(len, found.values()))} tests that name them, {len(failed)} complaints")
    print("\n".join(failed))
    if failed:
        print("python3 .ci/failures.py --write fills the last column")
    sys.exit(bool(failed))


main()
