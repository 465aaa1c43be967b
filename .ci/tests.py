"""Checks that every test runs, that no test binary runs for ever, and that tests have short names.

Three rules, checked on the sources of the workspace:
1. The root file of every test binary links the time limit with `use wufu_testing as _;`, which in
   libraries and programs is behind `#[cfg(test)]`.
2. Every file in a folder `tests` or `src` belongs to a target, because some file declares it with
   `mod`. A file without a `mod` is never compiled, so its tests never run.
3. The name of a test has at most 50 characters, and no row number. Rows of SECURITY.md are named in
   the line `/// Rows of SECURITY.md: 7, 24.`

    python3 .ci/tests.py            checks
    python3 .ci/tests.py --write    adds the missing lines of rule 1
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINE = "use wufu_testing as _;"
TESTING = "wufu-testing"
LONGEST = 50
# An attribute that makes a function a test, then other attributes and documentation, then the
# function. An attribute may span several lines.
TEST = re.compile(
    r"^[ \t]*#\[(?:\w+::)*test\b[^\]]*\]\s*(?:(?:#\[[^\]]*\]|//[^\n]*)\s*)*"
    r"(?:pub(?:\([^)]*\))? )?(?:async )?fn (\w+)",
    re.M,
)
ROW_TAG = re.compile(r"(?:^|_)f\d\d_")


def metadata():
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1", "--offline"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if found.returncode:
        # Before the first run there is no local index, so cargo needs the network.
        command = command[:-1]
        found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(found.stdout)


def modules(root):
    """The files of a target, found by following `mod NAME;` and `#[path = "…"]`."""
    found, rest = set(), [(root, True)]
    while rest:
        path, is_root = rest.pop()
        if path in found or not path.exists():
            continue
        found.add(path)
        text = path.read_text(encoding="utf-8")
        # Modules are beside a root or a mod.rs, and otherwise in a folder with the file's name.
        beside = path.parent if is_root or path.name == "mod.rs" else path.parent / path.stem
        for match in re.finditer(r'^[ \t]*((?:#\[[^\n]*\]\s*)*)(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*(;|\{)', text, re.M):
            attributes, name, end = match.groups()
            named = re.search(r'#\[(?:cfg_attr\([^\n]*?,\s*)?path\s*=\s*"([^"]+)"', attributes)
            if end == "{":
                continue
            if named:
                rest.append(((path.parent / named[1]).resolve(), False))
            else:
                rest += [(beside / f"{name}.rs", False), (beside / name / "mod.rs", False)]
        # Modules inside an inline module: `mod a { mod b; }`.
        for outer in re.finditer(r"^(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*\{(.*?)^\}", text, re.M | re.S):
            for inner in re.finditer(r"^\s+(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+);", outer[2], re.M):
                folder = beside / outer[1]
                rest += [(folder / f"{inner[1]}.rs", False), (folder / inner[1] / "mod.rs", False)]
        for included in re.finditer(r'include!\("([^"]+)"\)', text):
            rest.append(((path.parent / included[1]).resolve(), False))
    return found


def link(path, is_test):
    """Adds the line below the header of a root file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines) and (lines[at].startswith(("//!", "#![")) or not lines[at].strip()):
        # An attribute may take several lines.
        if lines[at].startswith("#![") and not lines[at].rstrip().endswith("]"):
            while not lines[at].rstrip().endswith(")]"):
                at += 1
        at += 1
    new = [LINE, ""] if is_test else ["#[cfg(test)]", LINE, ""]
    path.write_text("\n".join(lines[:at] + new + lines[at:]) + "\n", encoding="utf-8")


def misnamed(path):
    """Complaints about the names of the tests in a file, and how many tests there are."""
    text = path.read_text(encoding="utf-8")
    complaints, count = [], 0
    for match in TEST.finditer(text):
        count += 1
        name = match[1]
        where = f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start(1)) + 1}: {name}"
        if len(name) > LONGEST:
            complaints.append(f"{where}: the name has {len(name)} characters, expected at most {LONGEST}")
        if ROW_TAG.search(name):
            complaints.append(f"{where}: rows stand in a line above the test: /// Rows of docs/failures.md: 7, 24.")
    return complaints, count


def main():
    failed, binaries, reached, sources = [], 0, set(), set()
    for package in metadata()["packages"]:
        folder = pathlib.Path(package["manifest_path"]).parent
        sources |= {path for part in ("tests", "src") for path in (folder / part).rglob("*.rs")}
        # A package inside this folder has dependencies of its own.
        dependencies = {dependency["name"] for dependency in package["dependencies"]}
        has_tests = any(target["test"] for target in package["targets"])
        if has_tests and package["name"] != TESTING and TESTING not in dependencies:
            failed.append(f"{folder.relative_to(ROOT)}/Cargo.toml: no [dev-dependencies] wufu-testing.workspace = true")
        for target in package["targets"]:
            root = pathlib.Path(target["src_path"])
            files = modules(root)
            reached |= files
            if not target["test"] or package["name"] == TESTING and "test" not in target["kind"]:
                continue
            binaries += 1
            is_test = "test" in target["kind"]
            text = root.read_text(encoding="utf-8")
            wanted = LINE if is_test else f"#[cfg(test)]\n{LINE}"
            if not re.search(rf"^{re.escape(wanted)}$", text, re.M):
                if "--write" in sys.argv:
                    link(root, is_test)
                else:
                    failed.append(f"{root.relative_to(ROOT)}: the test binary {target['name']} has no time limit: add {LINE!r}")
    for path in sorted(sources - reached):
        failed.append(f"{path.relative_to(ROOT)}: in no target: no file says `mod {path.stem};`")
    tests = 0
    for path in sorted(sources | reached):
        complaints, count = misnamed(path)
        failed += complaints
        tests += count
    print(f"{binaries} test binaries, {len(reached)} files in them, {tests} tests, {len(failed)} complaints")
    print("\n".join(failed))
    sys.exit(bool(failed))


main()
