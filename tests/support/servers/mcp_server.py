"""An MCP server over standard input and output, with faults.

    mcp_server.py [WORD...]

Words: "stateless" or "session" (the revision of 2026, or an earlier one; the
default is "session"), "old" and "unknown" (a revision that is earlier still, or
not known), "parent" (starts a program that keeps its output open), "dotted" (has
tools with names that models do not take), "silent" (does not answer what it does
not know), "asks" (pings the client, and wants something of it, before it
answers), "stubborn" (does not end with its input, nor when it is terminated).

Words for what servers write that is not quite the protocol: "banner" (two lines
before all else), "bom" (a byte order mark), "crlf", "logs" (lines of a log, and
messages that nobody waits for, before each answer), "string-ids", "float-ids",
"batches", "flood" (many lines before each answer), "latin1", "nan", "drip" (writes byte by byte), "idnull" (an error
without an id for what it does not know), "first" (ends with status 1 on a first
message that is not initialize), "deaf" (closes its input once it is opened),
"odd" (has tools that cannot be used), "same" (has three tools of one name).

Its tools: echo {text}, add {a, b}, fail {}, die {}, garbage {} (writes what is no
message and ends), huge {}, deep {} (nests too deeply), chatter {} (writes
messages without an end, and no answer), wait {}
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
    "deep": NOTHING,
    "wait": NOTHING,
    "chatter": NOTHING,
    "cancelled": NOTHING,
    "strange": {"type": "object", "unevaluatedProperties": False},
}
ODD = [{"name": "bad"}, {"name": "null", "inputSchema": None}, {"name": ""}, {},
       5, {"name": "text", "inputSchema": {"type": "string"}}]  # fmt: skip
waiting = []
cancelled = 0
opened = False
if "dotted" in MODE:
    TOOLS = {"admin.list": TEXT, "admin_list": TEXT, "a" * 100: TEXT}
if "parent" in MODE:
    subprocess.Popen(["sleep", "1000"])


def write(text):
    data = text.encode("latin-1" if "latin1" in MODE else "utf-8")
    parts = [bytes([each]) for each in data] if "drip" in MODE else [data]
    for part in parts:
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()


def write_line(form):
    text = json.dumps(form, ensure_ascii=False)
    if "nan" in MODE:
        text = text.replace('"NAN"', "NaN")
    write(text + ("\r\n" if "crlf" in MODE else "\n"))


def say(message):
    form = {"jsonrpc": "2.0", **message}
    if "method" not in form and "string-ids" in MODE:
        form["id"] = str(form["id"])
    if "method" not in form and "float-ids" in MODE:
        form["id"] = float(form["id"])
    if "logs" in MODE:
        write("INFO handling a request\n\n{\n]\n")
        write_line({"level": "info", "msg": "handled", "id": 1})
        write_line({"jsonrpc": "2.0", "method": "notifications/message"})
        write_line({"jsonrpc": "2.0", "id": 99999, "result": {}})
    if "flood" in MODE:
        write('\n{"error":1}\n' * 1000)
    note = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {}}
    write_line([note, form] if "batches" in MODE else form)


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
    if "odd" in MODE:
        result["tools"] = ODD + result["tools"]
    if "same" in MODE:
        result = {"tools": [{"name": "t"}] * 3, "nextCursor": ""}
    elif begin + PAGE < len(names):
        result["nextCursor"] = str(begin + PAGE)
    give(ask, result)


def call(ask):
    name = ask["params"]["name"]
    given = ask["params"].get("arguments", {})
    if name == "echo" or "dotted" in MODE:
        text(ask, given["text"])
    elif name == "add":
        total = "NAN" if "nan" in MODE else given["a"] + given["b"]
        give(ask, {"content": [], "structuredContent": {"sum": total}})
    elif name == "fail":
        text(ask, "it did not work", failed=True)
    elif name == "die":
        os._exit(7)
    elif name == "chatter":
        line = json.dumps({"jsonrpc": "2.0", "method": "notifications/x"}) + "\n"
        while True:
            write(line * 100)
    elif name == "garbage":
        write("this is no message\n")
        os._exit(5)
    elif name == "huge":
        text(ask, "x" * 2_000_000)
    elif name == "deep":
        write('{"jsonrpc":"2.0","id":%d,"result":%s' % (ask["id"], "[" * 100_000))
        write("\n")
    elif name == "wait":
        waiting.append(ask["id"])
    elif name == "cancelled":
        text(ask, str(cancelled))
    elif name == "strange":
        text(ask, "took " + json.dumps(given, sort_keys=True))
    else:
        refuse(ask, -32602, "Unknown tool: " + name)


def take(ask):
    global cancelled, opened
    method = ask.get("method")
    if method is None:
        return
    if "first" in MODE and not opened and method != "initialize":
        sys.exit(1)
    opened = opened or method == "initialize"
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
        if "deaf" in MODE:
            os.close(0)
            while True:
                signal.pause()
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
    elif "idnull" in MODE:
        say({"id": None, "error": {"code": -32600, "message": "Invalid Request"}})
    elif "silent" not in MODE:
        refuse(ask, -32601, "Method not found")


if "banner" in MODE:
    write("[dotenv@17.2.1] injecting env (0) from .env\nServer running\n")
if "bom" in MODE:
    write("\ufeff")
if "stubborn" in MODE:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
for line in iter(sys.stdin.readline, ""):
    take(json.loads(line))
while "stubborn" in MODE:
    signal.pause()
