"""A server that plays files byte for byte: what a real server once answered.

    case_server.py DIRECTORY PROGRAM [ARGUMENT...]

starts it, runs PROGRAM, and ends with its status. PROGRAM finds its address
under CASE_SERVER. Without a PROGRAM it prints its address and serves until it
is interrupted.

    ANY /c/NAME/...     plays the file DIRECTORY/NAME.txt: the request number k
                        gets the answer number k, later ones the last again.
                        NAME@WORD plays the same file with a count of its own.
    GET /_log/NAME      the requests so far: a list of {"method", "path",
                        "headers", "body"}; names of headers in lower case,
                        the path without /c/NAME

A file:

    case: NAME
    source: where it was seen
    right: what a client must make of it
    call: {"op": "chat", ...}

    --- answer 1 of the server
    HTTP 200 Content-Type: text/event-stream, Retry-After: 7
    data: the bytes of the body

    <pause 0.1 s>
    data: what comes after the pause

    --- answer 2 of the server
    HTTP 202

A pause before the line with the status holds back all of the answer.

The line feed before the next "--- ", or at the end of the file, is not part of
the body. No header is sent that is not in the file, but for the length of the
body, or chunks where it is an event stream or has a pause. A block of another
name is passed over.
"""

import asyncio
import json
import os
import re
import sys
import traceback

BODY_MAX = 64 << 20
BLOCK = re.compile(rb"^--- ([^\n]*)\n", re.M)
PAUSE = re.compile(rb"^<pause ([0-9.]+) s>\n?", re.M)
NEXT_HEADER = re.compile(r", (?=[A-Za-z0-9-]+: )")


class Answer:
    """A status, headers, and the parts of a body: bytes, or seconds to wait."""

    def __init__(self, block):
        self.delay = 0.0
        if held := PAUSE.match(block):
            self.delay = float(held[1])
            block = block[held.end() :]
        first, _, body = block.partition(b"\n")
        words = first.decode().strip().split(" ", 2)
        if words[0] != "HTTP":
            raise ValueError("an answer begins with %r" % first)
        self.status = int(words[1])
        given = words[2] if len(words) > 2 else ""
        self.headers = [each for each in NEXT_HEADER.split(given) if each]
        self.parts = [body]
        if PAUSE.search(body):
            self.parts = [
                float(part) if at % 2 else part
                for at, part in enumerate(PAUSE.split(body))
            ]

    def is_chunked(self):
        kind = "".join(self.headers).lower()
        return "text/event-stream" in kind or len(self.parts) > 1


def answers_of(text):
    """The answers in the bytes of a file."""
    _, *rest = BLOCK.split(text)
    found = []
    for at in range(0, len(rest), 2):
        body = rest[at + 1].removesuffix(b"\n")
        following = rest[at + 2] if at + 2 < len(rest) else b""
        if following and not following.startswith(b"answer"):
            body = body.removesuffix(b"\n")
        if rest[at].startswith(b"answer"):
            found.append(Answer(body))
    if not found:
        raise ValueError("it has no answer")
    return found


class Play:
    """A file that is played, and what was asked of it so far."""

    def __init__(self, directory, name):
        file = os.path.join(directory, name.partition("@")[0] + ".txt")
        with open(file, "rb") as text:
            self.answers = answers_of(text.read())
        self.log = []

    def next_answer(self, entry):
        self.log.append(entry)
        return self.answers[min(len(self.log), len(self.answers)) - 1]


async def read_request(reader):
    """The next request of a connection. Throws when there is no more."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    if length > BODY_MAX:
        raise ValueError("the body is too long")
    body = await reader.readexactly(length)
    return {
        "method": method,
        "path": path,
        "headers": headers,
        "body": body.decode("utf-8", "replace"),
    }


async def send(writer, answer, method):
    head = ["HTTP/1.1 %d Played" % answer.status, *answer.headers]
    has_body = method != "HEAD" and answer.status not in (204, 304)
    chunked = has_body and answer.is_chunked()
    if chunked:
        head.append("Transfer-Encoding: chunked")
    elif has_body:
        head.append("Content-Length: %d" % len(answer.parts[0]))
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
    for part in answer.parts if has_body else []:
        if isinstance(part, float):
            await writer.drain()
            await asyncio.sleep(part)
        elif part and chunked:
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
        else:
            writer.write(part)
    if chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()


def refusal(status, why):
    text = json.dumps({"error": {"message": why}})
    return Answer(b"HTTP %d\n%s" % (status, text.encode()))


class Server:
    def __init__(self, directory):
        self.directory = directory
        self.plays = {}

    def play(self, name):
        if not re.fullmatch(r"[\w.@-]+", name):
            raise ValueError("no name of a case: %r" % name)
        if name not in self.plays:
            self.plays[name] = Play(self.directory, name)
        return self.plays[name]

    def answer_to(self, request):
        _, kind, name, *rest = request["path"].split("/", 3) + ["", ""]
        try:
            if kind == "_log":
                text = json.dumps(self.play(name).log)
                return Answer(b"HTTP 200\n" + text.encode())
            if kind == "c":
                entry = {**request, "path": "/" + rest[0]}
                return self.play(name).next_answer(entry)
        except (OSError, ValueError) as why:
            return refusal(500, str(why))
        return refusal(404, "nothing is played at %s" % request["path"])

    async def serve(self, reader, writer):
        try:
            while True:
                request = await read_request(reader)
                answer = self.answer_to(request)
                await asyncio.sleep(answer.delay)
                await send(writer, answer, request["method"])
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            # The program has ended during a pause.
            pass
        except (ValueError, asyncio.LimitOverrunError):
            writer.write(b"HTTP/1.1 400 Said\r\nContent-Length: 0\r\n\r\n")
        except Exception:
            traceback.print_exc()
        writer.close()


async def run(directory, command):
    server = Server(directory)
    listener = await asyncio.start_server(
        server.serve, "127.0.0.1", 0, limit=1 << 20, backlog=1024
    )
    address = "http://127.0.0.1:%d" % listener.sockets[0].getsockname()[1]
    if not command:
        print(address, flush=True)
        await listener.serve_forever()
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "CASE_SERVER": address}
    )
    status = await process.wait()
    return status if status >= 0 else 128 - status


def main():
    if len(sys.argv) < 2 or not os.path.isdir(sys.argv[1]):
        sys.exit("case_server.py: the first argument names no directory")
    try:
        status = asyncio.run(run(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
