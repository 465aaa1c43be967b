"""README.zh-CN.md has the headings, code blocks, tables and links of README.md, in its own words.

- As many headings as README.md has, of the same levels and in the same order.
- The same code blocks, to the byte. What one page tells people to type, so does the other.
- As many rows in each table, and the same links, but for those to headings of the page itself.
"""

import collections
import itertools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ["README.md", "README.zh-CN.md"]


def parts(page):
    """Headings (line, level), blocks (line, text), tables (line, rows), links (target: count)."""
    headings, blocks, tables, links = [], [], [], collections.Counter()
    block = None
    before = ""
    for number, line in enumerate((ROOT / page).read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            if block is None:
                block = (number, [line])
            else:
                blocks.append((block[0], "\n".join(block[1])))
                block = None
            continue
        if block is not None:
            block[1].append(line)
            continue
        if heading := re.match(r"(#+) ", line):
            headings.append((number, len(heading[1])))
        if line.startswith("|"):
            if not before.startswith("|"):
                tables.append((number, 0))
            tables[-1] = (tables[-1][0], tables[-1][1] + 1)
        links.update(re.findall(r"\]\(([^)\s#][^)\s]*)\)", line))
        before = line
    for other in PAGES:
        del links[other]
    return headings, blocks, tables, links


def main():
    (first, second), complaints = (parts(page) for page in PAGES), []
    for what, ours, theirs in zip(["heading", "code block", "table"], first, second):
        for index, (one, other) in enumerate(itertools.zip_longest(ours, theirs), 1):
            if one is None or other is None:
                page, line = (PAGES[0], one[0]) if one else (PAGES[1], other[0])
                complaints.append(f"{page}:{line}: {what} {index} is in this page alone")
                break
            if one[1] != other[1]:
                here, there = f"{PAGES[1]}:{other[0]}", f"{PAGES[0]}:{one[0]}"
                complaints.append(f"{here}: {what} {index} is not that of {there}")
    for target in sorted((first[3] | second[3]) - (first[3] & second[3])):
        counts = [f"{links[target]} in {page}" for page, links in zip(PAGES, [first[3], second[3]])]
        complaints.append(f"{target}: links: {', '.join(counts)}")
    headings, blocks, tables, links = map(len, first)
    print(f"{headings} headings, {blocks} code blocks, {tables} tables, links to {links} places")
    print(f"{len(complaints)} differences", *complaints, sep="\n")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
