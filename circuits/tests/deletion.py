#!/usr/bin/env python3
"""Deletes each call that lays rows from the source of the circuits, one at a time, and sees which
test fails.

The calls are found by name in `circuits/src`: those of the builder (`row`, `product`,
`product_is_zero`), and those of gadgets, which lay many rows. A call that is a statement is
removed. A call whose value is needed is replaced by a wire of the same value that nothing
constrains: the computation stays, and the constraint is gone. True witnesses still pass, so
`honest_instances_are_accepted` must, too.

Tests run in the order of TESTS, until one fails. `shape` is left out: it pins the number of rows,
and would always fail.

    python3 circuits/tests/deletion.py              every tenth call, for a look
    python3 circuits/tests/deletion.py --long       all; prints docs/reports/deletion-source.md
    python3 circuits/tests/deletion.py --list       the calls alone

It works in target/deletion, a copy with a target folder of its own, and does not change the tree.
It exits with 1 if a call survives.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COPY = ROOT / "target/deletion"
FILES = [
    "gadgets/path.rs",
    "gadgets/range.rs",
    "card.rs",
    "donation.rs",
    "keys.rs",
    "person.rs",
    "gadgets/poseidon/mod.rs",
    "statements/*.rs",
]
TESTS = ["clauses", "failures", "mutation", "hunt"]
HONEST = "honest_instances_are_accepted"
# A call with the builder first, or a method of the builder. Functions that return a wire and
# consist of other calls (`own`, `body`, `leaf` of a person) are deleted inside.
CALL = re.compile(r"(?:[\w.]+\.|\w+::)*(?:row|product|product_is_zero|fits::<[^>]*>|hash\d_is|hash\d|public_key|commitment|nullifier|root|leaf|given)\(")


def end(text, start):
    """Returns the position after the bracket that closes the one before `start`."""
    depth = 1
    for at in range(start, len(text)):
        depth += text[at] in "([{"
        depth -= text[at] in ")]}"
        if depth == 0:
            return at + 1
    raise ValueError("a bracket is not closed")


def arguments(text):
    """Splits at commas outside brackets."""
    parts, depth, last = [], 0, 0
    for at, sign in enumerate(text):
        depth += sign in "([{"
        depth -= sign in ")]}"
        if sign == "," and depth == 0:
            parts.append(text[last:at])
            last = at + 1
    return [part.strip() for part in parts + [text[last:]] if part.strip()]


def wire(call, given):
    """Returns an expression with the same value and without a constraint."""
    if call.startswith("b.product("):
        left, right = given
        compute = f"(|x: &crate::r1cs::Num, y: &crate::r1cs::Num| x.value() * y.value())({left}, {right})"
        return f"{{ let value = {compute}; b.wire(value) }}"
    if call.startswith("L::product("):
        _, left, right = given
        return f"{{ let value = ({left}).value() * ({right}).value(); L::wire(b, value) }}"
    if number := re.match(r"poseidon::hash(\d)\($", call):
        inputs = f"({given[1]}).map(|input| input.value())"
        return f"{{ let value = wufu_verifier::hash::poseidon::hash{number[1]}({inputs}); b.wire(value) }}"
    return None


def calls():
    """Yields the path, line, position and replacement of each call."""
    for pattern in FILES:
        for path in sorted((ROOT / "circuits/src").glob(pattern)):
            text = path.read_text(encoding="utf-8")
            code = text.split("#[cfg(test)]")[0]
            for found in CALL.finditer(code):
                stop = end(code, found.end())
                given = arguments(code[found.end() : stop - 1])
                name = found[0]
                builder = name.startswith("b.")
                if code[: found.start()].endswith("fn ") or not (builder or given[:1] == ["b"]):
                    continue
                line = code.count("\n", 0, found.start())
                begins = code[: found.start()].rpartition("\n")[2].strip() == ""
                if begins and code[stop : stop + 1] == ";":
                    yield path, line + 1, (found.start(), stop + 1), ""
                elif (instead := wire(name, given)) is not None:
                    yield path, line + 1, (found.start(), stop), instead


def test(name):
    """Returns the names of a file's tests that fail, or None if it does not compile."""
    command = ["cargo", "test", "--quiet", "--release", "-p", "wufu-circuits", "--test", "circuits", "--no-fail-fast", f"{name}::"]
    # Build quickly rather than run fast: only the circuits change.
    command += ["--config", "profile.release.package.wufu-circuits.opt-level=1"]
    # Unused functions are not errors here.
    variables = os.environ | {"CARGO_TARGET_DIR": str(COPY / "target"), "RUSTFLAGS": "--cap-lints=allow", "WUFU_NODE": ""}
    ran = subprocess.run(command, cwd=COPY, env=variables, capture_output=True, text=True)
    if "test result:" not in ran.stdout:
        print(ran.stderr[-3000:], file=sys.stderr)
        return None
    failing = re.findall(r"^    (\w[\w:]*)$", ran.stdout, re.MULTILINE)
    return sorted({full.removeprefix(f"{name}::") for full in failing})


def main():
    found = list(calls())
    if "--list" in sys.argv:
        for path, line, (start, stop), instead in found:
            print(f"{path.relative_to(ROOT)}:{line}", " ".join(path.read_text()[start:stop].split()), "=>", instead or "nothing")
        return
    if "--long" not in sys.argv:
        found = found[::10]
    shutil.rmtree(COPY / "circuits", ignore_errors=True)
    COPY.mkdir(parents=True, exist_ok=True)
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split("\n"):
        source, to = ROOT / name, COPY / name
        is_same = to.exists() and source.is_file() and to.read_bytes() == source.read_bytes()
        if name and source.is_file() and not is_same:
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, to)
    command = ["git", "describe", "--always", "--dirty"]
    head = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    print(f"At commit {head.stdout.strip()}, {len(found)} calls.\n")
    begun = time.monotonic()
    if failed := [failing for name in TESTS for failing in test(name) or []]:
        sys.exit(f"these fail without a change: {failed}")
    print("Each call, and the tests that fail without it:\n", flush=True)
    survivors = []
    for path, line, (start, stop), instead in found:
        copy = COPY / path.relative_to(ROOT)
        text = path.read_text(encoding="utf-8")
        copy.write_text(text[:start] + instead + text[stop:], encoding="utf-8")
        told = "nothing: it SURVIVES"
        for name in TESTS:
            failing = test(name)
            if failing is None:
                told = "it does not compile"
                break
            if HONEST in failing:
                told = f"`{HONEST}`: not what was meant"
                break
            if failing:
                more = f", and {len(failing) - 2} more" if len(failing) > 2 else ""
                told = ", ".join(f"`{name}::{failing}`" for failing in failing[:2]) + more
                break
        if not told.startswith(("`clauses::", "`failures::", "`mutation::", "`hunt::")):
            survivors.append(f"{path.name}:{line}")
        call = " ".join(text[start:stop].rstrip(";").split())
        item = f"- `{path.relative_to(ROOT / 'circuits/src')}:{line}` `{call}`: {told}"
        whole = {"break_long_words": False, "break_on_hyphens": False}
        print(textwrap.fill(item, 116, subsequent_indent="  ", **whole), flush=True)
        copy.write_text(text, encoding="utf-8")
    print(f"\n{len(found)} calls, {len(survivors)} survive {survivors or ''}; {time.monotonic() - begun:.0f} s")
    sys.exit(bool(survivors))


main()
