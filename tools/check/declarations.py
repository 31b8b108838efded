"""What C++ sources declare outside of functions; for the rules of `tidy`."""

from dataclasses import dataclass, field
from functools import lru_cache

from cpp_tokens import CLOSING, Group, Token, parse

# Words that stand before a declaration, or in it, and are not its name.
SPECIFIERS = {"inline", "static", "constexpr", "virtual", "explicit", "extern",
              "thread_local", "mutable", "consteval", "constinit", "friend"}
NOT_NAMES = {"decltype", "noexcept", "alignas", "requires", "operator",
             "static_assert", "const", "volatile", "override", "final",
             "default", "delete", "auto", "void", "bool", "char", "int",
             "double", "float", "long", "unsigned", "short"}
TYPE_KEYS = {"struct", "class", "union", "enum"}


@dataclass
class Declaration:
    """A name that is declared, or a function that is defined."""
    name: str
    kind: str  # "type", "function", "member", "constant"
    line: int
    file: str = ""
    scopes: tuple = ()  # names of namespaces and types around it
    qualifiers: tuple = ()  # those before its name
    is_private: bool = False
    is_override: bool = False
    head: list = field(default_factory=list, repr=False)
    parameters: object = None  # the bracket of a function
    body: object = None  # the block, if it has one
    marks: list = field(default_factory=list, repr=False)  # tokens of its name


@lru_cache(maxsize=None)
def read(file, text):
    """The tree of a source, and everything declared outside of functions."""
    tree = parse(text)
    return tree, list(_declared(tree, file, (), None, False))


def _statements(group):
    head = []
    for child in group.children:
        if isinstance(child, Group) and child.kind == "block":
            yield head, child
            head = []
        elif child.text == ";":
            if head:
                yield head, None
            head = []
        elif (child.text == ":" and len(head) == 1
              and head[0].text in ("public", "private", "protected")):
            yield [head[0]], None
            head = []
        else:
            head.append(child)
    if head:
        yield head, None


def _declared(group, file, scopes, enclosing, is_private):
    """`enclosing` is the name of the type that `group` is the body of."""
    for head, block in _statements(group):
        if head and head[0].text in ("public", "private", "protected"):
            is_private = head[0].text != "public"
            continue
        head = _without_template(head)
        words = [item.text for item in head]
        if not words:
            continue
        if "namespace" in words[:2]:
            if block is not None:
                names = tuple(word.text for word in head if word.is_word
                              and word.text not in ("namespace", "inline"))
                yield from _declared(block, file, scopes + names, None, False)
            continue
        if words[0] == "extern" and block is not None and words[1:] == ['""']:
            yield from _declared(block, file, scopes, None, False)
            continue
        if words[0] == "enum" and block is not None:
            yield from _enumerators(block, file, scopes, is_private)
        for one in _of_statement(head, block, enclosing):
            one.file, one.scopes, one.is_private = file, scopes, is_private
            yield one
            if (one.kind == "type" and one.body is not None
                    and words[0] != "enum"):
                yield from _declared(block, file, scopes + (one.name,),
                                     one.name, is_private or "class" in words)


def _without_template(head):
    while head and head[0].text == "template":
        depth, at = 0, 1
        while at < len(head):
            depth += {"<": 1, ">": -1}.get(head[at].text, 0)
            at += 1
            if depth == 0:
                break
        head = head[at:]
        if head and head[0].text == "requires":
            head = head[2:]
    return head


def _enumerators(block, file, scopes, is_private):
    expects = True
    for child in block.children:
        if expects and child.is_word:
            yield Declaration(child.text, "constant", child.line, file, scopes,
                              is_private=is_private, marks=[child])
        expects = child.text == "," or (
            expects and isinstance(child, Group) and child.kind == "[")


def _of_statement(head, block, enclosing):
    words = [item.text for item in head]
    if words[0] in ("static_assert", "asm"):
        return
    if words[0] == "using":
        if len(words) > 2 and words[2] == "=":
            yield Declaration(words[1], "type", head[1].line, marks=[head[1]])
        return
    if words[0] == "concept":
        yield Declaration(words[1], "type", head[1].line, marks=[head[1]])
        return
    start = 0
    while start < len(head) and (head[start].text in SPECIFIERS
                                 or isinstance(head[start], Group)):
        start += 1
    if start < len(head) and head[start].text in TYPE_KEYS:
        yield from _type(head, start + 1, block)
        return
    yield from _declarators(head, start, block, enclosing)


def _type(head, at, block):
    while at < len(head) and (head[at].text in TYPE_KEYS
                              or isinstance(head[at], Group)):
        at += 1
    names = []
    while at < len(head) and (head[at].is_word or head[at].text == "::"):
        if head[at].is_word and head[at].text != "final":
            names.append(head[at])
        at += 1
    if not names:
        return
    # "struct name other;" declares a variable, which sources hardly write.
    yield Declaration(names[-1].text, "type", names[-1].line, marks=names,
                      head=head, qualifiers=tuple(n.text for n in names[:-1]),
                      body=block)


def _declarators(head, at, block, enclosing):
    depth = 0
    before = []  # the items at depth 0 that may be the name
    index = at
    while index < len(head):
        item = head[index]
        if item.text == "<" and index and head[index - 1].is_word:
            depth += 1
        elif item.text == ">" and depth:
            depth -= 1
        elif depth == 0:
            if item.text == "operator":
                yield from _operator(head, index, block)
                return
            if isinstance(item, Group) and item.kind == "(":
                name = before[-1] if before else None
                if name is None or not name.is_word:
                    return
                if name.text not in NOT_NAMES:
                    yield from _function(head, index, block, enclosing)
                    return
            elif isinstance(item, Group) or item.text in ("=", ":", ","):
                yield from _variable(before, enclosing)
                if isinstance(item, Group) and item.text == "{" or (
                        item.text in ("=", ":")):
                    index = _next_comma(head, index)
                    if index is None:
                        return
                before = [] if item.text != "[" else before[:-1]
                index += 1
                continue
            before.append(item)
        index += 1
    if len(before) > 1:
        yield from _variable(before, enclosing)


def _next_comma(head, index):
    while index < len(head):
        if head[index].text == ",":
            return index
        index += 1
    return None


def _variable(before, enclosing):
    if before and before[-1].is_word and (
            before[-1].text not in NOT_NAMES | SPECIFIERS):
        yield Declaration(before[-1].text,
                          "member" if enclosing else "constant",
                          before[-1].line, marks=[before[-1]])


def _operator(head, at, block):
    end = at + 2 if at + 1 < len(head) and head[at + 1].text == "(" else at + 1
    while end < len(head) and head[end].text != "(":
        end += 1
    if end == len(head):
        return
    name = "operator " + " ".join(item.text for item in head[at + 1:end])
    owner = head[at - 2:at - 1] if at and head[at - 1].text == "::" else []
    yield Declaration(name, "operator", head[at].line, head=head,
                      qualifiers=tuple(item.text for item in owner),
                      parameters=head[end], body=block, marks=owner)


def _function(head, index, block, enclosing):
    name = head[index - 1]
    marks, qualifiers = [name], []
    at = index - 2
    if at >= 0 and head[at].text == "~":
        at -= 1
    while at >= 1 and head[at].text == "::" and head[at - 1].is_word:
        marks.append(head[at - 1])
        qualifiers.insert(0, head[at - 1].text)
        at -= 2
    words = {item.text for item in head[index:]}
    is_special = name.text == enclosing or name.text in qualifiers
    tilde = "~" if index > 1 and head[index - 2].text == "~" else ""
    yield Declaration(tilde + name.text,
                      "constructor" if is_special else "function", name.line, qualifiers=tuple(qualifiers),
                      is_override=bool(words & {"override", "final"}), head=head,
                      parameters=head[index], body=block, marks=marks)


def flat(group):
    """Every token below `group`, with the brackets."""
    for child in group.children:
        yield child
        if isinstance(child, Group):
            yield from flat(child)
            yield Token(CLOSING[child.text], child.last_line)
