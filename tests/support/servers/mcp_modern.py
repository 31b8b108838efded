"""An MCP server of 2026-07-28 that asks for inputs and makes tasks.

    mcp_modern.py [short]

speaks over standard input and output; http_server.py has it as well. Its tools:

echo {}     what the request says of itself: its "_meta"
ask {}      asks for a form twice, with a state
endless {}  asks for a form again and again
again {}    gives a state only, once
job {}      a task that is done when it is asked after for the second time
form {}     a task that asks for a form
stuck {}    a task that does not end
lost {}     a task that the server does not know any more
change {}   tells that the list of tools is another one
tell {}     tells those who listen that the list is another one
counts {}   how often each method was asked for, and what was cancelled

Its list of tools has two pages, good for a minute; with "short" for no time. It
tells of changes to those who listen; without an answer, which comes at the end.
"""

import json
import sys

REVISION = "2026-07-28"
TASKS = "io.modelcontextprotocol/tasks"
NAMES = "echo ask endless again job form stuck lost change counts".split()
FORM = {
    "method": "elicitation/create",
    "params": {
        "mode": "form",
        "message": "Who?",
        "requestedSchema": {
            "type": "object",
            "properties": {"name": {"type": "string"}},
            "required": ["name"],
        },
    },
}


class Refusal(Exception):
    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.error = {"code": code, "message": message}
        if data:
            self.error["data"] = data


def text(said):
    if not isinstance(said, str):
        said = json.dumps(said, sort_keys=True)
    return {"resultType": "complete", "content": [{"type": "text", "text": said}]}


def wants(state, **requests):
    result = {"resultType": "input_required", "requestState": state}
    if requests:
        result["inputRequests"] = requests
    return result


class Server:
    def __init__(self, words=()):
        self.words = set(words)
        self.counts = {}
        self.cancelled = []
        self.tasks = {}
        # What is told besides the answer.
        self.news = []
        # Whom to tell, of those who listen.
        self.listeners = []

    def answer(self, ask):
        """The answer to a request, or nothing for a notification."""
        method = ask.get("method")
        self.counts[method] = self.counts.get(method, 0) + 1
        if "id" not in ask:
            return None
        whole = {"jsonrpc": "2.0", "id": ask["id"]}
        try:
            params = ask.get("params", {})
            meta = params.get("_meta", {})
            if meta.get("io.modelcontextprotocol/protocolVersion") != REVISION:
                raise Refusal(-32602, "every request names the revision")
            name = "take_" + method.replace("/", "_")
            take = getattr(self, name, None)
            if not take:
                raise Refusal(-32601, "Method not found")
            self.can = meta["io.modelcontextprotocol/clientCapabilities"]
            whole["result"] = take(params, meta)
            if whole["result"] is None:
                return None
        except Refusal as why:
            whole["error"] = why.error
        return whole

    def take_server_discover(self, params, meta):
        return {"resultType": "complete", "supportedVersions": [REVISION],
                "capabilities": {"tools": {"listChanged": True}, "extensions": {TASKS: {}}}}  # fmt: skip

    def take_tools_list(self, params, meta):
        first = "cursor" not in params
        result = {
            "resultType": "complete",
            "ttlMs": 0 if "short" in self.words else 60000,
            "cacheScope": "private",
            "tools": [
                {"name": each, "inputSchema": {"type": "object"}}
                for each in (NAMES[:5] if first else NAMES[5:])
            ],
        }
        if first:
            result["nextCursor"] = "rest"
        return result

    def take_subscriptions_listen(self, params, meta):
        assert params["notifications"] == {"toolsListChanged": True}
        self.news.append("notifications/subscriptions/acknowledged")
        self.listeners.append(self.news.append)
        return None

    def take_tools_call(self, params, meta):
        return getattr(self, "call_" + params["name"])(params, meta)

    def call_echo(self, params, meta):
        return text(meta)

    def need_forms(self):
        if "form" not in self.can.get("elicitation", {}):
            raise Refusal(-32021, "Missing required client capability",
                          {"requiredCapabilities": {"elicitation": {}}})  # fmt: skip

    def call_ask(self, params, meta):
        self.need_forms()
        state = params.get("requestState")
        given = params.get("inputResponses")
        if state is None:
            return wants("s:1", who=FORM)
        if state == "s:1":
            return wants("s:2:" + given["who"]["content"]["name"], sure=FORM)
        return text([state, given])

    def call_endless(self, params, meta):
        return wants("s", who=FORM)

    def call_again(self, params, meta):
        if "requestState" in params:
            return text(params["requestState"])
        return wants("later")

    # -- tasks ---------------------------------------------------------------

    def make(self, kind):
        if TASKS not in self.can.get("extensions", {}):
            raise Refusal(-32021, "Missing required client capability",
                          {"requiredCapabilities": {"extensions": {TASKS: {}}}})  # fmt: skip
        id = "%s-%d" % (kind, len(self.tasks))
        self.tasks[id] = {"kind": kind, "asked": 0, "given": None}
        return {"resultType": "task", **self.state(id, "working")}

    def state(self, id, status, **more):
        return {"taskId": id, "status": status, "pollIntervalMs": 100,
                "createdAt": "2026-07-28T00:00:00Z", "ttlMs": 60000,
                "lastUpdatedAt": "2026-07-28T00:00:00Z", **more}  # fmt: skip

    def call_job(self, params, meta):
        return self.make("job")

    def call_form(self, params, meta):
        return self.make("form")

    def call_stuck(self, params, meta):
        return self.make("stuck")

    def call_lost(self, params, meta):
        return self.make("lost")

    def task(self, params):
        found = self.tasks.get(params["taskId"])
        if not found or found["kind"] == "lost":
            raise Refusal(-32602, "Task not found")
        return found

    def take_tasks_get(self, params, meta):
        task, id = self.task(params), params["taskId"]
        task["asked"] += 1
        status, more = "working", {}
        if task["kind"] == "job" and task["asked"] == 2:
            status, more = "completed", {"result": text("built")}
        elif task["kind"] == "form" and not task["given"]:
            status, more = "input_required", {"inputRequests": {"who": FORM}}
        elif task["kind"] == "form":
            status, more = "completed", {"result": text(task["given"])}
        return {"resultType": "complete", **self.state(id, status, **more)}

    def take_tasks_update(self, params, meta):
        self.task(params)["given"] = params["inputResponses"]
        return {"resultType": "complete"}

    def take_tasks_cancel(self, params, meta):
        self.cancelled.append(params["taskId"])
        return {"resultType": "complete"}

    # -- the server itself ---------------------------------------------------

    def call_change(self, params, meta):
        self.news.append("notifications/tools/list_changed")
        return text("changed")

    def call_tell(self, params, meta):
        for tell in self.listeners:
            tell("notifications/tools/list_changed")
        return text(len(self.listeners))

    def call_counts(self, params, meta):
        return text({"counts": self.counts, "cancelled": self.cancelled})


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def main():
    server = Server(sys.argv[1:])
    for line in iter(sys.stdin.readline, ""):
        reply = server.answer(json.loads(line))
        while server.news:
            say({"method": server.news.pop()})
        if reply:
            say(reply)


if __name__ == "__main__":
    main()
