"""Relative links in the project's Markdown files must lead somewhere."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
files = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
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
print(f"{len(files)} files, {links} relative links, {len(broken)} broken")
print("\n".join(broken))
sys.exit(bool(broken))
