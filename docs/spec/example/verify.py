#!/usr/bin/env python3
"""Runs every case of the vectors. The exit code is 1 when a case comes to another result."""

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from lists import LISTS, not_covered

AT_ONCE = 20


def run(task):
    """Runs some cases of a list: its name, the failures, and the seconds that it took."""
    name, first = task
    function, cases = LISTS[name]
    begun, failures = time.monotonic(), []
    for case in cases[first : first + AT_ONCE]:
        try:
            function(case)
        except Exception as error:  # whatever goes wrong is a difference, and the run goes on
            failures.append(f"{case['case']}: {type(error).__name__}: {error}")
    return name, failures, time.monotonic() - begun


def main():
    tasks = [
        (name, first)
        for name, (_, cases) in LISTS.items()
        for first in range(0, len(cases), AT_ONCE)
    ]
    failures, seconds = {name: [] for name in LISTS}, dict.fromkeys(LISTS, 0)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, found, took in pool.map(run, tasks):
            failures[name] += found
            seconds[name] += took
    for name, (_, cases) in LISTS.items():
        print(
            f"{name:34} {len(cases):4} cases, {len(failures[name])} failed  {seconds[name]:5.1f} s"
        )
        for failure in failures[name]:
            print(f"    {failure}")
    uncovered, failed = not_covered(), sum(map(len, failures.values()))
    for text in uncovered:
        print(f"not covered: {text}")
    print(
        f"{sum(len(cases) for _, cases in LISTS.values())} cases, {failed} failed, "
        f"{len(uncovered)} files not covered"
    )
    return 1 if failed or uncovered else 0


if __name__ == "__main__":
    sys.exit(main())
