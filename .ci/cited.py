"""Checks that every test which the documents cite by name exists. A citation is `path.rs::name`,
`path.rs::tests::name`, or `::name` and `…::name`, where the page names the file elsewhere.

What is cited need not be a test: any function, type or constant of that name in the file will do.

It also checks that no file names a document that no longer exists, such as DESIGN.md. The changelog
and the reviews may: they describe an earlier state.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ["docs/**/*.md", "*.md", "vectors/README.md"]
CITED = re.compile(r"`([\w/.-]+\.rs|…)?::(?:tests::)?(\w+)(…|\*)?`")
BARE = re.compile(r"`(clause_[A-Z]\d_\w+)`")
GONE = r"\bDESIGN(\.md| [0-9])|\bFAILURES\.md|[Rr]ows? (of|[0-9]+ of) SECURITY"
MAY_NAME_THEM = [":!CHANGELOG.md", ":!docs/review", ":!.ci"]


def names(path):
    return set(re.findall(r"\b(?:fn|struct|enum|trait|const|static|type)\s+(\w+)", path.read_text(encoding="utf-8")))


def everywhere():
    skipped = {"target", ".git", "node_modules"}
    for folder in sorted(ROOT.iterdir()):
        if folder.is_dir() and folder.name not in skipped:
            for path in folder.rglob("*.rs"):
                if not skipped & set(path.relative_to(ROOT).parts):
                    yield path


def main():
    sources = {path: names(path) for path in everywhere()}
    all_names = set().union(*sources.values())
    cited, failed = 0, []
    for page in sorted(page for pattern in PAGES for page in ROOT.glob(pattern)):
        text = page.read_text(encoding="utf-8")
        for found in CITED.finditer(text):
            file, name, more = found.groups()
            cited += 1
            if file in (None, "…"):
                known = [all_names]
            else:
                known = [held for path, held in sources.items() if str(path).endswith(f"/{file}")]
            matches = lambda held: held == name or more and held.startswith(name)
            if not any(matches(held) for names in known for held in names):
                where = f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}"
                failed.append(f"{where}: there is no {name} in {file or 'the tree'}")
        for found in BARE.finditer(text):
            cited += 1
            is_whole = found[1].rstrip("_") in all_names
            if not is_whole and not any(name.startswith(found[1]) for name in all_names):
                failed.append(f"{page.relative_to(ROOT)}: no {found[1]} in the tree")
    command = ["git", "grep", "-nIE", GONE, "--", ".", *MAY_NAME_THEM]
    gone = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    failed += [f"{line[:150]} (a document that is gone)" for line in gone.stdout.splitlines()]
    print(f"{cited} names cited, {len(failed)} complaints")
    print("\n".join(failed))
    sys.exit(bool(failed) or cited == 0)


main()
