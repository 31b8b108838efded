"""The headers that bring a whole library; part of `tidy`.

Each includes every public header of its libraries but those named here, and
<troupe/troupe.hpp> brings nothing of CAF, directly or not.
"""

import re

# Header, the folders it is for, the headers left out, and why.
UMBRELLAS = {
    "troupe/troupe.hpp": (
        ("runtime/include", "actors/include"),
        ("troupe/actor_node.hpp", "troupe/ask.hpp", "troupe/protocol.hpp",
         "troupe/mailbox.hpp")),
    "troupe/http.hpp": (
        ("runtime/http/include", "actors/http/include"), ()),
    "troupe/llm.hpp": (
        ("runtime/llm/include", "actors/llm/include"),
        ("troupe/llm/http.hpp", "troupe/llm/http_message.hpp",
         "troupe/llm/sse.hpp", "troupe/llm/url.hpp")),
    "troupe/store.hpp": (
        ("runtime/store/include", "actors/store/include"), ()),
    "troupe/remote.hpp": (
        ("actors/remote/include",), ("troupe/remote/command_line.hpp",)),
}
WITHOUT_CAF = "troupe/troupe.hpp"

INCLUDE = re.compile(r'#include [<"]([^>"]+)[>"]', re.MULTILINE)


def public_headers(sources):
    """The path of each header by the name that users include it with."""
    found = {}
    for path in sources:
        if "/include/" in path and path.endswith(".hpp"):
            found[path.split("/include/", 1)[1]] = path
    return found


def brought_by(name, headers, read, seen):
    """All that a header includes, directly or not."""
    for other in INCLUDE.findall(read(headers[name])):
        if other not in seen:
            seen.add(other)
            if other in headers:
                brought_by(other, headers, read, seen)
    return seen


def check_umbrellas(sources, read):
    """Every header that one of them lacks, and CAF where it must not be.

    `sources` are the paths of all files, `read` gives the text of one.
    """
    headers = public_headers(sources)
    for name, (folders, left_out) in UMBRELLAS.items():
        if name not in headers:
            continue
        listed = set(INCLUDE.findall(read(headers[name])))
        for other, path in headers.items():
            if (path.split("/include/", 1)[0] + "/include" in folders
                    and "/detail/" not in other
                    and other not in (name, *left_out, *listed)):
                yield f"{headers[name]}:1: umbrella: <{other}> is missing"
        for other in sorted(listed & set(left_out)):
            yield f"{headers[name]}:1: umbrella: <{other}> must not be here"
    if WITHOUT_CAF in headers:
        for other in brought_by(WITHOUT_CAF, headers, read, set()):
            if other.startswith("caf/"):
                yield f"{headers[WITHOUT_CAF]}:1: umbrella: brings <{other}>"
