#!/usr/bin/env python3
"""Checks the house rules that a program can check; the CTest entry `tidy`.

    tools/check/tidy.py [ROOT]

Prints one line per finding and ends with status 1 if there is any. A line of
code that has a good reason to break a rule says so: "// tidy: allow RULE".
"""

import re
import sys
from pathlib import Path

import await_rule
import cpp_tokens
import rooms
import umbrellas

FOLDERS = ("runtime", "actors", "examples", "tests", "bench", "tools")
LINE_WIDTH_MAX = 80
FUNCTION_LINES_MAX = 70
HEADER_LINES_MAX = 220  # aim at 200
SOURCE_LINES_MAX = 400

LIBRARY = r"(runtime|actors)/"
CLOCK_FILES = r"(.*(clock|timer_service)[^/]*\.[ch]pp|bench/.*)"
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
    ("clock", LIBRARY, CLOCK_FILES,
     r"\b(steady|system|high_resolution)_clock::now",
     "time comes from troupe/clock.hpp"),
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
    r"(runtime|actors)(/http|/llm|/remote)?/include/troupe/([a-z_]+/)*"
    r"[a-z0-9_]+\.hpp"
    r"|(runtime|actors)(/http|/llm|/remote)?/src/([a-z_]+/)*"
    r"[a-z0-9_]+\.[ch]pp"
    r"|tests/(runtime|actors|http|llm|remote|conformance|summarize)/([a-z]+/)?"
    r"[a-z0-9_]+_test\.cpp"
    r"|tests/(runtime|actors|llm)/must_not_compile/[a-z0-9_]+\.cpp"
    r"|tests/[a-z]+/([a-z]+/)?[a-z0-9_]+\.hpp"
    r"|tests/fuzz/[a-z0-9_]+_fuzz\.cpp"
    r"|tests/(await|chaos|package|replay|soak|support)/([a-z]+/)?"
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
    yield from check_functions(cpp_tokens.parse(text))
    if re.match(LIBRARY + r"(\w+/)?include/", path) and "/detail/" not in path:
        for line, name, *_ in await_rule.class_defaults(cpp_tokens.parse(text)):
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
    for path in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        for line, why in await_rule.check(path, {}):
            yield f"{path.relative_to(root).as_posix()}:{line}: await: {why}"


def check_tree(root):
    sources = {path.relative_to(root).as_posix(): path
               for folder in FOLDERS
               for path in sorted((root / folder).rglob("*.[ch]pp"))}
    yield from rooms.check_folders(root, sources)
    yield from umbrellas.check_umbrellas(
        sources, lambda path: sources[path].read_text(encoding="utf-8"))
    for name, path in sources.items():
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for line, rule, why in (*check_file(name, text),
                                *rooms.check_includes(name, lines, sources)):
            if not is_allowed(lines, line, rule):
                yield f"{name}:{line}: {rule}: {why}"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else
                Path(__file__).resolve().parents[2])
    findings = [*check_tree(root), *check_pages(root)]
    print("\n".join(findings) or "tidy: nothing found")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
