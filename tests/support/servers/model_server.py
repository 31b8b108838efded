"""A model server that says what a script tells it to, faults included.

    model_server.py [--script FILE.json] [PROGRAM ARGUMENT...]

starts it, runs PROGRAM, and ends with its status. PROGRAM finds the server
under OPENAI_BASE_URL and ANTHROPIC_BASE_URL, its key in OPENAI_API_KEY and
ANTHROPIC_API_KEY, and its plain address in MODEL_SERVER; in an ARGUMENT
{MODEL_SERVER} stands for that. Without a PROGRAM it prints its address and
serves until it is interrupted.

    POST /v1/chat/completions, /v1/responses, /v1/embeddings    as OpenAI
    POST /v1/messages                                           as Anthropic
    GET  /v1/models                                             as either
    POST /_script   starts anew with the script in the body
    GET  /_log      what was asked so far; with ?until=COUNTER:N once that
                    counter has reached N

Requests are checked as the real servers check them, and answered with 400 or
401 and the real servers' errors where they make no sense. Any key that begins
with "test-key" is good.

Channels: /ch/NAME/ before a path gives it a script and a log of its own, which
begin as a copy of the script of the command line, so that tests do not meet:
a base URL of MODEL_SERVER/ch/NAME/v1.

The log is {"requests": [...], "counters": {...}} with the last 10,000
requests. A request has method, path, headers (keys are hidden), body, at_ms,
status, the name of the rule that applied, and how it ended. Counters: requests;
by their ends replies, refused (the request made no sense), aborted (the client
went away before the end); active, and active_max, the most at once.

A script is a list of rules. The first that applies makes the reply:

    [{"name": "greeting",            shown in the log
      "when": {"last": "hello"},     all of it must hold; a string is "last"
      "reply": "Hello!",             a string is {"text": ...}
      "times": 2,                    applies so often; absent: always
      "delay_ms": 5,                 before the answer begins
      "limit": {"per_second": 5, "burst": 2}}]
                                     applies only to requests above this rate;
                                     the reply is then a 429 unless one is given

when: texts and "/regular expressions/" that are looked for in
    last     the last message of the user, or, after calls of tools, what the
             tools answered, joined by line feeds
    system   the system prompt
    any      all messages
    model    the name of the model
  and
    api      "chat", "responses", "messages", "embeddings" or "models"
    role     who spoke last: "user", "tool" or "assistant"
    stream   true or false
    tools    true, false, or the name of a tool
    schema   true, false, or the name of a schema
    call     a number or a list of numbers: only these of the requests that
             come to this rule and meet the rest, counted from 1
  api, role and stream may be lists as well.

reply: one of
    text     {last}, {system}, {model}, {first_sentence} (of the user's last
             message), and groups of the expressions as {1} or {NAME}, are
             filled in
    json     a value, sent as the text
    calls    [{"name": ..., "arguments": {...}}], maybe with a text;
             arguments that are a string are sent as they are
    refusal  why the model will not answer
    raw      the body of the answer, whatever the API
    status   of an error, maybe with body (a text or a value), headers and
             retry_after: {"seconds": 1}, {"ms": 20} or {"date_s": 1}
  and with them, for a text or calls
    finish   "stop", "length", "tool_calls", "refused" or the server's word
    usage    {"input": 1, "output": 2, "cached": 0}
    split    how a text is streamed: "word" or a number of characters
    gap_ms   between two events of a stream
  and a fault, which spoils the answer:
    reset_before, reset_head, reset    resets the connection before the head,
                     after it, or after `after` bytes of the body
    close, drop      closes it instead of an answer, or after `after` bytes
    silence, stall   says nothing, or no more after `after` bytes
    drip             sends a byte every `every_ms`
    long_length, short_length   the head gives a wrong length: `size` more, or
                     half
    truncated_json, bad_utf8, empty, html, garbage   bad contents
    huge             a text of `size` megabytes
    endless_line     a stream, or body, whose text does not end
    cut, error_event a stream that ends, or says an error, after `after` events
    gzipped          no fault: a packed body
  {here} in a text is where it happens, if not at the start or after `after`.

A model named "fault:NAME[:N]" asks for a fault without a rule, N being its
after, size or every_ms; "fault:STATUS:N[:FORM:T]" gives the status N times and
then answers, with a retry_after of T in that form.

Where no rule applies the reply is the first sentence of what the user said
last; or a value that fits the schema; or, where one is required, a call.
"""

import asyncio
import email.utils
import json
import os
import sys
import time
import traceback
import urllib.parse

sys.dont_write_bytecode = True

import model_checks  # noqa: E402
import model_faults  # noqa: E402
import model_formats  # noqa: E402
import model_reply  # noqa: E402

from model_ask import Ask, bytes_of, dumped  # noqa: E402
from model_faults import Answer, Gone, Wire, send  # noqa: E402
from model_script import BadScript, Channel  # noqa: E402

KEY = "test-key"
BODY_MAX = 64 << 20
APIS = {
    ("POST", "/v1/chat/completions"): "chat",
    ("POST", "/v1/responses"): "responses",
    ("POST", "/v1/embeddings"): "embeddings",
    ("POST", "/v1/messages"): "messages",
    ("GET", "/v1/models"): "models",
}


class Request:
    def __init__(self, method, target, headers, body):
        self.method = method
        path, _, self.query = target.partition("?")
        self.channel = ""
        if path.startswith("/ch/"):
            self.channel, slash, path = path[len("/ch/") :].partition("/")
            path = slash + path
        self.path = path
        self.headers = headers
        self.body = body
        self.api = APIS.get((method, path))
        self.is_anthropic = self.api == "messages" or (
            self.api == "models" and "anthropic-version" in headers
        )


class Protocol(asyncio.StreamReaderProtocol):
    """Notices when the client goes away while it is answered."""

    def __init__(self, serve):
        super().__init__(asyncio.StreamReader(limit=1 << 20), serve)
        self.gone = asyncio.Event()

    def eof_received(self):
        self.gone.set()
        return super().eof_received()

    def connection_lost(self, why):
        self.gone.set()
        super().connection_lost(why)


async def read_request(reader, writer):
    """The next request of a connection. Throws when there is no more."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    if length > BODY_MAX:
        raise ValueError("the body is too long")
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(length)
    return Request(method, target, headers, body)


# -- answers ------------------------------------------------------------------


def json_answer(status, value, *headers):
    data = bytes_of(dumped(value))
    kind = ("Content-Type", "application/json")
    return Answer(status, [data], [kind, *headers])


def request_id(request):
    name = "request-id" if request.is_anthropic else "x-request-id"
    return name, "req_test"


def refusal_of(request, why):
    body = model_formats.error_body(
        request.is_anthropic, why.status, why.message, why.param, why.code
    )
    return json_answer(why.status, body, request_id(request))


def retry_headers(asked):
    if "seconds" in asked:
        yield "Retry-After", "%g" % asked["seconds"]
    if "ms" in asked:
        yield "retry-after-ms", "%g" % asked["ms"]
    if "date_s" in asked:
        when = time.time() + asked["date_s"]
        yield "Retry-After", email.utils.formatdate(when, usegmt=True)


def status_answer(request, reply):
    status = reply["status"]
    headers = [
        request_id(request),
        *reply.get("headers", {}).items(),
        *retry_headers(reply.get("retry_after", {})),
    ]
    usual = model_formats.error_body(request.is_anthropic, status)
    body = reply.get("body", usual)
    if isinstance(body, str):
        return Answer(status, [bytes_of(body)], headers)
    return json_answer(status, body, *headers)


def text_answer(request, ask, reply, groups):
    if not {"text", "json", "calls", "refusal"} & reply.keys():
        reply = {**model_reply.usual_reply(ask), **reply}
    said = model_reply.Reply(ask, reply, groups)
    is_marked = model_reply.MARK in said.text
    if reply.get("fault") in model_faults.MARKED_FAULTS and not is_marked:
        said.text = model_reply.MARK + said.text
    if not ask.stream:
        body = model_formats.BODIES[ask.api](ask, said)
        return json_answer(200, body, request_id(request))
    kind = ("Content-Type", "text/event-stream; charset=utf-8")
    events = list(model_formats.EVENTS[ask.api](ask, said))
    answer = Answer(200, events, [kind, request_id(request)], is_stream=True)
    answer.gap_s = reply.get("gap_ms", 0) / 1000
    answer.error_event = model_formats.error_event(ask)
    return answer


def answer_to(request, ask, reply, groups):
    if "status" in reply:
        return status_answer(request, reply)
    if "raw" in reply:
        return json_answer(200, reply["raw"], request_id(request))
    if ask.api == "embeddings":
        return json_answer(200, model_formats.embeddings_body(ask))
    if ask.api == "models":
        return json_answer(200, model_formats.models_body(request.is_anthropic))
    return text_answer(request, ask, reply, groups)


# -- checks -------------------------------------------------------------------


def refuse(status, message, code=None):
    raise model_checks.Refused(message, None, code, status)


def check_key(request):
    headers = request.headers
    key = headers.get("authorization", "").removeprefix("Bearer ")
    if request.is_anthropic:
        key = headers.get("x-api-key", key)
    if not key:
        refuse(401, "x-api-key header is required" if request.is_anthropic else
               "You didn't provide an API key.")
    if not key.startswith(KEY):
        refuse(401, "invalid x-api-key" if request.is_anthropic else
               "Incorrect API key provided.", "invalid_api_key")
    if request.is_anthropic and "anthropic-version" not in headers:
        refuse(400, "anthropic-version: header is required")


def understood(request):
    """What is asked, if it makes sense."""
    if request.api is None:
        refuse(404, "Invalid URL (%s %s)" % (request.method, request.path))
    check_key(request)
    if request.api == "models":
        return Ask("models", {})
    kind = request.headers.get("content-type", "")
    if not kind.startswith("application/json"):
        refuse(400, "the content type is not application/json")
    try:
        body = json.loads(request.body)
    except ValueError:
        refuse(400, "We could not parse the JSON body of your request.")
    if not isinstance(body, dict):
        refuse(400, "the body of the request is no object")
    try:
        if request.api == "messages":
            betas = request.headers.get("anthropic-beta", "")
            model_checks.check_anthropic(body, betas)
        else:
            getattr(model_checks, "check_" + request.api)(body)
        return Ask(request.api, body)
    except (AttributeError, KeyError, TypeError) as why:
        refuse(400, "the request has a field of another type: %s" % why)


def chosen_reply(channel, ask, entry):
    """A reply as rules write it, what fills it in, and seconds to wait."""
    rule, groups = channel.rule_for(ask)
    if rule is not None:
        entry["rule"] = rule.name
        reply = rule.reply
        if rule.limit is not None and not reply:
            wait = {"ms": rule.limit.wait_ms()}
            reply = {"status": 429, "retry_after": wait}
        return reply, groups, rule.delay_s
    if not ask.model.startswith("fault:"):
        return {}, groups, 0
    reply = channel.fault_of_model(ask.model)
    if reply.get("fault", "cut") not in model_faults.FAULTS:
        refuse(404, "The model does not exist", "model_not_found")
    return reply, groups, 0


# -- the server ---------------------------------------------------------------


class Server:
    def __init__(self, rules):
        self.rules = rules
        self.started = time.monotonic()
        self.channels = {}
        self.channel("")

    def channel(self, name):
        if name not in self.channels:
            self.channels[name] = Channel(self.rules)
        return self.channels[name]

    async def serve(self, reader, writer):
        wire = Wire(writer)
        try:
            while wire.stays_open:
                request = await read_request(reader, writer)
                await self.answer(wire, request)
        except (asyncio.IncompleteReadError, ConnectionError, Gone):
            pass
        except (ValueError, asyncio.LimitOverrunError):
            writer.write(b"HTTP/1.1 400 Said\r\nContent-Length: 0\r\n\r\n")
        except Exception:
            traceback.print_exc()
        writer.close()

    async def answer(self, wire, request):
        channel = self.channel(request.channel)
        if request.path == "/_log":
            await self.tell_log(wire, request, channel)
        elif request.path == "/_script":
            await send(wire, self.take_script(request, channel))
        else:
            at_ms = round((time.monotonic() - self.started) * 1000, 3)
            entry = channel.begin(request, at_ms)
            how = "aborted"
            try:
                how = await self.reply(wire, request, channel, entry)
            finally:
                channel.end(entry, how)

    async def reply(self, wire, request, channel, entry):
        """The result says how it ended."""
        try:
            ask = understood(request)
            reply, groups, delay_s = chosen_reply(channel, ask, entry)
        except model_checks.Refused as why:
            entry["status"] = why.status
            await send(wire, refusal_of(request, why))
            return "refused"
        if delay_s:
            await wire.pause(delay_s)
        answer = answer_to(request, ask, reply, groups)
        entry["status"] = answer.status
        if "fault" in reply:
            await model_faults.FAULTS[reply["fault"]](wire, answer, reply)
        else:
            await send(wire, answer)
        return "replies"

    async def tell_log(self, wire, request, channel):
        until = urllib.parse.parse_qs(request.query).get("until")
        if until:
            what, _, least = until[0].partition(":")
            if what not in channel.counters or not least.isdecimal():
                await send(wire, json_answer(400, "no such counter"))
                return
            waiting = asyncio.ensure_future(channel.until(what, int(least)))
            leaving = asyncio.ensure_future(wire.gone.wait())
            await asyncio.wait(
                (waiting, leaving), return_when=asyncio.FIRST_COMPLETED
            )
            waiting.cancel()
            leaving.cancel()
        log = {"requests": list(channel.log), "counters": channel.counters}
        await send(wire, json_answer(200, log))

    def take_script(self, request, channel):
        try:
            channel.start(json.loads(request.body))
        except (ValueError, TypeError, BadScript) as why:
            return json_answer(400, str(why))
        return json_answer(200, "taken")


async def run(rules, command):
    loop = asyncio.get_running_loop()
    server = Server(rules)
    listener = await loop.create_server(
        lambda: Protocol(server.serve), "127.0.0.1", 0, backlog=1024
    )
    address = "http://127.0.0.1:%d" % listener.sockets[0].getsockname()[1]
    if not command:
        print(address, flush=True)
        await listener.serve_forever()
    found = {
        "MODEL_SERVER": address,
        "OPENAI_BASE_URL": address + "/v1",
        "ANTHROPIC_BASE_URL": address,
        "OPENAI_API_KEY": KEY,
        "ANTHROPIC_API_KEY": KEY,
    }
    program, *given = command
    given = [each.replace("{MODEL_SERVER}", address) for each in given]
    process = await asyncio.create_subprocess_exec(
        program, *given, env={**os.environ, **found}
    )
    status = await process.wait()
    return status if status >= 0 else 128 - status


def main():
    command = sys.argv[1:]
    rules = []
    if command[:1] == ["--script"]:
        file = command[1]
        del command[:2]
        try:
            with open(file, encoding="utf-8") as script:
                rules = json.load(script)
            Channel(rules)
        except (OSError, ValueError, TypeError, BadScript) as why:
            sys.exit("model_server.py: %s: %s" % (file, why))
    try:
        status = asyncio.run(run(rules, command))
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
