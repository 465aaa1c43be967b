"""No two files of a crate import each other, by whatever way round: `use` declarations and paths in the code are followed to the file in
which the name is defined, through re-exports. Unit tests are left out; a `mod` declaration or a re-export alone is no import.

Where a crate has its folders in ROOMS, a file may also use only what stands in its own folder or in an earlier one.

    python3 .ci/cycles.py                         every crate; the exit code is 0 when there is no cycle
    python3 .ci/cycles.py verifier                one crate
    python3 .ci/cycles.py --imports verifier      and what each of its files imports
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOMS = {"verifier": ["encoding", "hash", "statement", "groth16", "log", "check"]}
# Files that are one idea and may import each other, with the reason: {("crate", "path", "path", …): "reason"}.
TOGETHER = {}

COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'', re.S)
VISIBILITY = re.compile(r"\bpub\s*\([^)]*\)")
INLINE = re.compile(r"\bmod\s+(\w+)\s*\{")
USE = re.compile(r"\buse\s+([^;]+);")
PATH = re.compile(r"(?<![\w:])(\w+)((?:\s*::\s*\w+)+)")


def closing(text, at):
    """The position after the brace that closes the one at `at`."""
    depth = 0
    for found in re.compile(r"[{}]").finditer(text, at):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return found.end()
    return len(text)


def without_tests(text):
    while found := re.search(r"#\[cfg\((?:test|all\(test\b[^\]]*)\)\]\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*([{;])", text):
        end = closing(text, found.end() - 1) if found[1] == "{" else found.end()
        text = text[: found.start()] + text[end:]
    return text


def tree(text):
    """The paths of a use declaration, each with the name that it brings."""
    text = text.strip()
    head, brace, rest = text.partition("{")
    if not brace:
        path, _, alias = text.partition(" as ")
        parts = [part.strip() for part in path.split("::") if part.strip()]
        if parts and parts[-1] == "self" and len(parts) > 1:
            parts.pop()
        return [(parts, alias.strip() or parts[-1])] if parts else []
    head = [part.strip() for part in head.split("::") if part.strip()]
    items, depth, item = [], 0, ""
    for char in rest[: rest.rindex("}")] + ",":
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            for parts, name in tree(item):
                is_self = parts == ["self"]
                items.append((head + ([] if is_self else parts), head[-1] if is_self and name == "self" else name))
            item = ""
        else:
            item += char
    return items


class Module:
    """One file: its place in the crate, what it brings into scope, and its code without use declarations."""

    def __init__(self, path, place, text):
        self.path, self.place = path, place
        text = without_tests(VISIBILITY.sub("pub ", COMMENT.sub(" ", text)))
        self.uses, self.globs = {}, []
        inner = [(found[1], found.start(), closing(text, found.end() - 1)) for found in INLINE.finditer(text)]
        self.inline = {name for name, _, _ in inner}
        for found in USE.finditer(text):
            # Within `mod name { … }` of the file, `super` is the file itself.
            depth = sum(start < found.start() < end for _, start, end in inner)
            for parts, name in tree(found[1]):
                if parts[0] == "super" and depth:
                    parts = parts[min(depth, len(parts) - 1, sum(part == "super" for part in parts)):]
                    parts = parts if parts[0] == "super" else ["self", *parts]
                if name == "*":
                    public = bool(re.search(r"\bpub\s*$", text[: found.start()]))
                    self.globs.append((parts[:-1], public))
                elif name != "_" and parts != ["self", name]:
                    self.uses.setdefault(name, parts)
        self.code = USE.sub(" ", text)


class Crate:
    def __init__(self, source):
        self.source, self.modules = source, {}
        for path in sorted(source.rglob("*.rs")):
            parts = list(path.relative_to(source).with_suffix("").parts)
            if parts[0] in ("bin", "main") or parts[-1] == "tests" or "tests" in parts[:-1]:
                continue
            if parts[-1] in ("mod", "lib"):
                parts.pop()
            self.modules[tuple(parts)] = Module(path, tuple(parts), path.read_text(encoding="utf-8"))

    def resolve(self, place, parts, seen=frozenset()):
        """The module that defines what a path names, seen from the module at `place`; none if it is of another crate."""
        if (place, tuple(parts)) in seen or not parts:
            return self.modules.get(place)
        seen = seen | {(place, tuple(parts))}
        first, rest = parts[0], parts[1:]
        if first == "crate":
            return self.within((), rest, seen)
        if first == "self":
            return self.within(place, rest, seen)
        if first == "super":
            return self.resolve(place[:-1], rest if rest[:1] == ["super"] else ["self", *rest], seen)
        here = self.modules[place]
        if (*place, first) in self.modules or first in here.uses:
            return self.within(place, parts, seen)
        return here if first in here.inline else None

    def within(self, place, parts, seen):
        """As `resolve`, of a path that begins in the module at `place`."""
        if place not in self.modules:
            return None
        if not parts:
            return self.modules[place]
        first, rest = parts[0], parts[1:]
        if (*place, first) in self.modules:
            return self.within((*place, first), rest, seen)
        here = self.modules[place]
        if first in here.uses:
            # `use name::…` of another crate, unless it is a module of this one.
            other_crate = here.uses[first][0] == first
            return None if other_crate else self.resolve(place, [*here.uses[first], *rest], seen)
        return here

    def imports(self, module):
        found = set()
        for name, parts in module.uses.items():
            # A module that is brought in is followed to what is taken from it, below.
            if re.search(rf"\b{re.escape(name)}\b(?!\s*::)", module.code) or re.search(rf"\b{re.escape(name)}\s*::\s*[<{{*]", module.code):
                found.add(self.resolve(module.place, parts))
        for parts, public in module.globs:
            if not public:
                found.add(self.resolve(module.place, parts))
        for path in PATH.finditer(module.code):
            found.add(self.resolve(module.place, [path[1], *re.findall(r"\w+", path[2])]))
        return found - {module, None}


def circles(graph):
    """Strongly connected parts of more than one file (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(part) > 1:
                found.append(part)

    for node in graph:
        if node not in index:
            visit(node)
    return found


def main():
    only = [name for name in sys.argv[1:] if name != "--imports"]
    sources = sorted(path for pattern in ("*/src", "bindings/*/src") for path in ROOT.glob(pattern) if (path.parent / "Cargo.toml").exists())
    files, edges, failed = 0, 0, []
    for source in sources:
        name = str(source.parent.relative_to(ROOT))
        if only and name not in only:
            continue
        crate = Crate(source)
        graph = {module: crate.imports(module) for module in crate.modules.values()}
        shown = lambda module: str(module.path.relative_to(source))
        files, edges = files + len(graph), edges + sum(map(len, graph.values()))
        for part in circles(graph):
            inside = sorted(map(shown, part))
            if (name, *inside) in TOGETHER:
                continue
            failed.append(f"{name}: {len(inside)} files import each other")
            for module in sorted(part, key=shown):
                failed.append(f"    {shown(module)} -> {', '.join(sorted(shown(other) for other in graph[module] & set(part)))}")
        rooms = ROOMS.get(name, [])
        for module, others in graph.items():
            if "--imports" in sys.argv:
                print(f"{shown(module)}: {', '.join(sorted(map(shown, others)))}")
            for other in others:
                one, two = module.place[:1], other.place[:1]
                if one and two and one[0] in rooms and two[0] in rooms and rooms.index(two[0]) > rooms.index(one[0]):
                    failed.append(f"{name}: {shown(module)} uses {shown(other)}, of a later room")
    print(f"{files} files, {edges} imports between them, {sum(not line.startswith(' ') for line in failed)} complaints")
    print("\n".join(failed))
    sys.exit(bool(failed) or files == 0)


if __name__ == "__main__":
    main()
