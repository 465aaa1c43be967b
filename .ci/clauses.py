"""Checks that docs/spec/statements.md, the circuits and the clause tests name the same clauses.

The clauses, and so the letters of the statements, are those of circuits/src/clause.rs. A tag of any
other letter is unexpected.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXPECTED = set(re.findall(r"^\s*([A-Z]\d+) = \"", (ROOT / "circuits/src/clause.rs").read_text(encoding="utf-8"), re.M))


def read(*paths):
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


statements = sorted((ROOT / "circuits/src/statements").glob("*.rs"))
found = {
    "docs/spec/statements.md": set(re.findall(r"\[([A-Z]\d+)\]", read(ROOT / "docs/spec/statements.md"))),
    # The constraint side: `Clause::F1` handed to the builder.
    "circuits (constraints)": set(re.findall(r"clause\(Clause::([A-Z]\d+)\)|begin\(Clause::([A-Z]\d+)\)", read(*statements))),
    # In the tests: a name such as `clause_F1_…`.
    "circuits/tests/clauses.rs": set(re.findall(r"fn clause_([A-Za-z]\d+)_", read(ROOT / "circuits/tests/clauses.rs"))),
}
failed = not EXPECTED  # Else a clause.rs in another form would have nothing to check.
for where, tags in found.items():
    tags = {"".join(tag) if isinstance(tag, tuple) else tag for tag in tags}
    tags = {tag.upper() for tag in tags}
    missing, extra = sorted(EXPECTED - tags), sorted(tags - EXPECTED)
    print(f"{where}: {len(tags)} tags")
    if missing or extra:
        failed = True
        print(f"  missing {missing}, unexpected {extra}")
sys.exit(failed)
