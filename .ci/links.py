"""Checks that relative links in Markdown files lead to a file, and that the paths which the main
documents name exist."""

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
for name in files:
    path = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        links += 1
        if not (path.parent / target.split("#")[0]).exists():
            broken.append(f"{name}: {target}")

# A path in backticks begins with a folder of the root, and has only names after it. `a::b` and `*`
# are not paths.
folders = {name.split("/")[0] for name in tracked if "/" in name}
paths = 0
for name in ["DESIGN.md", "README.md", "SECURITY.md"]:
    for quoted in re.findall(r"`([^`\n]+)`", (ROOT / name).read_text(encoding="utf-8")):
        target = quoted.split("::")[0]
        if not re.fullmatch(r"[\w.-]+/([\w.-]+/)*[\w.-]*", target) or target.split("/")[0] not in folders:
            continue
        paths += 1
        if not (ROOT / target).exists():
            broken.append(f"{name}: {target}")
print(f"{len(files)} files, {links} relative links, {paths} paths, {len(broken)} broken")
print("\n".join(broken))
sys.exit(bool(broken))
