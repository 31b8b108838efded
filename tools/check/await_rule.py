#!/usr/bin/env python3
"""Finds what GCC 12 compiles wrongly in an expression with co_await.

    tools/check/await_rule.py [--includes] FILE...

Prints "FILE:LINE: advice" for each and exits with 1, or prints nothing and
exits with 0. Of Markdown the blocks and spans of C++ are read. With --includes
also what the files include in quotes is checked.

  a  aggregates made with braces, and braces around a co_await
  b  lambdas with captures
  c  "?:" that makes an object of a class
  d  default arguments that are objects of a class, left out in a call
  e  lists in braces (std::initializer_list), which do not even compile

The first four are destroyed twice or too early. This reads text and knows no
types, so a rule may name something harmless: giving it a name is right there,
too. Rule d knows the functions of the files given and of what they include in
quotes.
"""

import re
import sys
from pathlib import Path

from cpp_tokens import Group, blocks, parse

WAITS = {"co_await", "co_yield"}
# A braced temporary of these is made by a constructor.
HAVE_CONSTRUCTORS = {
    "hours", "minutes", "seconds", "milliseconds", "microseconds",
    "nanoseconds", "duration", "string", "string_view", "path", "json",
    "error", "permanent_error", "action", "sleep_for", "chat_request",
    "http_request", "verdict", "pair", "tuple", "optional"}
# Of these, nothing is destroyed.
SCALARS = {
    "bool", "char", "short", "int", "long", "unsigned", "signed", "float",
    "double", "size_t", "ptrdiff_t", "int8_t", "int16_t", "int32_t", "int64_t",
    "uint8_t", "uint16_t", "uint32_t", "uint64_t", "uintptr_t", "byte",
    "string_view", "span", "duration", "time_point", "hours", "minutes",
    "seconds", "milliseconds", "microseconds", "nanoseconds", "nullptr_t"}
# Members and functions that give numbers.
GIVE_SCALARS = {
    "size", "length", "count", "empty", "ok", "done", "capacity", "depth",
    "contains", "has_value", "min", "max", "static_cast", "sizeof", "attempt",
    "is_null", "code"}

CONTROL = {"if", "while", "for", "switch", "catch"}

NAME_IT = " in an expression with co_await: name it first"
BRACES = "braced temporary" + NAME_IT
BRACED_AWAIT = ("co_await within braces: give its result a name, and build "
                "from that")
LIST = "list in braces" + NAME_IT
LAMBDA = "lambda with captures" + NAME_IT
CHOICE = ("'?:' that may make an object of a class" + NAME_IT +
          ", or write if and else")
DEFAULT = ("call of '{}' that leaves out a default argument of a class in an "
           "expression with co_await: pass it by name, or write overloads")


def findings(source, functions=None):
    """Pairs of a line and what is wrong there. `functions` are those of other
    sources; see `defaults_in`."""
    root = parse(source)
    known = dict(functions or {})
    merge(known, defaults_in(root))
    for block in [root, *blocks(root)]:
        for expression in expressions(block.children):
            if waits(expression):
                yield from sorted(set(temporaries(expression, known)))


def expressions(children):
    """The full expressions of a block, roughly: its statements, with the
    heads of "if", "for" and so on apart from what they govern."""
    current = []
    for child in children:
        if isinstance(child, Group):
            if child.kind == "block" and not in_lambda(current):
                yield current
                current = []
                continue
            if child.kind == "(" and is_control(current):
                yield from split(child.children, ";")
                current = []
                continue
        elif child.text == ";":
            yield current
            current = []
            continue
        current.append(child)
    yield current


def split(children, mark):
    part = []
    for child in children:
        if not isinstance(child, Group) and child.text == mark:
            yield part
            part = []
        else:
            part.append(child)
    yield part


def is_control(current):
    words = [item.text for item in current[-2:]]
    return bool(words) and (
        words[-1] in ("if", "while", "for", "switch", "catch")
        or words == ["if", "constexpr"])


def in_lambda(current):
    """Whether a block after `current` is a lambda's body."""
    for item in reversed(current):
        if isinstance(item, Group):
            if item.kind == "[":
                return item.is_lambda
            if item.kind != "(":
                return False
    return False


def parts(expression):
    """Everything in an expression but the bodies of lambdas, with what stands
    before and after each part."""
    for index, item in enumerate(expression):
        yield item, expression[:index], expression[index + 1:]
        if isinstance(item, Group) and item.kind != "block":
            yield from parts(item.children)


def waits(expression):
    return any(item.text in WAITS for item, _, _ in parts(expression))


def temporaries(expression, known):
    for item, before, after in parts(expression):
        if not isinstance(item, Group):
            if item.text == "?" and not is_scalar_choice(before, after):
                yield item.line, CHOICE
            continue
        if item.is_lambda and item.children:
            yield item.line, LAMBDA
        elif item.kind == "init":
            if waits(item.children) and not has_constructor(before):
                yield item.line, BRACED_AWAIT
            elif is_list(item, before):
                yield item.line, LIST
            elif not has_constructor(before):
                yield item.line, BRACES
        elif item.kind == "(" and (name := callee(before)) in known:
            given = len([one for one in split(item.children, ",") if one])
            if any(given < most and given >= least
                   for least, most in known[name]):
                yield item.line, DEFAULT.format(name)


def has_constructor(before):
    return bool(before) and before[-1].text in HAVE_CONSTRUCTORS | SCALARS


def is_list(item, before):
    """Whether braces are a list: {a, b} and not type{a, b} or {.a = 1}."""
    if any(not isinstance(one, Group) and one.text == "."
           for one in item.children[:1]):
        return False
    if before and before[-1].text == "json":
        return bool(item.children)
    named = bool(before) and (before[-1].is_word or before[-1].text == ">")
    return not named and bool(item.children)


def callee(before):
    """The name of what is called by a bracket after `before`, or None."""
    index = len(before)
    if index and before[-1].text == ">":
        depth = 0
        while index:
            index -= 1
            text = before[index].text
            depth += (text == ">") - (text == "<")
            if depth == 0:
                break
    if not index or isinstance(before[index - 1], Group):
        return None
    return before[index - 1].text if before[index - 1].is_word else None


# -- ?: ------------------------------------------------------------------------


def is_scalar_choice(before, after):
    """Whether "?" after `before` chooses among what exists already, or among
    numbers."""
    colon = end_of_arm(after)
    first = after[:colon]
    second = list(upto_end(after[colon + 1:]))
    if is_number(first) or is_number(second):
        return True
    if is_text(first) and is_text(second):
        return True
    return is_name(first) and is_name(second)


def end_of_arm(after):
    depth = 0
    for index, item in enumerate(after):
        if isinstance(item, Group):
            continue
        if item.text == "?":
            depth += 1
        elif item.text == ":":
            if depth == 0:
                return index
            depth -= 1
    return len(after)


def upto_end(arm):
    for item in arm:
        if not isinstance(item, Group) and item.text in (",", ":", ";", "="):
            return
        yield item


def is_number(arm):
    """A number, true, false, or a call that gives one."""
    if not arm:
        return False
    last = arm[-1]
    if isinstance(last, Group):
        name = callee(arm[:-1])
        return last.kind == "(" and name in GIVE_SCALARS | SCALARS
    if len(arm) == 2 and arm[0].text in ("-", "+", "!", "~"):
        arm = arm[1:]
    return len(arm) == 1 and bool(re.match(
        r"[0-9.]|'|(true|false|nullptr)$", arm[0].text))


def is_text(arm):
    return bool(arm) and all(item.text == '""' for item in arm)


def is_name(arm):
    """A path to something that exists: a, *a, a.b->c, a[i], this->a."""
    if arm and arm[0].text == "*":
        arm = arm[1:]
    if not arm or any(item.text in WAITS for item in arm):
        return False
    links = {".", "->", "::"}
    last_is_link = True
    for item in arm:
        if isinstance(item, Group):
            if item.kind != "[" or item.is_lambda or last_is_link:
                return False
        elif item.text in links:
            if last_is_link and item.text != "::":
                return False
            last_is_link = True
        elif item.is_word and last_is_link:
            last_is_link = False
        else:
            return False
    return not last_is_link


# -- default arguments ---------------------------------------------------------


def defaults_in(root):
    """By name of function: pairs of how many arguments it needs, and how many
    it must have so that no default argument of a class is used."""
    known = {}
    for _, name, needed, enough in class_defaults(root):
        known.setdefault(name, set()).add((needed, enough))
    return known


def class_defaults(root):
    """Functions that have such arguments, with the line of each."""
    for group, name in brackets(root):
        parameters = [one for one in split(group.children, ",") if one]
        needed = [part for part in parameters if not default_of(part)]
        classes = [index for index, part in enumerate(parameters)
                   if default_of(part) and is_class(part)]
        if classes and name and name not in CONTROL:
            yield group.line, name, len(needed), max(classes) + 1


def brackets(group):
    """Every "(...)" that may hold parameters, with what stands before it."""
    for index, child in enumerate(group.children):
        if not isinstance(child, Group):
            continue
        if child.kind == "(":
            yield child, callee(group.children[:index])
        yield from brackets(child)


def default_of(parameter):
    """What follows "=" in a parameter with a type and a name."""
    for index, item in enumerate(parameter):
        if not isinstance(item, Group) and item.text == "=":
            words = [one for one in parameter[:index]
                     if not isinstance(one, Group) and one.is_word]
            return parameter[index + 1:] if len(words) >= 2 else []
    return []


def is_class(parameter):
    """Whether its default argument is, or makes, an object of a class."""
    names = [item.text for item in parameter]
    head = parameter[:names.index("=")]
    words = [item.text for item in head
             if not isinstance(item, Group) and item.is_word]
    if "*" in [item.text for item in head] or set(words[:-1]) & SCALARS:
        return "<" in [item.text for item in head] and not set(
            words[:-1]) & {"duration", "time_point", "span", "atomic"}
    given = default_of(parameter)
    if is_number(given) or is_enumerator(given, words):
        return False
    return True


def is_enumerator(given, words):
    """colour::red for a parameter of type colour."""
    return (is_name(given) and len(given) >= 3 and given[-2].text == "::"
            and given[-3].text in words)


def merge(known, more):
    for name, counts in more.items():
        known[name] = known.get(name, set()) | counts


# -- command line --------------------------------------------------------------


def with_includes(path, seen):
    """A file and what it includes in quotes, each with its text."""
    known = path.resolve()
    if known in seen or not path.is_file():
        return
    seen.add(known)
    text = path.read_text(encoding="utf-8", errors="replace")
    yield path, text
    for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
        yield from with_includes(path.parent / name, seen)


def cpp_of_markdown(text):
    """The C++ of a page, each part on its own lines, the rest blank."""
    inside = False
    for line in text.splitlines():
        if match := re.match(r"\s*```\s*([\w+]*)", line):
            inside = not inside and match.group(1) in ("cpp", "c++", "cc")
            yield ""
        elif inside:
            yield line
        else:
            spans = re.findall(r"`([^`]*\bco_await\b[^`]*)`", line)
            yield " ".join(span + ";" for span in spans)


def check(path, functions):
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".md":
        text = "\n".join(cpp_of_markdown(text))
    yield from findings(text, functions)


def main(arguments):
    with_quoted = arguments[:1] == ["--includes"]
    if with_quoted:
        arguments = arguments[1:]
    if not arguments or arguments[0].startswith("-"):
        print(__doc__.strip())
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    paths = [Path(name) for name in arguments]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        print(f"{missing[0]}: no such file", file=sys.stderr)
        return 2
    functions = {}
    seen = set()
    given = {path.resolve() for path in paths}
    included = []
    for path in paths:
        if path.suffix != ".md":
            for reached, text in with_includes(path, seen):
                merge(functions, defaults_in(parse(text)))
                if with_quoted and reached.resolve() not in given:
                    included.append(reached)
    found = [f"{path}:{line}: {why}" for path in paths + included
             for line, why in check(path, functions)]
    if found:
        print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
