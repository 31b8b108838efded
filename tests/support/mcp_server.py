"""An MCP server over standard input and output, with faults.

    mcp_server.py [WORD...]

Words: "stateless" or "session" (the revision of 2026, or an earlier one; the
default is "session"), "old" and "unknown" (a revision that is earlier still, or
not known), "parent" (starts a program that keeps its output open), "dotted" (has
tools with names that models do not take), "silent" (does not answer what it does
not know), "asks" (pings the client, and wants something of it, before it
answers), "stubborn" (does not end with its input, nor when it is terminated).

Its tools: echo {text}, add {a, b}, fail {}, die {}, garbage {}, huge {}, wait {}
(answers when it is cancelled, and then says so), cancelled {} (how many were),
strange {} (with a schema that clients may not know). The list has pages of
three.
"""

import json
import os
import signal
import subprocess
import sys

MODE = set(sys.argv[1:])
STATELESS = "2026-07-28"
SESSION = "2025-06-18"
PAGE = 3

TEXT = {"type": "object", "properties": {"text": {"type": "string"}},
        "required": ["text"]}  # fmt: skip
NUMBERS = {"type": "object",
           "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
           "required": ["a", "b"]}  # fmt: skip
NOTHING = {"type": "object"}
TOOLS = {
    "echo": TEXT,
    "add": NUMBERS,
    "fail": NOTHING,
    "die": NOTHING,
    "garbage": NOTHING,
    "huge": NOTHING,
    "wait": NOTHING,
    "cancelled": NOTHING,
    "strange": {"type": "object", "unevaluatedProperties": False},
}
waiting = []
cancelled = 0
if "dotted" in MODE:
    TOOLS = {"admin.list": TEXT, "admin_list": TEXT, "a" * 100: TEXT}
if "parent" in MODE:
    subprocess.Popen(["sleep", "1000"])


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def give(ask, result):
    say({"id": ask["id"], "result": result})


def refuse(ask, code, message, data=None):
    error = {"code": code, "message": message}
    if data:
        error["data"] = data
    say({"id": ask["id"], "error": error})


def text(ask, said, failed=False):
    result = {"content": [{"type": "text", "text": said}]}
    if failed:
        result["isError"] = True
    give(ask, result)


def list_tools(ask):
    names = list(TOOLS)
    begin = int(ask["params"].get("cursor", 0))
    page = names[begin : begin + PAGE]
    result = {
        "tools": [
            {"name": each, "description": "does " + each,
             "inputSchema": TOOLS[each]}
            for each in page
        ]
    }  # fmt: skip
    if begin + PAGE < len(names):
        result["nextCursor"] = str(begin + PAGE)
    give(ask, result)


def call(ask):
    name = ask["params"]["name"]
    given = ask["params"].get("arguments", {})
    if name == "echo" or "dotted" in MODE:
        text(ask, given["text"])
    elif name == "add":
        give(ask, {"content": [], "structuredContent": {
            "sum": given["a"] + given["b"]}})  # fmt: skip
    elif name == "fail":
        text(ask, "it did not work", failed=True)
    elif name == "die":
        os._exit(7)
    elif name == "garbage":
        print("this is no message", flush=True)
    elif name == "huge":
        text(ask, "x" * 2_000_000)
    elif name == "wait":
        waiting.append(ask["id"])
    elif name == "cancelled":
        text(ask, str(cancelled))
    elif name == "strange":
        text(ask, "took " + json.dumps(given, sort_keys=True))
    else:
        refuse(ask, -32602, "Unknown tool: " + name)


def take(ask):
    global cancelled
    method = ask.get("method")
    if method is None:
        return
    meta = ask.get("params", {}).get("_meta", {})
    revision = meta.get("io.modelcontextprotocol/protocolVersion")
    if "id" not in ask:
        if method == "notifications/cancelled":
            cancelled += ask["params"]["requestId"] in waiting
    elif "unknown" in MODE:
        refuse(ask, -32022, "Unsupported protocol version",
               {"supported": ["2030-01-01"], "requested": revision})
    elif "stateless" in MODE:
        if revision != STATELESS:
            refuse(ask, -32602, "every request names the revision")
        elif method == "server/discover":
            give(ask, {"resultType": "complete", "capabilities": {"tools": {}},
                       "supportedVersions": [STATELESS]})  # fmt: skip
        elif method == "tools/list":
            list_tools(ask)
        elif method == "tools/call":
            call(ask)
        else:
            refuse(ask, -32601, "Method not found")
    elif method == "initialize":
        assert ask["params"]["clientInfo"]["name"] == "troupe"
        give(ask, {"protocolVersion": "1999-01-01" if "old" in MODE else SESSION,
                   "capabilities": {"tools": {}},
                   "serverInfo": {"name": "test", "version": "1"}})  # fmt: skip
    elif method == "tools/list":
        list_tools(ask)
    elif method == "tools/call":
        if "asks" in MODE:
            say({"id": "p", "method": "ping"})
            say({"id": "r", "method": "roots/list"})
            pong = json.loads(sys.stdin.readline())
            refusal = json.loads(sys.stdin.readline())
            text(ask, "%s and %s" % (pong["result"], refusal["error"]["code"]))
        else:
            call(ask)
    elif "silent" not in MODE:
        refuse(ask, -32601, "Method not found")


if "stubborn" in MODE:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
for line in iter(sys.stdin.readline, ""):
    take(json.loads(line))
while "stubborn" in MODE:
    signal.pause()
