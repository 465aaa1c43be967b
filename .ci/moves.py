"""Finds values that the compiler passes to two calls.

rustc 1.77 to 1.96 merges two values that are constructed alike (rust-lang/rust#155241, #158830):
`f(Vec::new()); f(Vec::new())` may give the second call the memory that the first one freed. In the
optimised MIR, such an argument is a `copy` of a value that is dropped. This script searches the MIR
of the workspace for such copies, and ignores those known to be harmless. Compilers from 1.97 on do
not have the fault; when they are required, this script can go.

    python3 .ci/moves.py            builds the MIR of every crate; takes some ten minutes
    python3 .ci/moves.py --self     only checks, on a faulty compiler, that the pattern is found in
                                    code that has it
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DROPPED = re.compile(r"\b(Vec|String|Box|Zeroizing|HashMap|BTreeMap|PathBuf|Writer)\b")
# Pointers are passed in registers, so nothing is freed in place.
POINTER = re.compile(r"^([&*]|\(&|NonNull|Unique|std::(ptr|sync|pin|slice)::|std::option::Option<&)")
# Both ends of an unbounded range, in generic code of redb. Nothing of them is on the heap.
HARMLESS = re.compile(r"redb::Table::<.*>::retain_in_bounds::<")
TRAP = """
fn with(f: impl FnOnce(Vec<usize>)) { f(Vec::new()) }
pub fn trap() { with(|mut v| v.resize(2, 1)); with(|v| assert!(v.is_empty())); }
"""


def findings(path):
    function, types = "", {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("fn "):
            function, types = line, {}
        elif declared := re.match(r"\s+let (?:mut )?(_\d+): (.*);$", line):
            types[declared[1]] = declared[2]
        elif call := re.search(r"= (?!\()(.*)\((.*)\) -> ", line):
            for name in re.findall(r"copy (_\d+)(?![.\d])", call[2]):
                kind = types.get(name, "")
                is_harmless = POINTER.match(kind) or HARMLESS.search(call[1])
                if DROPPED.search(kind) and not is_harmless:
                    yield f"{path.name.split('-')[0]}: {function[:120]}: {kind[:80]}: {line.strip()[:160]}"


def trap():
    """Counts how often the pattern is found in code that has it."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = pathlib.Path(folder, "trap.rs"), pathlib.Path(folder, "trap-0.mir")
        source.write_text(TRAP, encoding="utf-8")
        command = ["rustc", "--edition=2024", "--crate-type=lib", "-Copt-level=3"]
        subprocess.run([*command, f"--emit=mir={out}", source], check=True)
        return len(list(findings(out)))


def main():
    version = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout
    minor = int(re.search(r"rustc 1\.(\d+)", version)[1])
    caught = trap()
    if minor < 97 and not caught:
        sys.exit("the pattern is not found in code that has it")
    print(f"{version.strip()}: {'has' if caught else 'does not have'} the fault")
    if "--self" in sys.argv:
        return
    target = ROOT / "target/moves"
    environment = os.environ | {"RUSTFLAGS": "-Copt-level=3 --emit=mir", "CARGO_TARGET_DIR": str(target)}
    subprocess.run(["cargo", "check", "--quiet", "--release", "--workspace"], cwd=ROOT, env=environment, check=True)
    # The newest file of each crate. Those of other features and earlier builds are beside it.
    files = sorted(target.glob("release/deps/*.mir"), key=lambda path: path.stat().st_mtime)
    newest = {path.name.rpartition("-")[0]: path for path in files}
    files = [path for name, path in sorted(newest.items()) if name.startswith(("wufu", "bn254x8"))]
    found = [finding for path in files for finding in findings(path)]
    print(*found, sep="\n")
    print(f"{len(files)} crates, {len(found)} values that are handed on twice")
    sys.exit(bool(found) or len(files) < 12)


main()
