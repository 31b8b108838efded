"""What `tidy` tells of without failing: it may be right where it is.

What stays has its reason in docs/decisions.md, in the section "Kept although
the checks tell of it": a finding is not told whose name is quoted there.
"""

import re

from dead_rule import is_for_users
from declarations import flat

FILES_WANTED = 25
PARAMETERS_MAX = 4
TOLD_MAX = 8  # of each kind
QUESTION = re.compile(r"\s*/// (What|Who|Where|How|Why|When|Whether)\b")
TYPE = re.compile(r"\s*(struct|class|enum|union|using|concept)\b")
BEFORE_TYPE = re.compile(r"\s*(///|template\b|requires\b|\[\[)|.*[,<]$")
KEPT = re.compile(r"^## Kept although.*?$(.*?)(^## |\Z)",
                  re.MULTILINE | re.DOTALL)
# In the glossary of docs/architecture.md: | instead of `word` | `other` |
INSTEAD = re.compile(r"^\| instead of `(\w+)` \| (.*?) \|$", re.MULTILINE)
LIBRARY = re.compile(r"(runtime|actors)/")


def kept(decisions):
    """The names that the page of decisions keeps."""
    found = KEPT.search(decisions)
    return set(re.findall(r"`([^`]+)`", found.group(1))) if found else set()


def crowded(paths):
    counts = {}
    for path in paths:
        folder = path.rsplit("/", 1)[0]
        counts[folder] = counts.get(folder, 0) + 1
    for folder, count in sorted(counts.items()):
        if count > FILES_WANTED:
            yield folder, folder, f"{count} sources in one folder"


def briefs(file, text):
    """Comments of types that begin with a question word."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        begins = QUESTION.match(line) and (
            not number or not lines[number - 1].lstrip().startswith("///"))
        if not begins:
            continue
        after = next((one for one in lines[number:]
                      if not BEFORE_TYPE.match(one)), "")
        if TYPE.match(after):
            yield f"{file}:{number + 1}", file, (
                f"the brief of a type begins with '{line.split()[1]}'")


def _is_bool(parameter):
    return parameter[:1] == ["bool"] or parameter[:2] == ["const", "bool"]


def _parameters(one):
    """Each parameter's words, commas within brackets and "<>" aside."""
    found, depth, current = [], 0, []
    for child in one.parameters.children:
        depth += {"<": 1, ">": -1}.get(child.text, 0)
        if child.text == "," and depth == 0:
            found.append(current)
            current = []
        else:
            current.append(child.text)
    return [each for each in (*found, current) if each and each != ["void"]]


def signatures(declarations):
    """Public functions with a bool, or with many parameters."""
    for one in declarations:
        is_written_by_us = one.kind in ("function", "constructor")
        if not is_written_by_us or not is_for_users(one):
            continue
        if not one.file.endswith(".hpp"):
            continue
        parameters = _parameters(one)
        where = f"{one.file}:{one.line}"
        if any(_is_bool(each) for each in parameters):
            yield where, one.name, f"'{one.name}' takes a bool"
        if len(parameters) > PARAMETERS_MAX:
            yield where, one.name, (
                f"'{one.name}' takes {len(parameters)} parameters")


def words(trees, glossary):
    """Words of names for which the glossary has another, once for each."""
    for word, other in INSTEAD.findall(glossary):
        part = re.compile(rf"(^|_){word}s?(_|$)")
        uses, first = 0, None
        for path, tree in trees.items():
            for item in flat(tree):
                if item.is_word and part.search(item.text):
                    uses += 1
                    first = first or f"{path}:{item.line}"
        if uses:
            yield first, word, (
                f"the glossary has {other} for '{word}', used {uses} times")


def find(texts, declarations, trees, glossary, decisions):
    """What is worth a look, a line each; the first few of each kind."""
    stays = kept(decisions)
    ours = {path: tree for path, tree in trees.items() if LIBRARY.match(path)}
    for found in (crowded(texts), signatures(declarations),
                  (one for file, text in texts.items()
                   for one in briefs(file, text)),
                  words(ours, glossary)):
        told = [f"{where}: {why}" for where, name, why in found
                if name not in stays]
        yield from told[:TOLD_MAX]
        if len(told) > TOLD_MAX:
            yield f"... and {len(told) - TOLD_MAX} more of this kind"
