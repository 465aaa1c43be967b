#!/usr/bin/env python3
"""Checks that the second command of the README does not compile again what the first one compiled.

Cargo compiles a crate once for each set of features and dependencies. So if only a test enables a
feature, everything above that crate is compiled twice. This script prints each crate that the two
commands build differently, and which features differ where the difference begins.
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
    """The units that a command compiles, each as a key of everything that goes into it."""
    # Printing the unit graph is unstable, so RUSTC_BOOTSTRAP allows it. Nothing else here is.
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
                unit["pkg_id"], unit["target"]["name"], tuple(unit["target"]["kind"]),
                unit["mode"], unit["platform"],
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
