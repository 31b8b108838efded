"""The rooms of the libraries, and the rules about them; part of `tidy`.

A room is a folder of sources with one reason. It has a README of three lines:
what is in it, who may use it, what it must not know. Its sources include only
their own room and those named before it.
"""

import re

# The rooms of each library, the lowest first.
ROOMS = {
    "runtime/src": ("base", "document", "decisions", "flow"),
    "runtime/http/src": ("",),
    "runtime/store/src": ("",),
    "runtime/llm/src": (
        "text", "schema", "replies", "formats", "mcp", "chat"),
    "runtime/remote/src": ("leases", "wire"),
    "actors/src": (
        "threads", "caf", "actor", "core", "old_caf", "run", "durable", "sharing",
        "api"),
    "actors/http/src": ("http",),
    "actors/llm/src": ("base", "model", "process", "mcp"),
    "actors/remote/src": ("network", "sharing", "dispatch", "api"),
    "actors/store/src": ("file", "owner", "reading", "writing"),
}
# The rooms that other libraries may use.
SHARED = {
    "actors/src": ("threads", "caf", "actor", "core", "run"),
    "actors/http/src": ("http",),
    "runtime/remote/src": ("leases", "wire"),
}
FILES_MAX = 30  # aim at 25

INCLUDE = re.compile(r'#include "(([a-z0-9_]+)/[a-z0-9_]+\.hpp)"')
LIBRARY = re.compile(r"((?:runtime|actors)(?:/http|/llm|/remote|/store)?/src)/(.*)")


def room_of(path):
    """The library and the room in which a source lies, or None."""
    found = LIBRARY.fullmatch(path)
    if not found:
        return None
    library, rest = found.groups()
    return library, rest.rsplit("/", 1)[0] if "/" in rest else ""


def check_includes(path, lines, sources):
    """Every include that leads to where it must not, as (line, rule, why).

    `sources` are the paths of all files.
    """
    here = room_of(path)
    if here is None:
        return
    library, room = here
    if room not in ROOMS.get(library, ()):
        yield 1, "room", f"{library} has no room '{room}' in tools/check/rooms.py"
        return
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        name, other = found.groups()
        if f"{library}/{name}" in sources:
            order = ROOMS[library]
            if order.index(other) > order.index(room):
                yield number, "room", (
                    f"room '{room}' is below '{other}' and must not know it")
            continue
        for owner, shared in SHARED.items():
            if f"{owner}/{name}" in sources and other not in shared:
                yield number, "room", (
                    f"room '{other}' of {owner} is for {owner} alone")


def check_folders(root, sources):
    """Every folder with too many files, and every room without a README."""
    counts = {}
    for path in sources:
        folder = path.rsplit("/", 1)[0]
        counts[folder] = counts.get(folder, 0) + 1
    for folder, count in sorted(counts.items()):
        if count > FILES_MAX:
            yield f"{folder}: room: {count} files, more than {FILES_MAX}"
    for library, rooms in ROOMS.items():
        for room in rooms:
            if not (root / library / room / "README.md").is_file():
                yield f"{library}/{room}: room: there is no README.md"
