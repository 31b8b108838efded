#!/usr/bin/env python3
"""Checks the house rules that a program can check; the CTest entry `tidy`.

    tools/check/tidy.py [ROOT]

Prints one line per finding and ends with status 1 if there is any. A line of
code that has a good reason to break a rule says so: "// tidy: allow RULE".
Then what advice.py tells of, which changes nothing about the status.
"""

import re
import sys
from pathlib import Path

import advice
import await_rule
import clock_rule
import cpp_tokens
import dead_rule
import declarations
import pre_rule
import rooms
import umbrellas

FOLDERS = ("runtime", "actors", "examples", "tests", "bench", "tools")
LINE_WIDTH_MAX = 80
FUNCTION_LINES_MAX = 70
HEADER_LINES_MAX = 220  # aim at 200
SOURCE_LINES_MAX = 400

LIBRARY = r"(runtime|actors)/"
CLOCKED = r"(runtime|actors|examples|tools)/"
CLOCK_FILES = r"runtime/src/base/clock\.cpp|.*/wall_clock\.hpp"
SPAN_FILES = r".*/(clock\.hpp|wait_at_most\.hpp)"

# Rule, where it holds, where it does not, what is forbidden, what to say.
BANNED = [
    ("include", r"runtime/", None, r'#include\s*[<"](caf/)',
     "the runtime does not know CAF"),
    ("include", r"runtime/", r".*/threads\.hpp",
     r"#include\s*<(thread|mutex|shared_mutex|condition_variable|future)>",
     "the runtime has no threads"),
    ("sleep", r"tests/", None, r"\b(sleep_for|sleep_until|usleep)\s*\(",
     "tests use virtual time"),
    ("span", r"(runtime|actors|examples|tools)/", SPAN_FILES,
     r"\bnow_?(\(\))?\s*\+(?!\+)",
     "a span is added to a time by after(), which saturates"),
    ("span", r"(runtime|actors|examples|tools)/", SPAN_FILES,
     r"\.wait_(for|until)\(\s*[a-z_]*(lock|guard)\b",
     "threads wait by wait_at_most(), which takes any span"),
    ("call", LIBRARY, None,
     r"std::(cout|cerr|clog)\b|\b(printf|fprintf|puts|abort|_?exit)\s*\(",
     "a library neither prints nor ends the program"),
    ("json", r"(runtime|actors|examples|tools)/", None,
     r"\bjson::(parse|accept|sax_parse)\s*\(|\b(to|from)_(cbor|msgpack|bson"
     r"|ubjson|bjdata)\s*\(",
     "JSON is read by troupe/json_text.hpp, which has limits"),
    ("json", r"(runtime|actors)/", None, r"\.dump\(",
     "JSON is written by troupe/json_text.hpp, which has limits"),
    ("regex", r"(runtime|actors|examples|tools)/", None,
     r"\bstd::(basic_)?regex\b|#include\s*<regex>",
     "std::regex recurses and backtracks"),
    ("namespace", r"", None, r"\busing\s+namespace\s+(caf|std|troupe)\s*;",
     "no using-directives"),
]
SLEEP_OF_COROUTINES = re.compile(r"co_await[^;]*\bsleep_(for|until)\s*\(")
TODO = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))")
NAME = re.compile(r"[a-z][a-z0-9_]*\.(cpp|hpp)")
EMPTY_NAMES = re.compile(r"(.*_)?(utils?|common|helpers?|manager|misc)\.[ch]pp")
PLACES = re.compile(
    r"(runtime|actors)(/http|/llm|/remote|/store)?/include/troupe/([a-z_]+/)*"
    r"[a-z0-9_]+\.hpp"
    r"|(runtime|actors)(/http|/llm|/remote|/store)?/src/([a-z_]+/)*"
    r"[a-z0-9_]+\.[ch]pp"
    r"|tests/(runtime|actors|http|llm|remote|store|conformance|summarize)/([a-z]+/)?"
    r"[a-z0-9_]+_test\.cpp"
    r"|tests/(runtime|actors|llm)/must_not_compile/[a-z0-9_]+\.cpp"
    r"|tests/[a-z]+/([a-z]+/)?[a-z0-9_]+\.hpp"
    r"|tests/fuzz/[a-z0-9_]+_fuzz\.cpp"
    r"|tests/(await|chaos|package|replay|soak|support|troupe_cli)/([a-z]+/)?"
    r"[a-z0-9_]+\.[ch]pp"
    r"|tests/[a-z0-9_]+\.cpp"
    r"|tools/troupe/[a-z0-9_]+\.[ch]pp"
    r"|(examples|bench)/([a-z_]+/)*[a-z0-9_]+\.[ch]pp")


def check_place(path):
    name = path.rsplit("/", 1)[-1]
    if not NAME.fullmatch(name):
        yield 1, "name", "file names are snake_case"
    elif EMPTY_NAMES.fullmatch(name):
        yield 1, "name", "a file is named after the one thing in it"
    elif not PLACES.fullmatch(path):
        yield 1, "place", "no rule in CONTRIBUTING.md puts a file here"


def check_lines(path, lines):
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_WIDTH_MAX:
            yield number, "width", f"more than {LINE_WIDTH_MAX} columns"
        if line != line.rstrip():
            yield number, "space", "white space at the end of the line"
        if TODO.search(line):
            yield number, "todo", "a TODO carries its issue: TODO(#12)"
        code = line.split("//")[0]
        for rule, where, but_not, pattern, why in BANNED:
            if not re.match(where, path):
                continue
            if but_not and re.match(but_not, path):
                continue
            if rule == "sleep" and SLEEP_OF_COROUTINES.search(code):
                continue
            if re.search(pattern, code):
                yield number, rule, why


def check_size(path, lines):
    is_header = path.endswith(".hpp")
    limit = HEADER_LINES_MAX if is_header else SOURCE_LINES_MAX
    if len(lines) > limit:
        yield limit, "size", (f"{len(lines)} lines, more than {limit}: "
                              "is there a second thing in it?")
    if is_header and "#pragma once" not in lines[:5]:
        yield 1, "guard", "a header starts with #pragma once"


def check_functions(tree):
    for block in function_bodies(tree):
        length = block.last_line - block.line + 1
        if length > FUNCTION_LINES_MAX:
            yield block.line, "function", (
                f"{length} lines, more than {FUNCTION_LINES_MAX}")


def function_bodies(group):
    """The outermost blocks that are neither a namespace nor a type."""
    for index, child in enumerate(group.children):
        if not isinstance(child, cpp_tokens.Group) or child.kind != "block":
            continue
        head = cpp_tokens.statement_before(group.children[:index])
        words = {item.text for item in head}
        is_scope = words & cpp_tokens.TYPE_KEYS and "(" not in words
        if is_scope:
            yield from function_bodies(child)
        else:
            yield child


def code_in_comments(lines):
    """Example code in documentation, with everything else blanked out."""
    inside = False
    result = []
    for line in lines:
        comment = re.match(r"\s*/// ?(.*)", line)
        text = comment.group(1) if comment else ""
        if re.match(r"\s*(```|@code|@endcode)", text):
            inside = not inside
            text = ""
        result.append(text if inside and comment else "")
    return "\n".join(result)


def check_file(path, text):
    """Every finding in one file, as (line, rule, explanation)."""
    lines = text.splitlines()
    yield from check_place(path)
    yield from check_size(path, lines)
    yield from check_lines(path, lines)
    tree, declared = declarations.read(path, text)
    yield from check_functions(tree)
    if re.match(CLOCKED, path) and not re.match(CLOCK_FILES, path):
        for line in clock_rule.find(tree, declared):
            yield line, "clock", "time comes from troupe/clock.hpp"
    if re.match(LIBRARY + r"(\w+/)?include/", path) and "/detail/" not in path:
        for line, name, *_ in await_rule.class_defaults(tree):
            yield line, "default", (
                f"a default argument of '{name}' is of a class: write "
                "overloads, as GCC 12 destroys it twice beside co_await")
    if "/must_not_compile/" in path:
        return
    for source in (text, code_in_comments(lines)):
        for line, why in await_rule.findings(source):
            yield line, "await", why


def is_allowed(lines, line, rule):
    nearby = lines[max(0, line - 2):line]
    return any(f"tidy: allow {rule}" in one for one in nearby)


def check_pages(root):
    for path in pages(root):
        for line, why in await_rule.check(path, {}):
            yield f"{path.relative_to(root).as_posix()}:{line}: await: {why}"


def pages(root):
    found = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    return [path for path in found if path.is_file()]


def sources_of(root):
    return {path.relative_to(root).as_posix(): path.read_text("utf-8")
            for folder in FOLDERS
            for path in sorted((root / folder).rglob("*.[ch]pp"))}


def check_whole(sources, documentation):
    """What only all sources together show, as (file, line, rule, why)."""
    usage = dead_rule.Usage(sources)
    yield from dead_rule.find(usage, documentation)
    yield from pre_rule.find(sources, usage.declarations)


def advise(root):
    texts = sources_of(root)
    read = {path: declarations.read(path, text) for path, text in texts.items()}
    declared = [one for _, found in read.values() for one in found]
    trees = {path: tree for path, (tree, _) in read.items()}
    glossary, decisions = (
        path.read_text("utf-8") if path.is_file() else ""
        for path in (root / "docs/architecture.md", root / "docs/decisions.md"))
    return advice.find(texts, declared, trees, glossary, decisions)


def check_tree(root):
    texts = sources_of(root)
    lines = {name: text.splitlines() for name, text in texts.items()}
    yield from rooms.check_folders(root, texts)
    yield from umbrellas.check_umbrellas(texts, texts.__getitem__)
    documentation = "\n".join(page.read_text("utf-8") for page in pages(root))
    findings = [*check_whole(texts, documentation)]
    for name, text in texts.items():
        for found in (*check_file(name, text),
                      *rooms.check_includes(name, lines[name], texts)):
            findings.append((name, *found))
    for name, line, rule, why in sorted(findings):
        if not is_allowed(lines[name], line, rule):
            yield f"{name}:{line}: {rule}: {why}"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else
                Path(__file__).resolve().parents[2])
    findings = [*check_tree(root), *check_pages(root)]
    print("\n".join(findings) or "tidy: nothing found")
    if told := [*advise(root)]:
        print("tidy: worth a look, or a reason in docs/decisions.md:")
        print("\n".join(f"  {one}" for one in told))
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
