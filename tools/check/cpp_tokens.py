"""C++ source as a tree of brackets: enough structure for tidy.py's rules.

Comments and preprocessor lines are dropped, text literals become one token.
Angle brackets are not matched; no rule needs them.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<directive>^[ \t]*\#(?:\\\n|[^\n])*)
    | (?P<raw>(?:u8|[uUL])?R"(?P<mark>[^()\s\\"]{0,16})\(.*?\)(?P=mark)")
    | (?P<text>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
    | (?P<number>\.?[0-9](?:'?[0-9A-Za-z_.]|(?<=[eEpP])[+-])*)
    | (?P<char>(?:u8|[uUL])?'(?:\\.|[^'\\\n])+')
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<mark2>::|->\*?|&&|\|\||<<=?|<=>|[<>=!+*/%^&|-]=|\+\+|--|\.\.\.)
    | (?P<other>[^\s\\])
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE)

CLOSING = {"(": ")", "[": "]", "{": "}"}
TYPE_KEYS = {"struct", "class", "union", "enum", "namespace", "extern"}
# Words after which "[" opens a lambda rather than a subscript.
BEFORE_LAMBDA = {"return", "co_return", "co_await", "co_yield", "case",
                 "throw", "else", "do"}
# Words that may stand between a function's ")" and its body.
AFTER_PARAMETERS = {"const", "noexcept", "override", "final", "mutable", "try",
                    "constexpr", "else", "do", "volatile", "requires", "&",
                    "&&"}


@dataclass
class Token:
    text: str
    line: int
    is_word: bool = False


@dataclass
class Group:
    """A bracketed part; `kind` is "(", "[", "block" or "init"."""
    text: str
    line: int
    children: list = field(default_factory=list)
    kind: str = ""
    is_lambda: bool = False
    last_line: int = 0
    is_word: bool = False


def tokenize(source):
    line = 1
    position = 0
    for match in TOKEN.finditer(source):
        line += source.count("\n", position, match.start())
        position = match.start()
        kind = match.lastgroup
        if kind in ("comment", "directive"):
            continue
        text = match.group()
        if match.group("raw") or kind in ("text", "mark"):
            text = '""'
        yield Token(text, line, kind == "word")


@lru_cache(maxsize=None)
def parse(source):
    """The top-level children of `source`, with every brace classified."""
    root = Group("{", 1, kind="block")
    stack = [root]
    for token in tokenize(source):
        top = stack[-1]
        if token.text in CLOSING:
            group = Group(token.text, token.line)
            classify(group, top)
            top.children.append(group)
            stack.append(group)
        elif len(stack) > 1 and token.text == CLOSING[top.text]:
            top.last_line = token.line
            stack.pop()
        else:
            top.children.append(token)
    return root


def classify(group, parent):
    before = parent.children
    if group.text == "[":
        group.kind = "["
        # The inner bracket of an attribute is no lambda; nor is the outer,
        # which `parse` only learns once it has read the inner one.
        group.is_lambda = parent.kind != "[" and opens_lambda(before)
        if parent.kind == "[" and not before:
            parent.is_lambda = False
    elif group.text == "(":
        group.kind = "("
    else:
        group.kind = "block" if opens_block(before, parent) else "init"


def opens_lambda(before):
    if not before:
        return True
    last = before[-1]
    if isinstance(last, Group):
        return last.kind == "block"
    if last.text in ("&", "&&") and before[-2:-1]:
        return before[-2].text != "auto"  # else a structured binding
    return last.text != '""' and (
        not last.is_word or last.text in BEFORE_LAMBDA)


def opens_block(before, parent):
    """Whether "{" after `before` opens statements rather than initialisers."""
    if not before:
        return parent.kind == "block"
    last = before[-1]
    if isinstance(last, Group):
        if last.kind == "[":
            return last.is_lambda
        return True
    if last.text in AFTER_PARAMETERS | {";", ":"}:
        return True
    if last.text in ("=", ",", "?"):
        return False
    return has_block_head(statement_before(before))


def statement_before(before):
    """The children since the last ";" or block."""
    for index in range(len(before) - 1, -1, -1):
        item = before[index]
        if item.text == ";" or isinstance(item, Group) and item.kind == "block":
            return before[index + 1:]
    return before


def has_block_head(statement):
    """For "head name {": a type, a namespace, or "-> result {"."""
    seen_arrow = False
    for item in reversed(statement):
        if isinstance(item, Group):
            if seen_arrow:
                return item.kind == "("
            if item.kind not in ("(", "["):
                break
        elif item.text == "->":
            seen_arrow = True
        elif seen_arrow:
            if item.text not in AFTER_PARAMETERS:
                break
        elif item.text in ("=", "return", "co_return", "co_await"):
            break
    heads = {item.text for item in statement if not isinstance(item, Group)}
    return bool(heads & TYPE_KEYS) and not heads & {"=", "return"}


def blocks(group):
    """Every block below `group`, outermost first."""
    for child in group.children:
        if isinstance(child, Group):
            if child.kind == "block":
                yield child
            yield from blocks(child)
