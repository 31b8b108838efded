"""Declarations in headers that nothing uses; a rule of `tidy`.

Names are compared without their scopes: two things of one name count as one,
so that some dead declarations go unnoticed, but none is reported that is used.
"""

import re

from cpp_tokens import TOKEN, Group
from declarations import flat, read

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Words after which "name(" is a call rather than the variable `name`.
BEFORE_CALLS = {"return", "co_return", "co_await", "co_yield", "throw", "else",
                "do", "not", "and", "or", "case", "new"}
# What the language, the standard library, nlohmann_json, CAF, Catch2 or
# RapidCheck call by their names.
CALLED_BY_OTHERS = {
    "main", "begin", "end", "what", "swap", "hash", "to_json", "from_json",
    "inspect", "await_ready", "await_suspend", "await_resume", "promise_type",
    "get_return_object", "get_return_object_on_allocation_failure",
    "initial_suspend", "final_suspend", "return_void", "return_value",
    "yield_value", "await_transform", "unhandled_exception", "value_type",
    "difference_type", "iterator_category", "reference", "pointer",
    "iterator_concept", "is_transparent", "is_always_equal", "rebind",
    "allocate", "deallocate", "result_type", "signatures", "behavior_type",
    "element_type", "tuple_size", "tuple_element", "formatter", "type", "value",
    "StringMaker", "convert", "Arbitrary", "arbitrary", "showValue",
}


def _words_of_macros(text):
    for match in TOKEN.finditer(text):
        directive = match.group("directive")
        if directive and "include" not in directive[:20]:
            yield from WORD.findall(directive.partition("(")[2])


def _bound_names(tokens):
    """The names of structured bindings, often those of the members."""
    for index, item in enumerate(tokens):
        if item.text != "[" or not index or not isinstance(item, Group):
            continue
        before = tokens[index - 1].text
        if before in ("&", "&&") and index > 1:
            before = tokens[index - 2].text
        if before == "auto":
            yield from (child.text for child in item.children if child.is_word)


def _is_call(before, after):
    """Whether a word between these stands for a function."""
    if after == "(":
        return not (before.is_word and before.text not in BEFORE_CALLS
                    or before.text == ">")
    return after in ("<", "{") or before.text in ("::", ".", "->")


def _is_local(before, after):
    """Whether a word between these names a variable that begins here."""
    is_after_type = (before.is_word and before.text not in BEFORE_CALLS
                     or before.text in (">", "&", "*", "&&"))
    return is_after_type and after in ("=", ";", "{", "(", ",", ")", ":", "[")


class Usage:
    """What each name in a set of sources is used as."""

    def __init__(self, sources):
        """`sources` are texts by path."""
        self.declarations = []
        self._words = {}  # the files by name
        self._calls = set()
        self._members = set()
        for path, text in sources.items():
            tree, declared = read(path, text)
            self.declarations += declared
            marked = {id(mark) for one in declared for mark in one.marks}
            self._count(path, tree, marked)
            for word in _words_of_macros(text):
                self._words.setdefault(word, set()).add(path)
                self._calls.add(word)
                self._members.add(word)

    def _count(self, path, tree, marked):
        tokens = list(flat(tree))
        found = [(item, tokens[index - 1] if index else tree,
                  tokens[index + 1].text if index + 1 < len(tokens) else "")
                 for index, item in enumerate(tokens)
                 if item.is_word and id(item) not in marked]
        locals_ = {item.text for item, before, after in found
                   if _is_local(before, after)}
        for item, before, after in found:
            if before.text == "~":
                continue
            self._words.setdefault(item.text, set()).add(path)
            if _is_call(before, after) or item.text not in locals_:
                self._calls.add(item.text)
            if before.text in (".", "->", "::", "->*", "*"):
                self._members.add(item.text)
        self._members.update(_bound_names(tokens))

    def is_used(self, one):
        if one.name in CALLED_BY_OTHERS or one.name.isupper():
            return True
        if one.kind == "function":
            return one.is_override or one.name in self._calls
        files = self._words.get(one.name, set())
        if one.kind == "member" and not one.name.endswith("_"):
            stem = one.file.rsplit(".", 1)[0].rsplit("/", 1)[-1]
            return one.name in self._members or any(
                path.rsplit("/", 1)[-1].rsplit(".", 1)[0] == stem
                for path in files)
        return bool(files)


def is_for_users(one):
    """Whether it is part of what users may call."""
    return ("/include/troupe/" in one.file and "/detail/" not in one.file
            and "detail" not in one.scopes and not one.is_private)


def find(usage, pages=""):
    """Declarations in headers that nothing uses, as (file, line, rule, why).

    What is for users may be used by the text of `pages` alone.
    """
    documented = set(WORD.findall(pages))
    seen = set()
    for one in usage.declarations:
        if not one.file.endswith(".hpp") or (one.file, one.name) in seen:
            continue
        if one.kind in ("constructor", "operator") or usage.is_used(one):
            continue
        if is_for_users(one) and one.name in documented:
            continue
        seen.add((one.file, one.name))
        yield one.file, one.line, "dead", (
            f"nothing uses the {one.kind} '{one.name}'")
