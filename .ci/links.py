"""Checks that relative links in Markdown files lead to a file, and to a heading if they name one,
and that the paths which the documents name exist.

Paths are not checked in reviews and reports, which name paths of their time, nor in guides, which
name files that the reader creates.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
tracked = listed.split("\0")[:-1]
files = [name for name in tracked if name.endswith(".md")]
broken = []
links = 0


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    found = set()
    for heading in re.findall(r"^#+ +(.+?) *$", text, re.M):
        name = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", name).replace(" ", "-")
        again = next(n for n in range(len(found) + 1) if (f"{name}-{n}" if n else name) not in found)
        found.add(f"{name}-{again}" if again else name)
    return found


for name in files:
    path = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        links += 1
        page, _, anchor = target.partition("#")
        there = path.parent / page if page else path
        if not there.exists() or anchor and there.suffix == ".md" and anchor not in anchors(there):
            broken.append(f"{name}: {target}")

# In backticks, from the root: a first component that is a folder here, then names alone. `a::b` and
# `*` are not paths. A name with a placeholder in capitals, such as NAME.rs, is not one either.
folders = {name.split("/")[0] for name in tracked if "/" in name}
paths = 0
unchecked = ("docs/review/", "docs/reports/", "docs/guides/")
for name in files:
    if "/" in name and not name.startswith("docs/") or name.startswith(unchecked):
        continue
    for quoted in re.findall(r"`([^`\n]+)`", (ROOT / name).read_text(encoding="utf-8")):
        target = quoted.split("::")[0]
        is_path = re.fullmatch(r"[\w.-]+/([\w.-]+/)*[\w.-]*", target)
        if not is_path or target.split("/")[0] not in folders or re.search(r"\bNAME\b", target):
            continue
        paths += 1
        if not (ROOT / target).exists():
            broken.append(f"{name}: {target}")
print(f"{len(files)} files, {links} relative links, {paths} paths, {len(broken)} broken")
print("\n".join(broken))
sys.exit(bool(broken))
