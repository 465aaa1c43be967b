"""Checks that the files of a crate do not import each other in a cycle.

It follows `use` declarations and paths in the code, through re-exports, to the file that defines
the name. Unit tests are ignored. A `mod` declaration or a re-export alone is not an import.

For a crate whose folders are listed in ROOMS, a file may import only from its own folder and from
those before it in the list.

    python3 .ci/cycles.py                       every crate; the exit code is 0 if there is no cycle
    python3 .ci/cycles.py verifier              one crate
    python3 .ci/cycles.py --imports verifier    also lists what each of its files imports
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOMS = {"verifier": ["encoding", "hash", "statement", "groth16", "log", "check"]}
# Files that may import each other because they are one idea, with the reason:
# {("crate", "path", "path", …): "reason"}.
TOGETHER = {
    ("circuits/analysis", "hunt/propagation.rs", "hunt/space.rs"):
        "one search: it goes from wire to wire, and where it is stuck, it solves what is open as a "
        "space, whose solutions determine wires again",
}

COMMENT = re.compile(
    r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'', re.S
)
VISIBILITY = re.compile(r"\bpub\s*\([^)]*\)")
INLINE = re.compile(r"\bmod\s+(\w+)\s*\{")
USE = re.compile(r"\buse\s+([^;]+);")
PATH = re.compile(r"(?<![\w:])(\w+)((?:\s*::\s*\w+)+)")


def closing(text, at):
    """The position after the brace that closes the brace at `at`."""
    depth = 0
    for found in re.compile(r"[{}]").finditer(text, at):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return found.end()
    return len(text)


def without_tests(text):
    attribute = r"#\[cfg\((?:test|all\(test\b[^\]]*)\)\]\s*(?:#\[[^\]]*\]\s*)*"
    while found := re.search(attribute + r"(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*([{;])", text):
        end = closing(text, found.end() - 1) if found[1] == "{" else found.end()
        text = text[: found.start()] + text[end:]
    return text


def tree(text):
    """The paths of a use declaration, each with the name that it brings into scope."""
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
                name = head[-1] if is_self and name == "self" else name
                items.append((head + ([] if is_self else parts), name))
            item = ""
        else:
            item += char
    return items


class Module:
    """One file: its place in the crate, the names that it brings into scope, and its code without
    use declarations."""

    def __init__(self, path, place, text):
        self.path, self.place = path, place
        text = without_tests(VISIBILITY.sub("pub ", COMMENT.sub(" ", text)))
        self.uses, self.globs = {}, []
        inner = [
            (found[1], found.start(), closing(text, found.end() - 1))
            for found in INLINE.finditer(text)
        ]
        self.inline = {name for name, _, _ in inner}
        for found in USE.finditer(text):
            # Within `mod name { … }` of the file, `super` is the file itself.
            depth = sum(start < found.start() < end for _, start, end in inner)
            for parts, name in tree(found[1]):
                if parts[0] == "super" and depth:
                    supers = sum(part == "super" for part in parts)
                    parts = parts[min(depth, len(parts) - 1, supers) :]
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
        """The module that defines what a path names, seen from the module at `place`. None if
        another crate defines it."""
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
        """Like `resolve`, for a path that begins in the module at `place`."""
        if place not in self.modules:
            return None
        if not parts:
            return self.modules[place]
        first, rest = parts[0], parts[1:]
        if (*place, first) in self.modules:
            return self.within((*place, first), rest, seen)
        here = self.modules[place]
        if first in here.uses:
            # `use name::…` names another crate, unless this crate has such a module.
            other_crate = here.uses[first][0] == first
            return None if other_crate else self.resolve(place, [*here.uses[first], *rest], seen)
        return here

    def imports(self, module):
        found = set()
        for name, parts in module.uses.items():
            # Where a module itself is imported, the loop over paths below finds what is used of it.
            word = re.escape(name)
            if re.search(rf"\b{word}\b(?!\s*::)|\b{word}\s*::\s*[<{{*]", module.code):
                found.add(self.resolve(module.place, parts))
        for parts, public in module.globs:
            if not public:
                found.add(self.resolve(module.place, parts))
        for path in PATH.finditer(module.code):
            parts = [path[1], *re.findall(r"\w+", path[2])]
            found.add(self.resolve(module.place, parts))
        return found - {module, None}


def circles(graph):
    """Strongly connected components of more than one file (Tarjan's algorithm)."""
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
    folders = [path for pattern in ("*/src", "*/*/src") for path in ROOT.glob(pattern)]
    sources = sorted(path for path in folders if (path.parent / "Cargo.toml").exists())
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
                others = sorted(shown(other) for other in graph[module] & set(part))
                failed.append(f"    {shown(module)} -> {', '.join(others)}")
        rooms = ROOMS.get(name, [])
        for module, others in graph.items():
            if "--imports" in sys.argv:
                print(f"{shown(module)}: {', '.join(sorted(map(shown, others)))}")
            for other in others:
                one, two = module.place[:1], other.place[:1]
                if not (one and two and one[0] in rooms and two[0] in rooms):
                    continue
                if rooms.index(two[0]) > rooms.index(one[0]):
                    failed.append(f"{name}: {shown(module)} uses {shown(other)}, of a later room")
    print(f"{files} files, {edges} imports between them, {sum(not line.startswith(' ') for line in failed)} complaints")
    print("\n".join(failed))
    sys.exit(bool(failed) or files == 0)


if __name__ == "__main__":
    main()
