"""Wraps comments and documents that are too wide, and changes nothing else.

    python3 .ci/prose.d/wrap.py [PATH…]     files or folders; without them, the whole tree

Only a paragraph with a line that is too wide is wrapped: of Markdown files, and of comments that
have their lines to themselves (//, ///, //!, #, --). Code, tables, headings, indented lines and
Python's docstrings stay as they are; `bash .ci/prose` names what is left.
"""

import re
import sys

from prose import CODE_COLUMNS, DOCUMENT_COLUMNS, HASH_LIKE, ROOT, columns, is_code, tracked

# Written by programs from comments, which are wrapped instead.
GENERATED = {"bindings/c/include/wufu_verifier.h", "docs/api.md"}
MARKS = {".sql": r"--"} | dict.fromkeys([".py", ".pyi", "", *HASH_LIKE], r"##?(?!!)")
ITEM = re.compile(r"(?:[-*+]|\d+[.)]) +")
# What a new line may not begin with: Markdown would take it for something else.
UNSAFE = re.compile(r"(?:[-*+>|]|\d+[.)]|#+|=+|```.*)$")


def filled(text, width, first, rest):
    """A paragraph in lines of at most this width. Code in backticks and links stay whole."""
    glue = "\ue000"
    text = re.sub(r"`[^`]+`|\]\([^)]*\)", lambda found: found[0].replace(" ", glue), text)
    words, lines, line = text.split(), [], ""
    for word in words:
        longer = f"{line} {word}" if line else first + word
        if line and columns(longer.replace(glue, " ")) > width:
            # A word that may not begin a line takes the one before it along.
            takes = UNSAFE.match(word) and " " in line.strip()
            line, _, before = line.rpartition(" ") if takes else (line, "", "")
            lines.append(line)
            longer = rest + f"{before} {word}".strip()
        line = longer
    return [line.replace(glue, " ") for line in [*lines, line]]


def is_aligned(line, paragraph):
    """Whether a line is code or a table, by its indentation or by blanks between its words."""
    indent = len(line) - len(line.lstrip())
    item = ITEM.match(paragraph[0].lstrip()) if paragraph else ITEM.match(line.lstrip())
    return indent >= 2 and not item or "   " in line.strip()


def wrapped(lines, width):
    """Lines of Markdown, with each paragraph that is too wide wrapped."""
    done, paragraph, quote, fence = [], [], [], None

    def close():
        if quote:
            done.extend(f"> {line}".rstrip() for line in wrapped(quote, width - 2))
            quote.clear()
        if any(columns(line) > width for line in paragraph):
            item = ITEM.match(paragraph[0].lstrip())
            first = paragraph[0][: len(paragraph[0]) - len(paragraph[0].lstrip())]
            rest = first + " " * (len(item[0]) if item else 0)
            mark = item[0] if item else ""
            text = " ".join(line.strip() for line in paragraph)[len(mark) :]
            # A break that is meant, by two blanks, stays.
            if not any(line.endswith("  ") for line in paragraph[:-1]):
                paragraph[:] = filled(text, width, first + mark, rest)
        done.extend(paragraph)
        paragraph.clear()

    for line in lines:
        bare = line.strip()
        if not fence and line.startswith(">"):
            if paragraph:
                close()
            quote.append(line[1:].removeprefix(" "))
            continue
        if quote:
            close()
        mark = re.match(r"(```+|~~~+)", bare)
        if mark and (fence is None or mark[1].startswith(fence)):
            fence = mark[1] if fence is None else None
            close()
            done.append(line)
        elif fence or not bare or re.match(r"[|#<]|\[[^\]]+\]: |Rows of SECURITY", bare):
            close()
            done.append(line)
        elif is_aligned(line, paragraph):
            close()
            done.append(line)
        else:
            if ITEM.match(bare) or paragraph and bare.startswith("SAFETY:"):
                close()
            paragraph.append(line)
    close()
    return done


def source(name, text):
    """A source file with its comments wrapped."""
    suffix = name[name.rfind(".") :] if "." in name.rpartition("/")[2] else ""
    pattern = re.compile(rf"([ \t]*)({MARKS.get(suffix, r'///|//!|//')})(?: (.*)|())$")
    done, block, last = [], [], None

    def close():
        if block:
            indent, mark = last
            width = CODE_COLUMNS - columns(indent) - len(mark) - 1
            done.extend(f"{indent}{mark} {line}".rstrip() for line in wrapped(block, width))
            block.clear()

    for line in text.split("\n"):
        found = pattern.match(line)
        if not found or last != (found[1], found[2]):
            close()
        if found:
            last = (found[1], found[2])
            block.append(found[3] or "")
        else:
            last = None
            done.append(line)
    close()
    return "\n".join(done)


def main():
    chosen = [name.removeprefix("./").rstrip("/") for name in sys.argv[1:]]
    for name in tracked():
        if chosen and not any(name == part or name.startswith(f"{part}/") for part in chosen):
            continue
        if name in GENERATED:
            continue
        is_document = name.endswith(".md") and not name.startswith("docs/reports/")
        if not is_document and (name.endswith(".md") or not is_code(name)):
            continue
        old = (ROOT / name).read_text(encoding="utf-8")
        new = old
        if is_document and name != "README.zh-CN.md":
            new = "\n".join(wrapped(old.split("\n"), DOCUMENT_COLUMNS))
        elif not is_document:
            new = source(name, old)
        if new != old:
            (ROOT / name).write_text(new, encoding="utf-8")
            print(name)


if __name__ == "__main__":
    main()
