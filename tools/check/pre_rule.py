"""Preconditions in comments that no assertion checks; a rule of `tidy`."""

import re

from declarations import flat

PRE = re.compile(r"^\s*//.*@pre\b", re.MULTILINE)


def find(sources, declarations):
    """Every `@pre` without an assertion, as (file, line, rule, why).

    The assertion is in the body of the function that the comment is about, or
    of one of the same name that the body calls.
    """
    by_name, by_file = {}, {}
    for one in declarations:
        if one.parameters is not None:
            by_name.setdefault(one.name, []).append(one)
            by_file.setdefault(one.file, []).append(one)
    for file, text in sources.items():
        for match in PRE.finditer(text):
            line = text.count("\n", 0, match.end()) + 1
            after = [one for one in by_file.get(file, ())
                     if one.head[0].line > line]
            if not after:
                yield file, line, "pre", "no function follows this @pre"
                continue
            about = min(after, key=lambda one: one.head[0].line)
            bodies = _bodies(about, by_name[about.name])
            if not any(_asserts(one) for one in bodies):
                yield file, line, "pre", (
                    f"'{about.name}' has a @pre and no assertion of it")


def _bodies(about, namesakes):
    """The definitions of a function; of a pure virtual one, its overriders."""
    if about.body is not None:
        found = [about]
    else:
        defined = [one for one in namesakes if one.body is not None]
        owner = about.scopes[-1:] + about.qualifiers
        same = [one for one in defined
                if (one.qualifiers or one.scopes)[-1:] == owner[-1:]
                or not one.qualifiers and one.scopes == about.scopes]
        exact = [one for one in same if _types(one) == _types(about)]
        found = exact or same or defined
    called = {item.text for one in found for item in flat(one.body)}
    if about.name in called:
        found = found + [one for one in namesakes if one.body is not None]
    return found


def _types(one):
    """A parameter list without its default values."""
    words, skips = [], False
    for item in flat(one.parameters):
        skips = item.text != "," and (skips or item.text == "=")
        if not skips:
            words.append(item.text)
    return words


def _asserts(one):
    return any(item.is_word and (item.text.startswith("assert")
                                 or "ASSERT" in item.text)
               for item in flat(one.body))
