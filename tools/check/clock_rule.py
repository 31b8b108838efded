"""Places that ask the system for the time; a rule of `tidy`."""

from declarations import flat

ASKS_SYSTEM = {"gettimeofday", "clock_gettime", "timespec_get", "ftime",
               "GetSystemTime", "rdtsc", "__rdtsc", "__builtin_ia32_rdtsc"}


def _is_of_object(tokens, index):
    """Whether "now" follows "object->type::"."""
    return index > 2 and tokens[index - 3].text in (".", "->")


def find(tree, declared):
    """The lines on which a source asks the system for the time, under whatever
    name: only the `now` of an object is a clock of ours.
    """
    marked = {id(mark) for one in declared for mark in one.marks}
    tokens = list(flat(tree))
    for index, item in enumerate(tokens):
        before = tokens[index - 1].text if index else ""
        after = [each.text for each in tokens[index + 1:index + 3]]
        if not item.is_word or id(item) in marked:
            continue
        is_static_now = (item.text == "now" and before == "::"
                         and not _is_of_object(tokens, index))
        is_c = item.text in ASKS_SYSTEM or (
            item.text == "time" and before not in (".", "->")
            and after[:1] == ["("] and after[1:] in (
                ["nullptr"], ["NULL"], ["0"], ["&"])) or (
            item.text == "clock" and before == "::" and after == ["(", ")"]
            and index > 1 and tokens[index - 2].text == "std")
        if is_static_now or is_c:
            yield item.line
