#!/usr/bin/env python3
"""Compares the README's two commands: what the first one compiles, the second one must not compile again.

Cargo compiles a crate once for each set of features and dependencies. A feature that only a test turns on therefore makes two of everything
that stands above it. This prints each crate that the two commands build differently, and for those where the difference begins, how.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST = ["build", "--release"]
SECOND = ["test", "--workspace", "--release"]


def units(command):
    """The units of a command, each with a key that says all that goes into it."""
    # Cargo prints its graph of units for whoever allows unstable options; nothing else here is unstable.
    output = subprocess.run(
        ["cargo", *command, "--locked", "--unit-graph", "-Z", "unstable-options"],
        cwd=ROOT, env={**os.environ, "RUSTC_BOOTSTRAP": "1"}, capture_output=True, text=True, check=False,
    )
    if output.returncode:
        sys.exit(f"cargo {' '.join(command)} --unit-graph: {output.stderr.strip()}")
    graph = json.loads(output.stdout)["units"]
    keys = {}

    def key(index):
        if index not in keys:
            unit = graph[index]
            own = (
                unit["pkg_id"], unit["target"]["name"], tuple(unit["target"]["kind"]), unit["mode"], unit["platform"],
                tuple(sorted(unit["features"])), json.dumps(unit["profile"], sort_keys=True),
            )
            below = tuple(sorted(hash(key(to["index"])) for to in unit["dependencies"]))
            keys[index] = (own, below)
        return keys[index]

    return {key(index) for index in range(len(graph))}


def main():
    first, second = units(FIRST), units(SECOND)
    again = [unit for unit in first if unit not in second and unit[0][3] != "run-custom-build"]
    begins = {}
    for own, _ in again:
        twins = [other[0] for other in second if other[0][:5] == own[:5]]
        if own not in twins:
            begins[own] = twins
    name = lambda own: own[0].rsplit("/", 1)[-1]
    for own, twins in sorted(begins.items()):
        print(f"{name(own)} ({own[3]}, {'host' if own[4] is None else own[4]}): features {list(own[5])}, in the tests {[list(twin[5]) for twin in twins]}")
    if again:
        sys.exit(f"{len(again)} of {len(first)} units of `cargo {' '.join(FIRST)}` are compiled again by `cargo {' '.join(SECOND)}`: "
                 f"{', '.join(sorted({name(own) for own, _ in again}))}")
    print(f"all {len(first)} units of `cargo {' '.join(FIRST)}` serve `cargo {' '.join(SECOND)}`, too")


if __name__ == "__main__":
    main()
