"""Finds the small changes that tests should notice.

A change swaps an operator, shifts a constant by one, or drops a statement.
Nothing is changed in assertions, in `check()` functions, in the parameters of
templates, or in comments and texts.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools" / "check"))

from cpp_tokens import TOKEN  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [*(f"runtime/src/{room}"
             for room in ("base", "decisions", "document", "flow")),
           "runtime/remote/src/leases", "runtime/store/src"]

# Only with a blank or a line's end on both sides: "&&" and "<" are more than
# operators, and clang-format puts blanks around operators alone.
BINARY = {
    "==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">",
    "+": "-", "-": "+", "*": "/", "&&": "||", "||": "&&",
    "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=",
}
UNARY = {"++": "--", "--": "++", "!": ""}
WORDS = {"true": "false", "false": "true"}
FUNCTIONS = {"min": "max", "max": "min"}

INTEGER = re.compile(r"(0|[1-9][0-9']*)([uUlLzZ]*)")

# What a statement that only has an effect goes on with after its first name.
AFTER_NAME = {"(", ".", "->", "[", "=", "+=", "-=", "*=", "/=", "|=", "&=",
              "++", "--"}
# Dropped only where something else follows: else a function would not return.
LEAVING = {"return", "throw", "co_return"}
JUMPS = {"break", "continue"}
# Words that begin what is no statement of interest.
NO_STATEMENT = {
    "alignas", "auto", "bool", "case", "catch", "char", "class", "const",
    "consteval", "constexpr", "constinit", "default", "do", "double", "else",
    "enum", "explicit", "float", "for", "friend", "goto", "if", "inline",
    "int", "long", "mutable", "namespace", "operator", "private", "protected",
    "public", "requires", "short", "static", "static_assert", "struct",
    "switch", "template", "try", "typename", "union", "unsigned", "using",
    "virtual", "void", "while", "assert",
}
HEADS = {"if", "for", "while"}
CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Mutation:
    path: str
    start: int
    end: int
    replacement: str
    line: int
    before: str
    after: str

    def apply(self, source):
        return source[:self.start] + self.replacement + source[self.end:]


@dataclass(frozen=True)
class Part:
    text: str
    start: int
    end: int
    is_word: bool
    is_number: bool


def parts_of(source):
    parts = []
    for match in TOKEN.finditer(source):
        kind = match.lastgroup
        if kind in ("comment", "directive"):
            continue
        text = match.group()
        if match.group("raw") or kind in ("text", "mark", "char"):
            text = '""'
        parts.append(Part(text, match.start(), match.end(), kind == "word",
                          kind == "number"))
    return parts


def partners_of(parts):
    """The index of the bracket that belongs to each bracket."""
    partners = {}
    stack = []
    for index, part in enumerate(parts):
        if part.text in CLOSING:
            stack.append(index)
        elif stack and part.text == CLOSING[parts[stack[-1]].text]:
            opening = stack.pop()
            partners[opening] = index
            partners[index] = opening
    return partners


def find(path, source):
    """All changes to one file, in the order of the text."""
    parts = parts_of(source)
    partners = partners_of(parts)
    left_out = untouched(parts, partners)
    found = []

    def add(start, end, replacement):
        found.append(mutation(path, source, start, end, replacement))

    for index, part in enumerate(parts):
        if index in left_out:
            continue
        for replacement in swaps(source, parts, index):
            add(part.start, part.end, replacement)
        last = statement_end(parts, partners, index)
        if last is not None:
            add(part.start, parts[last].end, ";")
    return found


def all_in(root):
    """All changes to the engine whose sources are below `root`."""
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.[ch]pp")):
            if not path.stem.endswith("_check"):
                yield from find(str(path.relative_to(root)), path.read_text())


def read_same():
    """The changes that are known to mean the same, as path, before, after."""
    same = set()
    path = Path(__file__).with_name("same.txt")
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split(" | ")]
        if len(fields) != 4:
            sys.exit(f"mutants: {path.name}: not four fields: {line}")
        same.add(tuple(fields[:3]))
    return same


def mutation(path, source, start, end, replacement):
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", end)
    last = len(source) if last < 0 else last
    return Mutation(
        path, start, end, replacement, source.count("\n", 0, start) + 1,
        " ".join(source[first:last].split()),
        " ".join((source[first:start] + replacement + source[end:last])
                 .split()))


def untouched(parts, partners):
    """The indices of what no change is to be looked for in."""
    found = set()
    for index, part in enumerate(parts[:-1]):
        following = parts[index + 1].text
        if part.text in ("assert", "static_assert") and following == "(":
            found.update(range(index, partners.get(index + 1, index) + 1))
        elif part.text == "template" and following == "<":
            found.update(range(index, angle_end(parts, index + 1) + 1))
        elif part.text == "check" and [
                each.text for each in parts[index + 1:index + 4]] == [
                    "(", ")", "const"]:
            body = index + 4
            while body < len(parts) and parts[body].text not in ("{", ";"):
                body += 1
            found.update(range(index, partners.get(body, body) + 1))
    return found


def angle_end(parts, index):
    depth = 0
    for end in range(index, len(parts)):
        depth += {"<": 1, ">": -1}.get(parts[end].text, 0)
        if depth == 0:
            return end
    return index


def swaps(source, parts, index):
    part = parts[index]
    before = source[part.start - 1:part.start]
    behind = source[part.end:part.end + 1]
    if part.text in BINARY and before.isspace() and behind.isspace():
        # Texts are only joined; what takes them apart does not compile.
        if '""' in (parts[index - 1].text, parts[index + 1].text) and (
                part.text == "+"):
            return []
        return [BINARY[part.text]]
    if part.text in UNARY and parts[index - 1].text != "operator":
        return [UNARY[part.text]]
    if part.text in WORDS:
        return [WORDS[part.text]]
    if part.text in FUNCTIONS and parts[index - 1].text == "::" and (
            parts[index - 2].text == "std" and parts[index + 1].text == "("):
        return [FUNCTIONS[part.text]]
    number = INTEGER.fullmatch(part.text) if part.is_number else None
    if number is None:
        return []
    value = int(number.group(1).replace("'", ""))
    return [str(other) + number.group(2) for other in (value + 1, value - 1)
            if other >= 0]


def statement_end(parts, partners, index):
    """The index of the ";" of a statement that begins here and may go."""
    if index == 0 or not begins_statement(parts, partners, index):
        return None
    part = parts[index]
    if part.text in LEAVING:
        if not is_conditional(parts, partners, index):
            return None
    elif part.text not in JUMPS | {"++", "--", "*", "(", "co_await"}:
        if not part.is_word or part.text in NO_STATEMENT:
            return None
        after = index + 1
        while parts[after].text == "::" and parts[after + 1].is_word:
            after += 2
        if parts[after].text not in AFTER_NAME:
            return None
    return end_of_statement(parts, partners, index)


def end_of_statement(parts, partners, index):
    while index < len(parts):
        text = parts[index].text
        if text == ";":
            return index
        if text in CLOSING:
            index = partners.get(index, len(parts))
        elif text in CLOSING.values():
            return None
        index += 1
    return None


def begins_statement(parts, partners, index):
    before = parts[index - 1].text
    if before == "else":
        return True
    if before == ")":
        return is_head(parts, partners, index - 1)
    if before not in (";", "{", "}"):
        return False
    block = enclosing(parts, partners, index)
    return block is not None and is_code(parts, block)


def is_head(parts, partners, closing):
    """Whether the ")" here ends the head of an if or of a loop."""
    opening = partners.get(closing, 0)
    before = parts[opening - 1].text
    if before == "constexpr":
        before = parts[opening - 2].text
    return before in HEADS


def is_conditional(parts, partners, index):
    before = parts[index - 1].text
    if before in (")", "else"):
        return True
    block = enclosing(parts, partners, index)
    return block is not None and parts[block - 1].text == ")" and is_head(
        parts, partners, block - 1)


def enclosing(parts, partners, index):
    """The bracket around it, or None."""
    at = index - 1
    while at >= 0:
        text = parts[at].text
        if text in CLOSING:
            return at
        if text in CLOSING.values():
            at = partners.get(at, 0)
        at -= 1
    return None


def is_code(parts, block):
    """Whether a bracket opens statements, not members or initialisers."""
    if parts[block].text != "{":
        return False
    for at in range(block - 1, -1, -1):
        text = parts[at].text
        if text in ("namespace", "class", "struct", "union", "enum"):
            return False
        if text in (")", "]", "else", "do", "try"):
            return True
        if text in (";", "{", "}", "=", ","):
            # The last of a constructor's initialisers may be in braces.
            return text == "}" and at == block - 1
    return False
