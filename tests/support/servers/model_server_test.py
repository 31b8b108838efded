"""model_server.py does what its script says and refuses what it must.

Run by it: model_server.py python3 model_server_test.py
"""

import gzip
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest

import model_script

SERVER = pathlib.Path(__file__).resolve().parent / "model_server.py"
ROOT = SERVER.parents[3]
ADDRESS = os.environ["MODEL_SERVER"].removeprefix("http://")
CHAT = "/v1/chat/completions"
TOOL = {"name": "weather", "parameters": {"type": "object", "properties": {}}}
HEADERS = {
    "Content-Type": "application/json",
    "Authorization": "Bearer test-key",
    "x-api-key": "test-key",
    "anthropic-version": "2023-06-01",
}


def user(text):
    return {"role": "user", "content": text}


def chat(text="One. Two.", **more):
    return {"model": "test-model", "messages": [user(text)], **more}


def chat_calls(*ids):
    function = {"name": "weather", "arguments": "{}"}
    calls = [{"id": i, "type": "function", "function": function} for i in ids]
    return {"role": "assistant", "tool_calls": calls}


def events(text):
    lines = [line for line in text.split("\n") if line.startswith("data: {")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


class ServerTest(unittest.TestCase):
    """Each test has a channel of its own."""

    def send(self, method, path, body=None, headers=HEADERS):
        connection = http.client.HTTPConnection(ADDRESS, timeout=20)
        data = json.dumps(body) if isinstance(body, (dict, list)) else body
        connection.request(method, "/ch/" + self.id() + path, data, headers)
        reply = connection.getresponse()
        self.headers = reply.headers
        text = reply.read()
        connection.close()
        try:
            return reply.status, json.loads(text)
        except ValueError:
            return reply.status, text.decode(errors="replace")

    def post(self, path, body, headers=HEADERS):
        return self.send("POST", path, body, headers)

    def script(self, *rules):
        self.assertEqual(200, self.post("/_script", list(rules))[0])

    def log(self, query=""):
        return self.send("GET", "/_log" + query)[1]

    def said(self, *arguments, **more):
        status, body = self.post(CHAT, chat(*arguments, **more))
        self.assertEqual(200, status, body)
        return body["choices"][0]["message"]["content"]

    def raw(self, body):
        """What comes over the socket, and the error that ends it."""
        host, port = ADDRESS.split(":")
        with socket.create_connection((host, int(port)), 20) as line:
            self.put(line, body)
            got = b""
            try:
                while part := line.recv(65536):
                    got += part
            except ConnectionResetError:
                return got, "reset"
            return got, "closed"

    def put(self, line, body):
        data = json.dumps(body).encode()
        head = "POST /ch/%s%s HTTP/1.1\r\nContent-Length: %d\r\n" % (
            self.id(), CHAT, len(data)
        )
        for each in HEADERS.items():
            head += "%s: %s\r\n" % each
        line.sendall(head.encode() + b"\r\n" + data)


class RepliesTest(ServerTest):
    def test_what_no_rule_says_is_the_first_sentence(self):
        self.assertEqual("One.", self.said())

    def test_a_schema_is_kept_to(self):
        schema = {
            "type": "object",
            "properties": {"n": {"type": "integer"},
                           "of": {"type": "array", "items": {"enum": ["a"]}}},
            "required": ["n", "of"],
            "additionalProperties": False,
        }
        form = {"name": "x", "strict": True, "schema": schema}
        form = {"type": "json_schema", "json_schema": form}
        text = self.said(response_format=form)
        self.assertEqual({"n": 0, "of": ["a"]}, json.loads(text))

    def test_a_required_call_is_made(self):
        tools = [{"type": "function", "function": TOOL}]
        body = chat(tools=tools, tool_choice="required")
        choice = self.post(CHAT, body)[1]["choices"][0]
        self.assertEqual("tool_calls", choice["finish_reason"])
        call = choice["message"]["tool_calls"][0]
        self.assertEqual("weather", call["function"]["name"])

    def test_a_chat_that_streams_says_the_same(self):
        options = {"include_usage": True}
        text = self.post(CHAT, chat(stream=True, stream_options=options))[1]
        self.assertTrue(text.endswith("data: [DONE]\n\n"))
        *parts, usage = events(text)
        words = [each["choices"][0]["delta"].get("content") for each in parts]
        self.assertEqual(["", "One.", None], words)
        self.assertEqual(4, usage["usage"]["total_tokens"])

    def test_responses_are_given_whole_or_streamed(self):
        body = {"model": "test-model", "input": "One. Two."}
        whole = self.post("/v1/responses", body)[1]
        self.assertEqual("One.", whole["output"][0]["content"][0]["text"])
        text = self.post("/v1/responses", {**body, "stream": True})[1]
        last = events(text)[-1]
        self.assertEqual("response.completed", last["type"])
        self.assertEqual(whole["output"][0]["content"],
                         last["response"]["output"][0]["content"])

    def test_messages_are_given_whole_or_streamed(self):
        self.script({"reply": {"calls": [
            {"name": "weather", "arguments": {"city": "Bonn"}}]}})
        body = chat(max_tokens=99, tools=[
            {"name": "weather", "input_schema": {"type": "object"}}])
        whole = self.post("/v1/messages", body)[1]
        self.assertEqual("tool_use", whole["stop_reason"])
        self.assertEqual({"city": "Bonn"}, whole["content"][0]["input"])
        body["stream"] = True
        parts = [each["delta"]["partial_json"]
                 for each in events(self.post("/v1/messages", body)[1])
                 if each["type"] == "content_block_delta"]
        self.assertEqual('{"city": "Bonn"}', "".join(parts))

    def test_max_tokens_and_stop_end_a_reply(self):
        self.script({"reply": "one two three"})
        self.assertEqual("one ", self.said(stop=["two"]))
        choice = self.post(CHAT, chat(max_tokens=1))[1]["choices"][0]
        self.assertEqual("length", choice["finish_reason"])

    def test_like_texts_have_like_embeddings(self):
        texts = ["The cat sleeps.", "A cat slept; a cat.", "Rockets fly."]
        body = {"model": "test-embedding", "input": texts}
        data = self.post("/v1/embeddings", body)[1]["data"]
        one, two, three = (each["embedding"] for each in data)
        alike = [sum(a * b for a, b in zip(one, v)) for v in (one, two, three)]
        self.assertAlmostEqual(1, alike[0])
        self.assertGreater(alike[1], alike[2])

    def test_models_are_listed(self):
        status, body = self.send("GET", "/v1/models")
        self.assertEqual((200, "model"), (status, body["data"][0]["type"]))


class RulesTest(ServerTest):
    def test_the_first_rule_that_applies_replies(self):
        self.script({"when": "/my name is (\\w+)/", "reply": "Hello {1}!"},
                    {"when": {"system": "brief"}, "reply": "Yes."},
                    {"when": {"model": "small"}, "reply": {"json": [1]}})
        self.assertEqual("Hello Ada!", self.said("my name is Ada"))
        system = {"role": "system", "content": "Be brief."}
        self.assertEqual("Yes.", self.said(messages=[system, user("x")]))
        self.assertEqual("[1]", self.said(model="small"))
        self.assertEqual("Other.", self.said("Other. More."))

    def test_a_rule_may_apply_so_often_or_to_some_calls(self):
        self.script({"reply": "first", "times": 1},
                    {"when": {"call": 2}, "reply": "third"})
        got = [self.said("Else.") for _ in range(4)]
        self.assertEqual(["first", "Else.", "third", "Else."], got)

    def test_what_tools_answered_is_the_last_message(self):
        self.script({"when": {"role": "tool", "last": "/^a\nb$/"},
                     "reply": "fits"})
        answers = [{"role": "tool", "tool_call_id": i, "content": i}
                   for i in "ab"]
        messages = [user("x"), chat_calls("a", "b"), *answers]
        self.assertEqual("fits", self.said(messages=messages))

    def test_a_script_that_makes_no_sense_is_refused(self):
        for rules in ({}, [{"when": "x"}], [{"reply": "x", "if": 1}],
                      [{"reply": {"fault": "none"}}],
                      [{"when": "/(/", "reply": "x"}],
                      [{"limit": {"per_hour": 1}}]):
            self.assertEqual(400, self.post("/_script", rules)[0], rules)

    def test_the_scripts_of_the_examples_make_sense(self):
        files = list((ROOT / "examples" / "scripts").glob("*.json"))
        self.assertIn("rag.json", [file.name for file in files])
        for file in files:
            rules = file.read_text(encoding="utf-8")
            self.assertEqual((200, "taken"), self.post("/_script", rules), file)

    def test_channels_do_not_meet(self):
        self.script({"reply": "here"})
        self.assertEqual("here", self.said())
        connection = http.client.HTTPConnection(ADDRESS, timeout=20)
        connection.request("POST", CHAT, json.dumps(chat()), HEADERS)
        self.assertIn(b"One.", connection.getresponse().read())
        connection.close()
        self.assertEqual(1, len(self.log()["requests"]))


class ChecksTest(ServerTest):
    def refuse(self, path, body, text, status=400, headers=HEADERS):
        got, reply = self.post(path, body, headers)
        self.assertEqual(status, got, reply)
        self.assertIn(text, reply["error"]["message"])
        self.assertEqual("refused", self.log()["requests"][-1]["end"])

    def without(self, name):
        return {key: each for key, each in HEADERS.items() if key != name}

    def test_keys_and_versions(self):
        self.refuse(CHAT, chat(), "API key", 401,
                    self.without("Authorization"))
        self.refuse(CHAT, chat(), "Incorrect API key", 401,
                    {**HEADERS, "Authorization": "Bearer other"})
        self.refuse("/v1/messages", chat(max_tokens=1), "anthropic-version",
                    400, self.without("anthropic-version"))
        self.refuse("/v1/messages", chat(max_tokens=1), "invalid x-api-key",
                    401, {**HEADERS, "x-api-key": "other"})

    def test_bodies(self):
        self.refuse(CHAT, "{", "could not parse")
        self.refuse(CHAT, "[]", "no object")
        self.refuse(CHAT, chat(), "content type", 400,
                    self.without("Content-Type"))
        self.refuse("/v1/other", chat(), "Invalid URL", 404)

    def test_fields_of_chats(self):
        self.refuse(CHAT, {"messages": [user("x")]}, "'model'")
        self.refuse(CHAT, {"model": "x"}, "'messages'")
        self.refuse(CHAT, chat(messages=[]), "empty array")
        self.refuse(CHAT, chat(messages=[{"role": "bot", "content": "x"}]),
                    "Supported values")
        self.refuse(CHAT, chat(temperature=3), "temperature")
        self.refuse(CHAT, chat(max_tokens="1"), "max_tokens")
        self.refuse(CHAT, chat(stream_options={}), "stream")
        self.refuse(CHAT, chat(max_output_tokens=1), "Unrecognized")
        self.refuse(CHAT, chat(tool_choice="auto"), "'tools'")
        self.refuse(CHAT, chat(tools=[{"type": "function",
                                       "function": {"name": "a b"}}]), "name")

    def test_tools_are_answered(self):
        answer = {"role": "tool", "tool_call_id": "a", "content": "x"}
        self.refuse(CHAT, chat(messages=[user("x"), answer]), "preceding")
        self.refuse(CHAT, chat(messages=[user("x"), chat_calls("a", "b"),
                                         answer]), "'tool_call_id'")
        self.refuse("/v1/responses", {"model": "x", "input": [
            {"type": "function_call_output", "call_id": "a", "output": "x"}]},
            "No tool call found")
        use = {"type": "tool_use", "id": "a", "name": "weather", "input": {}}
        asks = {"role": "assistant", "content": [use]}
        self.refuse("/v1/messages", chat(max_tokens=1, messages=[
            user("x"), asks, user("y")]), "without `tool_result`")
        result = {"type": "tool_result", "tool_use_id": "a", "content": "x"}
        self.refuse("/v1/messages", chat(max_tokens=1, messages=[
            user([result])]), "unexpected `tool_use_id`")

    def test_messages(self):
        path = "/v1/messages"
        self.refuse(path, chat(), "'max_tokens'")
        self.refuse(path, chat(max_tokens=1, seed=1), "Extra inputs")
        self.refuse(path, chat(max_tokens=1, temperature=1.5), "temperature")
        self.refuse(path, chat(max_tokens=1, messages=[
            {"role": "system", "content": "x"}]), 'Unexpected role "system"')
        self.refuse(path, chat(max_tokens=1, messages=[user("x")] * 2),
                    "alternate")
        self.refuse(path, chat(max_tokens=1, messages=[
            {"role": "assistant", "content": "x"}]), "first message")
        self.refuse(path, chat("", max_tokens=1), "non-empty")

    def test_strict_schemas(self):
        def form(schema):
            given = {"name": "x", "strict": True, "schema": schema}
            return {"type": "json_schema", "json_schema": given}

        schema = {"type": "object", "properties": {"a": {"type": "string"}},
                  "required": ["a"], "additionalProperties": False}
        self.assertEqual('{"a": "One."}',
                         self.said(response_format=form(schema)))
        for change, text in (
            ({"required": []}, "'required'"),
            ({"additionalProperties": True}, "'additionalProperties'"),
            ({"type": "array"}, "type"),
            ({"properties": {"a": {"type": "object"}}},
             "'additionalProperties'"),
            ({"allOf": []}, "'allOf'"),
        ):
            self.refuse(CHAT, chat(response_format=form({**schema, **change})),
                        text)

    def test_what_has_another_type_never_breaks_the_server(self):
        for name in chat(tools=1, response_format=1, stop=1, stream=1,
                         tool_choice=1, seed=1, max_tokens=1):
            for odd in (None, 1.5, "x", [1], {"type": 1}, [[]], [None]):
                for path in (CHAT, "/v1/responses", "/v1/messages",
                             "/v1/embeddings"):
                    body = chat(max_tokens=9, **{"input": "x"})
                    status, _ = self.post(path, {**body, name: odd})
                    self.assertIn(status, (200, 400, 404))


class FaultsTest(ServerTest):
    def fault(self, name, stream=False):
        return self.raw(chat(model="fault:" + name, stream=stream))

    def body_of(self, name, stream=False):
        got, end = self.fault(name, stream)
        head, _, body = got.partition(b"\r\n\r\n")
        return head, body, end

    def test_resets(self):
        self.assertEqual((b"", "reset"), self.fault("reset_before"))
        head, body, end = self.body_of("reset_head")
        self.assertTrue(head.startswith(b"HTTP/1.1 200"))
        self.assertEqual((b"", "reset"), (body, end))
        _, body, end = self.body_of("reset:10")
        self.assertEqual((10, "reset"), (len(body), end))

    def test_a_fault_at_a_place_of_the_text(self):
        reply = {"text": "One. {here}Two.", "fault": "drop"}
        self.script({"reply": reply})
        got, _ = self.raw(chat(stream=True))
        self.assertIn(b'"One. "', got)
        self.assertTrue(got.endswith(b'"content": "\r\n'))

    def test_closed_connections(self):
        self.assertEqual((b"", "closed"), self.fault("close"))
        _, body, end = self.body_of("drop:10")
        self.assertEqual((10, "closed"), (len(body), end))

    def test_wrong_lengths(self):
        for name, off in (("long_length", 100), ("short_length", -1)):
            head, body, _ = self.body_of(name)
            told = int(head.partition(b"Content-Length: ")[2].split()[0])
            self.assertGreater(off * (told - len(body)), 0)

    def test_bad_contents(self):
        self.script({"when": {"call": 1}, "reply": {"fault": "truncated_json"}},
                    {"when": {"call": 1}, "reply": {"fault": "empty"}})
        for start in ("{", ""):
            status, body = self.post(CHAT, chat())
            self.assertEqual((200, start), (status, body[:1]))
            self.assertIsInstance(body, str)

    def test_bytes_that_are_no_text(self):
        self.script({"reply": {"text": "x", "fault": "bad_utf8"}})
        self.assertIn("\ufffd\ufffdx", self.post(CHAT, chat())[1])

    def test_a_packed_body(self):
        self.script({"reply": {"text": "x", "fault": "gzipped"}})
        connection = http.client.HTTPConnection(ADDRESS, timeout=20)
        connection.request("POST", "/ch/" + self.id() + CHAT,
                           json.dumps(chat()), HEADERS)
        packed = connection.getresponse().read()
        connection.close()
        self.assertIn(b'"x"', gzip.decompress(packed))

    def test_a_huge_body(self):
        self.script({"reply": {"text": "y", "fault": "huge", "size": 3}})
        self.assertEqual((3 << 20) + 1, len(self.said()))

    def test_streams_that_end_too_soon_or_in_an_error(self):
        self.script({"times": 1, "reply": {"fault": "cut", "after": 2}},
                    {"reply": {"fault": "error_event", "after": 2}})
        text = self.post(CHAT, chat(stream=True))[1]
        self.assertEqual(2, len(events(text)))
        self.assertNotIn("[DONE]", text)
        *_, last = events(self.post(CHAT, chat(stream=True))[1])
        self.assertEqual("server_error", last["error"]["type"])

    def test_statuses_that_pass(self):
        body = chat(model="fault:429:2:ms:20")
        got = []
        for _ in range(3):
            got.append(self.post(CHAT, body)[0])
            got.append(self.headers["retry-after-ms"])
        self.assertEqual([429, "20", 429, "20", 200, None], got)

    def test_forms_of_retry_after(self):
        self.script({"reply": {"status": 429, "retry_after": {"date_s": 60}}})
        self.post(CHAT, chat())
        self.assertRegex(self.headers["Retry-After"], r"\w+, .* GMT")

    def test_a_rate_that_is_kept(self):
        self.script({"limit": {"per_second": 0.001, "burst": 2}})
        got = [self.post(CHAT, chat())[0] for _ in range(3)]
        self.assertEqual([200, 200, 429], got)
        self.assertGreater(int(self.headers["retry-after-ms"]), 1000)

    def test_a_client_that_goes_away_is_noticed(self):
        for name in ("stall:3", "silence", "drip:1000", "endless_line"):
            before = self.log()["counters"]["aborted"]
            host, port = ADDRESS.split(":")
            with socket.create_connection((host, int(port)), 20) as line:
                body = chat(model="fault:" + name, stream=True)
                self.put(line, body)
                self.log("?until=active:1")
                if name == "endless_line":
                    self.assertTrue(line.recv(1 << 20))
            log = self.log("?until=aborted:%d" % (before + 1))
            self.assertEqual("aborted", log["requests"][-1]["end"], name)

    def test_a_drip_comes_to_its_end(self):
        self.script({"reply": {"text": "x", "fault": "drip", "every_ms": 0.1}})
        self.assertEqual("x", self.said())

    def test_what_is_delayed_comes_later(self):
        self.script({"reply": "x", "delay_ms": 30})
        begin = time.monotonic()
        self.said()
        self.assertGreaterEqual(time.monotonic() - begin, 0.03)


class LogTest(unittest.TestCase):
    def test_it_keeps_the_last_requests_only(self):
        class Asked:
            method, path, headers, body = "GET", "/", {}, b""

        channel = model_script.Channel([])
        for number in range(model_script.LOG_MAX + 5):
            channel.end(channel.begin(Asked, number), "replies")
        self.assertEqual(model_script.LOG_MAX, len(channel.log))
        self.assertEqual(5, channel.log[0]["at_ms"])
        self.assertEqual(0, channel.counters["active"])


class ProgramTest(unittest.TestCase):
    def run_server(self, *arguments):
        return subprocess.run(
            [sys.executable, SERVER, *arguments],
            capture_output=True,
            text=True,
        )

    def test_the_status_of_the_program_is_passed_on(self):
        code = "import sys; sys.exit(7)"
        done = self.run_server(sys.executable, "-c", code)
        self.assertEqual((7, ""), (done.returncode, done.stderr))

    def test_the_program_is_told_the_address(self):
        code = "import os, sys; print(os.environ['OPENAI_BASE_URL'], sys.argv)"
        done = self.run_server(sys.executable, "-c", code, "{MODEL_SERVER}/x")
        self.assertRegex(
            done.stdout, r"(http://127.0.0.1:\d+)/v1 \['-c', '\1/x'\]"
        )

    def test_a_bad_script_is_told_of(self):
        done = self.run_server("--script", str(SERVER), "true")
        self.assertEqual(1, done.returncode)
        self.assertIn("model_server.py: ", done.stderr)

    def test_an_exchange_under_way_does_not_hold_up_the_end(self):
        code = (
            "import os, socket, sys\n"
            "line = socket.create_connection(os.environ['MODEL_SERVER']"
            "[7:].split(':'))\n"
            "line.sendall(b'POST /v1/messages HTTP/1.1\\r\\n')\n"
            "os._exit(3)"
        )
        done = self.run_server(sys.executable, "-c", code)
        self.assertEqual((3, ""), (done.returncode, done.stderr))


if __name__ == "__main__":
    unittest.main()
