#!/usr/bin/env python3
"""Checks README.md, CONTRIBUTING.md and docs/*.md; the CTest entry `docs`.

    tools/check/check_docs.py [--update] [ROOT]

C++ in the documentation is quoted from files that are compiled. A ```cpp
block follows a comment that names the file and the region,

    <!-- region: examples/hello.cpp#flow -->

and equals, apart from indentation, the lines of that file between
"// region: flow" and the next "// endregion". Without "#flow" the whole file
is quoted. Links to files and to headings have to lead somewhere. README.md
lists the headers that are installed, but for those in detail/. With --update,
blocks that differ from their region are first written anew.
"""

import re
import sys
import textwrap
from pathlib import Path

FENCE = re.compile(r"^(```+)\s*(\w*)\s*$")
REGION_COMMENT = re.compile(r"^<!-- region: ([^#\s]+)(?:#([\w-]+))? -->$")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
EXTERNAL = re.compile(r"[a-z]+:")
INLINE_CODE = re.compile(r"`[^`]*`")


def region_of(text, name):
    """The dedented lines of a region, or of all of `text`; None if absent."""
    lines = text.splitlines()
    if name:
        start = next((number for number, line in enumerate(lines)
                      if line.strip() == f"// region: {name}"), None)
        if start is None:
            return None
        lines = lines[start + 1:]
        end = next((number for number, line in enumerate(lines)
                    if line.strip() == "// endregion"), None)
        if end is None:
            return None
        lines = lines[:end]
    quoted = "\n".join(line for line in lines if not is_marker(line))
    return textwrap.dedent(quoted).strip("\n")


def is_marker(line):
    return re.fullmatch(r"\s*// (region: [\w-]+|endregion)", line)


def code_blocks(lines):
    """Line, language, text and the comment before, of every fenced block."""
    comment = ""
    index = 0
    while index < len(lines):
        match = FENCE.match(lines[index])
        if not match:
            if lines[index].strip():
                comment = lines[index].strip()
            index += 1
            continue
        start = index
        index += 1
        while index < len(lines) and lines[index].strip() != match.group(1):
            index += 1
        yield start + 1, match.group(2), lines[start + 1:index], comment
        comment = ""
        index += 1


def check_blocks(root, lines):
    for line, language, block, comment in code_blocks(lines):
        match = REGION_COMMENT.match(comment)
        if not match:
            if language in ("cpp", "c++"):
                yield line, "C++ without <!-- region: FILE#NAME --> before it"
            continue
        file, name = match.groups()
        if not (root / file).is_file():
            yield line, f"there is no {file}"
            continue
        region = region_of((root / file).read_text(encoding="utf-8"), name)
        if region is None:
            yield line, f"{file} has no region '{name}'"
        elif "\n".join(block).strip("\n") != region:
            yield line, f"differs from region '{name}' of {file}"


def updated(root, lines):
    """The lines of a page, with its quotations as the sources have them."""
    lines = list(lines)
    for line, _, block, comment in reversed(list(code_blocks(lines))):
        match = REGION_COMMENT.match(comment)
        if not match or not (root / match.group(1)).is_file():
            continue
        text = (root / match.group(1)).read_text(encoding="utf-8")
        region = region_of(text, match.group(2))
        if region is not None:
            lines[line:line + len(block)] = region.splitlines()
    return lines


def update_page(root, page):
    before = page.read_text(encoding="utf-8")
    after = "\n".join(updated(root, before.splitlines())) + "\n"
    if after != before:
        page.write_text(after, encoding="utf-8")


def without_code(lines):
    inside = False
    for line in lines:
        if line.startswith("```"):
            inside = not inside
            line = ""
        yield "" if inside else INLINE_CODE.sub("", line)


def anchors(text):
    """What the headings of a page are called in links, as GitHub does it."""
    for line in text.splitlines():
        if match := re.match(r"#+\s+(.*)", line):
            title = match.group(1).strip().lower().replace("`", "")
            yield re.sub(r"[^\w\- ]", "", title).replace(" ", "-")


def check_links(page, lines):
    for number, line in enumerate(without_code(lines), 1):
        for match in LINK.finditer(line):
            target = match.group(1) or match.group(2)
            if EXTERNAL.match(target):
                continue
            file, _, anchor = target.partition("#")
            path = page.parent / file if file else page
            if not path.exists():
                yield number, f"the link to {target} leads nowhere"
            elif anchor and path.suffix == ".md":
                if anchor not in anchors(path.read_text(encoding="utf-8")):
                    yield number, f"{file or 'this page'} has no #{anchor}"


def check_page(root, page):
    lines = page.read_text(encoding="utf-8").splitlines()
    yield from check_blocks(root, lines)
    yield from check_links(page, lines)


HEADER = re.compile(r"(?:runtime|actors)(?:/\w+)?/include/troupe/[\w/]+\.hpp")


def check_headers(root):
    """README.md names every header that users include, and no other."""
    text = (root / "README.md").read_text(encoding="utf-8")
    listed = set(HEADER.findall(text))
    installed = {path.relative_to(root).as_posix()
                 for library in ("runtime", "actors")
                 for path in (root / library).rglob("include/troupe/**/*.hpp")
                 if "detail" not in path.parts}
    for name in sorted(installed - listed):
        yield f"README.md: headers: {name} is installed and not listed"
    for name in sorted(listed - installed):
        yield f"README.md: headers: {name} is listed and not installed"


def main():
    arguments = sys.argv[1:]
    updates = "--update" in arguments
    if updates:
        arguments.remove("--update")
    root = Path(arguments[0] if arguments else
                Path(__file__).resolve().parents[2])
    pages = [root / name for name in ("README.md", "CONTRIBUTING.md",
                                      "CHANGELOG.md")]
    pages += sorted((root / "docs").rglob("*.md"))
    for page in pages if updates else []:
        if page.exists():
            update_page(root, page)
    findings = [f"{page.relative_to(root)}:{line}: {why}"
                for page in pages if page.exists()
                for line, why in check_page(root, page)]
    findings += check_headers(root)
    print("\n".join(findings) or "docs: nothing found")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
