"""Checks the sections of docs/failures.md, called rows, against the tests. Each test that a row
lists must exist, and each test that names rows must be listed in them.

A test, or a part of a longer test, names its rows in the first line of its documentation:
`/// Rows of docs/failures.md: 7, 24.`

A row is a heading `## 7. What failed`, paragraphs, and a list of tests. A row without tests must
say why: "Not done", "Not built" or "Does not apply", in bold letters.

`--write` writes the lists of tests from the tree.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/failures.md"
ROWS = range(1, 54)


# The first line of a test's documentation, in this form and no other. Attributes and other lines of
# documentation may follow.
LINE = re.compile(r"^[ \t]*/// Rows of docs/failures\.md: (\d+(?:, \d+)*)\.$", re.MULTILINE)
ABOUT = re.compile(r"^[ \t]*//.*\brows? of (?:SECURITY|(?:docs/)?failures)\b.*$", re.MULTILINE | re.IGNORECASE)
# What stands between that line and the name: lines of documentation and attributes, which may take
# several lines.
TEST = re.compile(r"(?:\s*(?:///[^\n]*|#\[[^\]]*\]))*\s*(?:pub(?:\([^)]*\))? )?(?:async )?(?:fn (\w+)|(\w+)! ?[({]\s*(\w+))")


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
                failed.append(f"{where}: expected '/// Rows of docs/failures.md: 7, 24.' above a test, found {about[0].strip()!r}")
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


HEADING = re.compile(r"^## (\d+)\. .+$", re.MULTILINE)
LISTED = re.compile(r"^- `([^`]+::[^`]+)`$", re.MULTILINE)
LIST = re.compile(r"(?:^Tests:\n\n)?(?:^- `[^`]+::[^`]+`\n?)+|^Tests:\n", re.MULTILINE)
WHY = re.compile(r"\*\*(?:Not done|Not built|Does not apply)\b")


def rows(text):
    """Number and text of each row: from its heading to the next one."""
    headings = list(HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return [(int(heading[1]), text[heading.start() : end]) for heading, end in zip(headings, ends)]


def rewritten(section, listed):
    """The row with these tests at its end."""
    words = LIST.sub("", section).rstrip()
    tests = "".join(f"- `{test}`\n" for test in listed)
    return f"{words}\n\nTests:\n\n{tests}\n" if listed else f"{words}\n\n"


def main():
    found, failed = tests()
    text = PAGE.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        start = HEADING.search(text).start()
        sections = [rewritten(section, found.get(row, [])) for row, section in rows(text)]
        text = text[:start] + "".join(sections)
        text = text.rstrip() + "\n"
        PAGE.write_text(text, encoding="utf-8")
    sections = rows(text)
    for row, section in sections:
        listed, there = LISTED.findall(section), found.get(row, [])
        failed += [f"row {row}: {test} is not in the tree" for test in listed if test not in there]
        failed += [f"row {row}: {test} is not listed" for test in there if test not in listed]
        if not listed and not WHY.search(section):
            failed.append(f"row {row}: it lists no test and does not say why")
    seen = [row for row, _ in sections]
    if seen != list(ROWS):
        failed.append(f"rows are {seen}, expected {ROWS.start} to {ROWS.stop - 1} in order")
    failed += [f"test of a row that does not exist: {found[row]}" for row in found if row not in ROWS]
    print(f"{len(seen)} rows, {sum(map(len, found.values()))} tests that name them, {len(failed)} complaints")
    print("\n".join(failed))
    if failed:
        print("python3 .ci/failures.py --write writes the lists of tests")
    sys.exit(bool(failed))


main()
