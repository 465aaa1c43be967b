"""The rooms of the house: what only one of them may name, how long a file may be, and that files use each other one way.

- `sqlx` is named in `ledger/src/store` alone: another database means other files there, and nothing else.
- No source file has more than 500 lines.
- In the crates of `ONE_WAY` no two files import each other, by whatever detour. A name that a file hands on (`pub use`) counts for the file that
  has it. Tests may use what they test.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LONGEST = 500
# What is named, in which sources, and the only folder that may.
KEPT = [("sqlx", "ledger/src", "ledger/src/store")]
ONE_WAY = ["cli", "delegation", "files", "ledger", "proto", "serve", "wallet"]


def parts(text):
    """What stands between the commas of `text`, but for those in braces."""
    depth, start = 0, 0
    for at, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if sign == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    if text[start:].strip():
        yield text[start:].strip()


def paths(tree, before=()):
    """The paths of a `use`, as tuples."""
    if tree.startswith("{"):
        for part in parts(tree[1:-1]):
            yield from paths(part, before)
    elif found := re.match(r"(\w+)\s*::\s*(.*)$", tree, re.S):
        yield from paths(found[2], (*before, found[1]))
    else:
        yield (*before, tree.split(" as ")[0])


def imports(crate):
    """Which files of a crate import which, by their modules."""
    root = ROOT / crate / "src"
    sources, handed, used = {}, {}, {}
    for file in root.rglob("*.rs"):
        names = file.relative_to(root).with_suffix("").parts
        if names[-1] not in ("tests", "faults"):
            module = names[:-1] if names[-1] in ("mod", "lib", "main") else names
            sources[module] = re.sub(r"//[^\n]*", "", file.read_text()).split("#[cfg(test)]\nmod tests {")[0]
    for module, text in sources.items():
        used[module] = [tuple(path.split("::")) for path in re.findall(r"\bcrate::((?:\w+::)*\w+)(?![\w:])", text)]
        for public, tree in re.findall(r"(pub(?:\([a-z]+\))?\s+)?\buse\s+([^;]+);", text):
            for path in paths(re.sub(r"\s+", " ", tree)):
                up = path.count("super")
                if path[0] == "crate":
                    path = path[1:]
                elif path[0] == "super":
                    path = module[: len(module) - up] + path[up:]
                elif module + path[:1] in sources:
                    path = module + path
                else:
                    continue
                if public:
                    handed.setdefault(module, {})[path[-1]] = path
                else:
                    used[module].append(path)

    def home(path, hops=5):
        for length in range(len(path), 0, -1):
            module, rest = path[:length], path[length:]
            if module in sources:
                further = handed.get(module, {}).get(rest[0]) if rest and hops else None
                return home(further + rest[1:], hops - 1) if further else module
        return None

    return {module: {home(path) for path in found} - {None, module} for module, found in used.items()}


def circles(graph):
    """Sets of files of which each leads to every other."""

    def reach(start):
        seen, open_ = set(), [start]
        while open_:
            for other in graph.get(open_.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    open_.append(other)
        return seen

    reached = {module: reach(module) for module in graph}
    return {frozenset(other for other in found if module in reached[other]) for module, found in reached.items() if module in found}


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
    for crate in ONE_WAY:
        for circle in circles(imports(crate)):
            names = ", ".join(sorted("/".join(module) for module in circle))
            complaints.append(f"{crate}/src: these files import each other, by a detour or not: {names}")
    print(f"{len(files)} source files, {len(complaints)} complaints", *complaints, sep="\n")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
