"""Shows that the tests notice a missing check. It disables the checks of the source, one at a
time, and expects a test to fail for each.

The lists are `.ci/checks.d/*.toml`. An entry `[[check]]` has
    name     a unique name, also the value of WUFU_OFF that disables the check
    file     the source file
    find     the text of the check; it must occur once in the file, or once below `after`
    after    optional: a text above the check
    off      the expression that replaces the check when it is disabled. Without it, the check is a
             statement, and is skipped
    tests    what must fail then: "FOLDER/TARGET FILTER", with the target "lib" for unit tests
    survives optional: the reason why no test can fail. Then the tests must pass

All switches are built into one copy of the tree. So one build serves every check, and a killed run
leaves the tree as it was. The exit code is 0 if each check makes a test fail (a test that hangs
does not count), and if no test fails for a check that is listed as a survivor.

    python3 .ci/checks.py --anchors    only checks that each text is where its list says; quick, and
                                       part of .ci/lint
    python3 .ci/checks.py              everything
    python3 .ci/checks.py blind        only the list blind.toml; or one check, by its name
    python3 .ci/checks.py --report     prints the lists as tables for docs/reports/checks.md

The result of each run of a test binary is kept beside the copy, under the hash of the binary. So an
interrupted run continues where it stopped, and after a change only the rebuilt binaries run again.

Environment variables:
    WUFU_CHECKS_JOBS     how many runs are made at the same time
    WUFU_CHECKS_LIMIT    the time limit of one run, in seconds
    WUFU_CHECKS_COPY     the folder of the copy, by default target/checks
    WUFU_CHECKS_TARGET   the target folder to build in, by default target
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
LISTS = ROOT / ".ci/checks.d"
COPY = pathlib.Path(os.environ.get("WUFU_CHECKS_COPY", ROOT / "target/checks"))
KEPT = COPY.with_name(COPY.name + ".json")
# The limit of one run of a test binary, in seconds. A check that only this limit notices is a
# complaint.
LIMIT = int(os.environ.get("WUFU_CHECKS_LIMIT", 300))
# Runs at the same time. Many of them spend more time waiting than computing.
JOBS = int(os.environ.get("WUFU_CHECKS_JOBS", os.cpu_count() or 1))
KEYS = {"name", "file", "find", "after", "off", "tests", "survives"}


def entries():
    """All checks, with the name of their list."""
    found, names = [], set()
    for path in sorted(LISTS.glob("*.toml")):
        for check in tomllib.loads(path.read_text(encoding="utf-8"))["check"]:
            wrong = set(check) - KEYS
            if wrong or not {"name", "file", "find", "tests"} <= set(check):
                sys.exit(f"{path.name}: {check.get('name', check)}: unknown keys {sorted(wrong)}, or one is missing")
            if check["name"] in names:
                sys.exit(f"{path.name}: two checks are named {check['name']}")
            names.add(check["name"])
            found.append(check | {"list": path.stem})
    return found


def place(check, text):
    """The position of the check, or the reason why it cannot be found."""
    above = 0
    if "after" in check:
        if text.count(check["after"]) != 1:
            return None, f"{check['after']!r} stands there {text.count(check['after'])} times, expected once"
        above = text.index(check["after"])
    find = check["find"]
    at = text.find(find, above)
    if at < 0:
        return None, f"{find!r} is not there"
    if "after" not in check and text.find(find, at + 1) >= 0:
        return None, f"{find!r} stands there more than once: say after what"
    return at, None


def switched(text, checks, path):
    """The text of a file, with a switch added at each check."""
    places = []
    for check in checks:
        at, error = place(check, text)
        if error:
            sys.exit(f"{path}: {check['name']}: {error}")
        places.append((at, check))
    places.sort(key=lambda entry: entry[0])
    for (at, check), (then, other) in zip(places, places[1:]):
        if at + len(check["find"]) > then:
            sys.exit(f"{path}: {check['name']} and {other['name']} overlap")
    for at, check in reversed(places):
        find = check["find"]
        is_off = '(::std::env::var("WUFU_OFF").as_deref() == Ok("%s"))' % check["name"]
        if "off" in check:
            new = f"(if {is_off} {{ {check['off']} }} else {{ {find} }})"
        else:
            new = f"if !{is_off} {{ {find} }}"
        text = text[:at] + new + text[at + len(find) :]
    return text


def anchors(checks):
    """Complaints about texts that are not where their list says."""
    complaints = []
    for check in checks:
        path = ROOT / check["file"]
        if not path.exists():
            complaints.append(f"{check['list']}.toml: {check['name']}: there is no {check['file']}")
            continue
        _, error = place(check, path.read_text(encoding="utf-8"))
        if error:
            complaints.append(f"{check['list']}.toml: {check['name']}: {check['file']}: {error}")
    return complaints


def copy(checks):
    """Updates the copy. Unchanged files keep their time, so that cargo does not rebuild them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    by_file = {}
    for check in checks:
        by_file.setdefault(check["file"], []).append(check)
    for name in names:
        new = (ROOT / name).read_bytes()
        if name in by_file:
            new = switched(new.decode("utf-8"), by_file[name], name).encode("utf-8")
        path = COPY / name
        if not path.exists() or path.read_bytes() != new:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(new)
            if name not in by_file:
                shutil.copystat(ROOT / name, path)
    known = set(names)
    for path in COPY.rglob("*"):
        name = path.relative_to(COPY)
        if name.parts[0] != "target" and path.is_file() and str(name) not in known:
            path.unlink()


def build(tests):
    """The test binaries that the entries name, by folder and target, with the features of the whole
    workspace."""
    names = {test.partition(" ")[0] for test in tests}
    command = ["cargo", "test", "--release", "--workspace", "--no-run"]
    command += ["--message-format", "json-render-diagnostics"]
    command += ["--lib"] if any(name.endswith("/lib") for name in names) else []
    for name in sorted(name.rpartition("/")[2] for name in names if not name.endswith("/lib")):
        command += ["--test", name]
    target = os.environ.get("WUFU_CHECKS_TARGET", str(ROOT / "target"))
    environment = os.environ | {"CARGO_TARGET_DIR": target}
    log = COPY.with_name(COPY.name + ".log")
    with log.open("w") as warnings:
        built = subprocess.run(
            command, cwd=COPY, env=environment, stdout=subprocess.PIPE, stderr=warnings, text=True
        )
    if built.returncode:
        # The switches cause hundreds of warnings about parentheses.
        errors = [part for part in log.read_text().split("\n\n") if re.search(r"^error", part, re.M)]
        sys.exit("\n\n".join(errors) + f"\nit does not build with its switches: see {log}")
    binaries = {}
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] != "compiler-artifact" or not message["profile"]["test"] or not message["executable"]:
            continue
        folder = str(pathlib.Path(message["manifest_path"]).parent.relative_to(COPY))
        target = message["target"]
        binaries[folder, target["name"] if "test" in target["kind"] else "lib"] = message["executable"]
    return binaries


class Runs:
    """The results of test runs, kept from one call of this command to the next."""

    def __init__(self, binaries):
        self.binaries, self.hashes = binaries, {}
        self.lock, self.locks = threading.Lock(), {}
        self.kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        self.before = len(self.kept)

    def hash(self, test):
        folder, _, target = test.partition(" ")[0].rpartition("/")
        binary = self.binaries.get((folder, target))
        with self.lock:
            if binary and binary not in self.hashes:
                self.hashes[binary] = hashlib.sha256(pathlib.Path(binary).read_bytes()).hexdigest()
            return self.hashes.get(binary)

    def run(self, test, off):
        """Whether the tests of an entry passed, and how they ended."""
        key = f"{self.hash(test)} {test} {off}"
        with self.lock:
            one = self.locks.setdefault(key, threading.Lock())
        # Entries may share a run with every check enabled. The second one waits for the first.
        with one:
            if key not in self.kept:
                said = run(self.binaries, test, off)
                with self.lock:
                    self.kept[key] = said
                    # A failure that a busy machine may have caused is not kept, but tried again.
                    sure = {
                        key: said for key, said in self.kept.items()
                        if said[1] != "hangs" and (said[0] or not key.endswith(" None"))
                    }
                    fresh = KEPT.with_suffix(".new")
                    fresh.write_text(json.dumps(sure))
                    fresh.replace(KEPT)
        return self.kept[key]


def run(binaries, test, off):
    """Runs the tests of an entry. Returns whether they passed, and how they ended."""
    binary, _, tests = test.partition(" ")
    folder, _, target = binary.rpartition("/")
    if (folder, target) not in binaries:
        return False, f"{folder} has no test binary {target!r}, only {sorted(t for f, t in binaries if f == folder)}"
    environment = os.environ | {"WUFU_TEST_LIMIT": str(LIMIT), "CARGO_MANIFEST_DIR": str(COPY / folder)}
    environment.pop("WUFU_OFF", None)
    if off:
        environment["WUFU_OFF"] = off
    command = [binaries[folder, target], *tests.split()]
    try:
        ended = subprocess.run(
            command, cwd=COPY / folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=LIMIT + 60,
        )
    except subprocess.TimeoutExpired:
        return False, "hangs"
    count = re.search(r"^running (\d+) test", ended.stdout, re.M)
    if not count or count[1] == "0":
        return False, "no test has such a name"
    if ended.returncode == 0:
        return True, "passes"
    failed = re.findall(r"^test (\S+) (?:- .* )?\.\.\. FAILED|^    (\S+)$", ended.stdout, re.M)
    names = sorted({one or two for one, two in failed})
    if ended.returncode == 124:
        return False, "hangs"
    return False, ", ".join(names) or f"exit code {ended.returncode}"


def report(checks):
    for name in sorted({check["list"] for check in checks}):
        own = [check for check in checks if check["list"] == name]
        survivors = [check for check in own if "survives" in check]
        print(f"| {name} | {len(own)} | {len(own) - len(survivors)} | {len(survivors)} |")
    print()
    for check in checks:
        if "survives" in check:
            print(f"| `{check['name']}` | `{check['file']}` | {check['survives']} |")


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    checks = entries()
    complaints = anchors(checks)
    print(f"{len(checks)} checks, {len(complaints)} that are not where the lists say")
    print("\n".join(complaints))
    if complaints or "--anchors" in sys.argv:
        sys.exit(bool(complaints))
    if "--report" in sys.argv:
        return report(checks)
    wanted = lambda check: check["list"] in arguments or check["name"] in arguments
    chosen = [check for check in checks if not arguments or wanted(check)]
    if not chosen:
        sys.exit(f"no list and no check is named {' or '.join(arguments)}")
    # All switches, whatever is chosen. Otherwise each list would need a build of its own.
    copy(checks)
    tests = sorted({test for check in chosen for test in check["tests"]})
    runs = Runs(build(tests))

    def attempt(check):
        began = time.monotonic()
        broken, noticed = [], []
        for test in check["tests"]:
            passed, how = runs.run(test, None)
            if not passed:
                broken.append(f"{test} fails: {how}")
        for test in check["tests"]:
            passed, how = runs.run(test, check["name"])
            if not passed and not broken:
                noticed.append(how)
        return check, broken, noticed, time.monotonic() - began

    for check, broken, noticed, took in ThreadPoolExecutor(JOBS).map(attempt, chosen):
        name = check["name"]
        verdict = "; ".join(noticed) or "survives"
        if broken:
            verdict = "not tried: its tests fail with every check on"
            complaints += [f"{name}: with every check on, {what}" for what in broken]
        elif "hangs" in noticed:
            complaints.append(f"{name}: noticed only because a test hangs")
        elif not noticed and "survives" not in check:
            complaints.append(f"{name}: no test fails without it")
        elif noticed and "survives" in check:
            complaints.append(f"{name}: a test fails without it, and the list says that it survives")
        print(f"{check['list']:9} {name:40} {verdict} ({took:.0f} s)", flush=True)
    print(f"{len(chosen)} checks tried, {len(complaints)} complaints, {len(runs.kept) - runs.before} runs of {len(runs.locks)} made now")
    print("\n".join(complaints))
    sys.exit(bool(complaints))


main()
