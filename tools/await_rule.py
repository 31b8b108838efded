"""Finds the two kinds of temporary that GCC 12 destroys twice when they stand
in an expression that also waits: lambdas with captures, and aggregates.

    co_await run([x] { ... });       // name the lambda first
    co_await send(message{1, text}); // name the message first

Whether a braced temporary is an aggregate only a compiler can tell, so every
one is reported, except of types that are known to have a constructor.
"""

from cpp_tokens import Group, blocks, parse

WAITS = {"co_await", "co_yield"}
# A braced temporary of these is made by a constructor.
HAVE_CONSTRUCTORS = {
    "hours", "minutes", "seconds", "milliseconds", "microseconds",
    "nanoseconds", "duration", "string", "string_view", "path", "json",
    "error", "permanent_error", "action"}


def findings(source):
    """Pairs of a line and what is wrong there."""
    for block in [parse(source)]:
        yield from in_block(block)
        for inner in blocks(block):
            yield from in_block(inner)


def in_block(block):
    for expression in expressions(block.children):
        if waits(expression):
            yield from temporaries(expression)


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
                yield from split(child.children)
                current = []
                continue
        elif child.text == ";":
            yield current
            current = []
            continue
        current.append(child)
    yield current


def split(children):
    part = []
    for child in children:
        if child.text == ";":
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
    before each part."""
    for index, item in enumerate(expression):
        yield item, expression[:index]
        if isinstance(item, Group) and item.kind != "block":
            yield from parts(item.children)


def waits(expression):
    return any(item.text in WAITS for item, _ in parts(expression))


def temporaries(expression):
    for item, before in parts(expression):
        if not isinstance(item, Group):
            continue
        if item.is_lambda and item.children:
            yield item.line, ("lambda with captures in an expression with "
                              "co_await: name it first")
        elif item.kind == "init" and not has_constructor(before):
            yield item.line, ("braced temporary in an expression with "
                              "co_await: name it first")


def has_constructor(before):
    return bool(before) and before[-1].text in HAVE_CONSTRUCTORS
