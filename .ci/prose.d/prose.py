"""Lints what people read: spelling, phrases, long sentences, long lines, long paragraphs.

    bash .ci/prose                  everything; the exit code is 0 when nothing is found
    bash .ci/prose README.md cli    only these files and folders
    bash .ci/prose --count          counts by file instead of the findings
    python3 .ci/prose.d/wrap.py     wraps the comments and documents that are too wide

`.ci/prose` installs the two linters, typos and textlint, and then calls this script. The rules:

    spelling    typos, with typos.toml: British English in prose, either in identifiers
    words       a phrase of .ci/prose.d/words.yml, or the same word twice
    sentence    more than 40 words in a sentence of a README or a guide
    width       more than 100 columns in code, more than 120 in a document. Not counted: string
                literals, URLs, and in documents tables and blocks of code
    paragraph   more than eight lines in a paragraph of a document
    comment     a doc comment that begins as only this project's did; see OPENINGS

For textlint and for British spelling, comments and string literals are copied from the sources into
Markdown files in target/prose/texts, and findings are reported where the text came from.
.ci/prose.d/exceptions.toml lists what is excepted, with the reason. An exception that nothing needs
is named at the end.
"""

import collections
import fnmatch
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RULES = ROOT / ".ci/prose.d"
TOOLS = ROOT / "target/prose"
TEXTS = TOOLS / "texts"
TYPOS = ROOT / "target/ci-venv-prose/bin/typos"
CODE_COLUMNS, DOCUMENT_COLUMNS, PARAGRAPH_LINES, SENTENCE_WORDS = 100, 120, 8, 40
# Documents in which a sentence of more than 40 words is a finding.
GUIDES = ["README.md", "README.*.md", "*/README.md", "docs/guides/*"]

C_LIKE = {".rs", ".c", ".h", ".proto", ".mjs", ".circom"}
HASH_LIKE = {".toml", ".yml", ".yaml", ".sh"}
# Strings first: a comment may not begin in one. Characters are there so that '"' opens no string.
C_TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|b?r(?P<hashes>#*)"(?P<raw>.*?)"(?P=hashes)'
    r'|[bc]?"(?P<string>(?:\\.|[^"\\])*)"'
    r"|b?'(?:\\[^\n]|[^'\\\n])[^'\n]{0,8}?'",
    re.S,
)
SQL_TOKEN = re.compile(r"(?P<comment>--[^\n]*)|'(?P<string>[^'\n]*)'")
HASH_TOKEN = re.compile(
    r"(?P<comment>(?:^|(?<=\s))#(?!!)[^\n]*)|\"(?P<string>(?:\\.|[^\"\\\n])*)\"|'(?P<raw>[^'\n]*)'",
    re.M,
)
# How a doc comment may not begin, and what to write instead. The first one counts after `# Errors`.
ERRORS = (r"(?:When|If)\b", 'under `# Errors`: write "Returns an error if …"')
OPENINGS = [
    (r"Where the [^.?]* (?:goes|go|stands?)\b", 'begins with "Where": write what it is for'),
    (r"(?:Its|Their) \w+(?: there)?\.$", "says only what the name says: say more, or leave it out"),
    (
        r"(?:Who|What|Why|When|Where|How|How many|How much|How long|How large|(?:By|For|To) whom)\.$",
        "says only what the name says: say more, or leave it out",
    ),
]
Finding = collections.namedtuple("Finding", "file line rule message")


def tracked():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def columns(text):
    """How wide a text is: Chinese characters take two columns."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def is_code(name):
    suffix = pathlib.PurePath(name).suffix
    if suffix in C_LIKE | {".sql", ".py", ".pyi"} | HASH_LIKE:
        return True
    # Scripts without an ending.
    return suffix == "" and (name == "justfile" or (ROOT / name).read_bytes().startswith(b"#!"))


def python_tokens(text):
    """Comments and strings of a Python file: kind, start, end. Docstrings are comments."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        begin = starts[token.start[0] - 1] + token.start[1]
        end = starts[token.end[0] - 1] + token.end[1]
        if token.type == tokenize.COMMENT:
            yield "comment", begin, end
        elif token.type == tokenize.STRING:
            quotes = re.match(r"\w*(\"\"\"|'''|[\"'])", token.string)
            kind = "comment" if len(quotes[1]) == 3 else "string"
            yield kind, begin + quotes.end(), end - len(quotes[1])


def tokens(name, text):
    """Comments and strings of a source file: kind, start, end."""
    suffix = pathlib.PurePath(name).suffix
    if suffix in {".py", ".pyi"}:
        yield from python_tokens(text)
        return
    pattern = C_TOKEN if suffix in C_LIKE else SQL_TOKEN if suffix == ".sql" else HASH_TOKEN
    for found in pattern.finditer(text):
        for group, kind in (("comment", "comment"), ("string", "string"), ("raw", "string")):
            if group in found.re.groupindex and found[group] is not None:
                yield kind, *found.span(group)


def comment_blocks(name, text, found):
    """Comments without their marks, as blocks of adjacent lines: [(line, mark, text)]."""
    blocks, last = [], None
    for kind, begin, end in found:
        if kind != "comment":
            continue
        for offset, line in enumerate(text[begin:end].split("\n")):
            number = line_of(text, begin) + offset
            mark = re.match(r"\s*(///|//!|//|/\*+|\*/|\*(?=\s|$)|--|#+!?)? ?", line)
            words = re.sub(r"\s*\*+/\s*$", "", line[mark.end():])
            before = text[text.rfind("\n", 0, begin) + 1 : begin].strip() if offset == 0 else ""
            if last is None or number != last[0] + 1 or mark[1] != last[1] or before:
                blocks.append([])
            blocks[-1].append((number, mark[1], words))
            last = (number, mark[1])
    return blocks


def copied(name, text, found):
    """The prose of a source file as two Markdown texts: lines with the lines they come from."""
    comments, strings = [], []
    for block in comment_blocks(name, text, found):
        comments += [(number, words) for number, _, words in block] + [(0, "")]
    for kind, begin, end in found:
        if kind == "string" and re.search(r"[A-Za-z]{2,} [A-Za-z]", text[begin:end]):
            first = line_of(text, begin)
            for offset, line in enumerate(text[begin:end].split("\n")):
                line = re.sub(r"\\n|\\$", " ", line).replace('\\"', '"').strip()
                strings.append((first + offset, line))
            strings.append((0, ""))
    return {"comments": comments, "strings": strings}


def widths(name, text, found):
    """Lines that are too wide, without what is in string literals and URLs."""
    literal = collections.Counter()
    for kind, begin, end in found:
        if kind != "string":
            continue
        first = line_of(text, begin)
        for offset, part in enumerate(text[begin:end].split("\n")):
            literal[first + offset] += columns(part)
    for number, line in enumerate(text.split("\n"), 1):
        if columns(re.sub(r"https?://\S+", "", line)) - literal[number] > CODE_COLUMNS:
            message = f"{columns(line)} columns, at most {CODE_COLUMNS}"
            yield Finding(name, number, "width", message)


def openings(name, text, found):
    """Doc comments that begin in a way that readers stumble over."""
    for block in comment_blocks(name, text, found):
        if block[0][1] not in {"///", "//!"}:
            continue
        paragraph, heading = [], ""
        for number, _, words in block + [(0, "", "")]:
            if words.strip() and not words.startswith("#"):
                paragraph.append((number, words.strip()))
                continue
            if paragraph:
                begins = " ".join(part for _, part in paragraph)
                rules = ([ERRORS] if heading == "Errors" else []) + OPENINGS
                for pattern, message in rules:
                    if re.match(pattern, begins):
                        yield Finding(name, paragraph[0][0], "comment", message)
                        break
                paragraph, heading = [], ""
            if words.startswith("#"):
                heading = words.lstrip("# ")


def sentences(text):
    """Sentences of a paragraph that are too long: how many words, and the first of them."""
    # Code and the target of a link are one word and none.
    text = re.sub(r"`[^`]*`", "Code", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    for sentence in re.split(r"(?<!e\.g)(?<!i\.e)[.?!][)\"*_]*\s+(?=[^a-z])", text):
        words = re.findall(r"\S*\w\S*", sentence)
        if len(words) > SENTENCE_WORDS:
            yield len(words), " ".join(words[:6])


def document(name, text):
    """Wide lines, long paragraphs and, in guides, long sentences of a Markdown file."""
    paragraph, fence = [], None
    is_guide = any(fnmatch.fnmatch(name, pattern) for pattern in GUIDES)

    def close():
        if paragraph:
            first, parts = paragraph[0][0], [part for _, part in paragraph]
            # A paragraph may be written as one line.
            lines = max(len(parts), -(-sum(map(columns, parts)) // DOCUMENT_COLUMNS))
            if lines > PARAGRAPH_LINES:
                message = f"a paragraph of {lines} lines, at most {PARAGRAPH_LINES}"
                yield Finding(name, first, "paragraph", message)
            for count, begins in sentences(" ".join(parts)) if is_guide else []:
                message = f"{count} words, at most {SENTENCE_WORDS}: {begins} …"
                yield Finding(name, first, "sentence", message)
            paragraph.clear()

    for number, line in enumerate(text.split("\n"), 1):
        mark = re.match(r"\s*(?:> ?)*(```+|~~~+)", line)
        if mark and (fence is None or mark[1].startswith(fence)):
            fence = mark[1] if fence is None else None
            yield from close()
            continue
        if fence:
            continue
        bare = line.strip().lstrip("> ")
        is_table = bare.startswith("|")
        shown = re.sub(r"\]\([^)]*\)|^\[[^\]]+\]: .*|https?://\S+", "", line)
        if columns(shown) > DOCUMENT_COLUMNS and not is_table:
            message = f"{columns(line)} columns, at most {DOCUMENT_COLUMNS}"
            yield Finding(name, number, "width", message)
        if not bare or is_table or re.match(r"#{1,6} |<|-{3,}$", bare):
            yield from close()
            continue
        if re.match(r"(?:[-*+]|\d+[.)]) ", bare):
            yield from close()
        paragraph.append((number, bare))
    yield from close()


def run(command):
    """What a linter says on standard output; other exit codes than 0 to 2 are its own failure."""
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if ended.returncode not in (0, 1, 2) or ended.returncode and not ended.stdout.strip():
        sys.exit(f"{command[0]} failed ({ended.returncode}): {ended.stderr.strip()[:2000]}")
    return ended.stdout


def spelling(files):
    """Findings of typos in these files."""
    config = ["--config", str(ROOT / "typos.toml"), "--force-exclude", "--format", "json"]
    seen = set()
    for at in range(0, len(files), 500):
        said = run([str(TYPOS), *config, *files[at : at + 500]])
        for entry in map(json.loads, said.splitlines()):
            if entry["type"] != "typo":
                continue
            better = " or ".join(entry["corrections"]) or "another word"
            where = entry["path"].removeprefix("./")
            found = (where, entry.get("line_num", 0), f"'{entry['typo']}' should be {better}")
            if found not in seen:
                seen.add(found)
                yield found


def textlint(config, files):
    """Findings of textlint under one of the configurations beside this file."""
    command = [str(TOOLS / "node_modules/.bin/textlint"), "--no-color", "--format", "json"]
    command += ["--rules-base-directory", str(TOOLS / "node_modules")]
    command += ["--config", str(RULES / f"{config}.json")]
    for file in json.loads(run(command + files)):
        for message in file["messages"]:
            said = " ".join(message["message"].split())
            where = str(pathlib.Path(file["filePath"]).relative_to(ROOT))
            yield where, message["line"], said


def excepted(findings):
    """The findings that no exception covers, and the reasons of exceptions that cover nothing."""
    path = RULES / "exceptions.toml"
    exceptions = tomllib.loads(path.read_text(encoding="utf-8"))["except"]
    used, left = set(), []
    for finding in findings:
        for index, entry in enumerate(exceptions):
            is_file = any(fnmatch.fnmatch(finding.file, pattern) for pattern in entry["files"])
            is_text = entry.get("text", "") in finding.message
            if is_file and finding.rule in entry["rules"] and is_text:
                used.add(index)
                break
        else:
            left.append(finding)
    return left, [entry["why"] for index, entry in enumerate(exceptions) if index not in used]


def main():
    chosen = [name.removeprefix("./").rstrip("/") for name in sys.argv[1:] if name[0] != "-"]
    is_chosen = lambda name: not chosen or any(
        name == part or name.startswith(f"{part}/") for part in chosen
    )
    names = [name for name in tracked() if is_chosen(name)]
    documents = [name for name in names if name.endswith(".md")]
    sources = [name for name in names if not name.endswith(".md") and is_code(name)]
    findings = [Finding(file, line, "spelling", said) for file, line, said in spelling(names)]
    for name in documents:
        findings += document(name, (ROOT / name).read_text(encoding="utf-8"))

    shutil.rmtree(TEXTS, ignore_errors=True)
    TEXTS.mkdir(parents=True)
    maps, copies = {}, {"comments": [], "strings": []}
    for name in sources:
        text = (ROOT / name).read_text(encoding="utf-8")
        found = list(tokens(name, text))
        findings += widths(name, text, found)
        findings += openings(name, text, found)
        for kind, lines in copied(name, text, found).items():
            if lines:
                path = TEXTS / f"{name}.{kind}.md"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("\n".join(line for _, line in lines) + "\n", encoding="utf-8")
                shown = str(path.relative_to(ROOT))
                maps[shown] = name, [number for number, _ in lines]
                copies[kind].append(shown)

    def back(file, line):
        """Where a line of a copy came from."""
        if file not in maps:
            return file, line
        name, numbers = maps[file]
        return name, numbers[line - 1]

    for file, line, said in spelling(copies["comments"] + copies["strings"]):
        findings.append(Finding(*back(file, line), "spelling", said))
    # Where a linter cannot load its rules, it finds nothing and says that all is well.
    planted = TEXTS / "planted.md"
    planted.write_text("This is no request, and a recieved one. Results alone.\n", encoding="utf-8")
    planted = str(planted.relative_to(ROOT))
    copies["comments"].append(planted)
    copies["strings"].append(planted)
    seen = collections.Counter("typos" for _ in spelling([planted]))
    runs = {"prose": documents + copies["comments"], "strings": copies["strings"]}
    for config, files in runs.items():
        for file, line, said in textlint(config, files):
            if file == planted:
                seen[config] += 1
            else:
                findings.append(Finding(*back(file, line), "words", said))
    if seen != {"typos": 1, "prose": 2, "strings": 2}:
        sys.exit(f"the linters do not find what was planted in {planted}: {dict(seen)}")

    findings, unused = excepted(sorted(set(findings)))
    if "--count" in sys.argv:
        counts = collections.defaultdict(collections.Counter)
        for finding in findings:
            counts[finding.file][finding.rule] += 1
        for file, rules in sorted(counts.items()):
            print(f"{file}: " + ", ".join(f"{count} {rule}" for rule, count in sorted(rules.items())))
    else:
        for finding in findings:
            print(f"{finding.file}:{finding.line}: {finding.rule}: {finding.message}")
    for reason in unused if not chosen else []:
        print(f"note: nothing needs the exception for this reason: {reason}")
    by_rule = collections.Counter(finding.rule for finding in findings)
    print(f"{len(documents)} documents and {len(sources)} sources, {len(findings)} findings")
    print(", ".join(f"{count} {rule}" for rule, count in sorted(by_rule.items())))
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
