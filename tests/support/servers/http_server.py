"""A server whose answers, and faults, are named by the path of a request.

    http_server.py PROGRAM [ARGUMENT...]

starts it, runs PROGRAM, and ends with its status. PROGRAM finds the addresses
in HTTP_SERVER and HTTPS_SERVER; in an ARGUMENT {HTTP_SERVER} stands for one.
"""

import gzip
import json
import os
import pathlib
import queue
import socket
import ssl
import struct
import subprocess
import sys
import threading

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import mcp_modern

# Signed by itself, for 127.0.0.1 and localhost, good until 2126.
TLS = pathlib.Path(__file__).resolve().parents[2] / "data" / "tls"
# What a client that gave up leaves behind.
GONE = (BrokenPipeError, ConnectionResetError, ssl.SSLError)


# Of the MCP server; the last one counts.
sessions = []
# Those of 2026-07-28, by number.
modern = {}


class Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A response leaves in one piece; Nagle's algorithm would hold back parts.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_any(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name, *numbers = self.path.partition("?")[0].strip("/").split("/")
        answer = getattr(self, "answer_" + name, None)
        if answer is None:
            self.reply(404, b"there is no " + name.encode())
            return
        try:
            answer(*map(int, numbers))
            self.wfile.flush()
        except GONE:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_any

    def reply(self, status, body, *headers):
        self.head(status, ("Content-Length", str(len(body))), *headers)
        self.wfile.write(body)

    def head(self, status, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def wait_for_client(self):
        """Until the client closes the connection, or a minute has passed."""
        self.wfile.flush()
        self.connection.settimeout(60)
        self.connection.recv(1)
        self.close_connection = True

    def answer_echo(self):
        self.reply(
            200,
            json.dumps(
                {
                    "method": self.command,
                    "headers": [[k.lower(), v] for k, v in self.headers.items()],
                    "body": self.body.decode(),
                    "port": self.client_address[1],
                }
            ).encode(),
        )

    def answer_status(self, status):
        self.reply(status, b"as you say", ("X-Request-Id", " id 7 "))

    def answer_redirect(self):
        self.reply(302, b"", ("Location", "/echo"))

    def answer_bytes(self, count):
        self.reply(200, b"x" * count)

    def answer_packed(self, count):
        self.reply(200, gzip.compress(b"x" * count), ("Content-Encoding", "gzip"))

    def answer_chunks(self, count):
        """`count` numbered lines, one by one."""
        self.head(200, ("Transfer-Encoding", "chunked"))
        for i in range(count):
            self.chunk(b"line %d\n" % i)
        self.chunk(b"")

    def answer_events(self):
        """Words as server-sent events."""
        self.head(
            200,
            ("Content-Type", "text/event-stream"),
            ("Transfer-Encoding", "chunked"),
        )
        for word in ("Streams ", "bring ", "words ", "one ", "by ", "one."):
            self.chunk(b"event: word\ndata: %s\n\n" % word.encode())
        self.chunk(b"")

    def answer_silence(self):
        """Takes the request and says nothing."""
        self.wait_for_client()

    def answer_hint(self, wait_ms):
        """Gives a hint, and the response that counts so much later."""
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        self.wfile.flush()
        threading.Event().wait(wait_ms / 1000)
        self.reply(200, b"done")

    def answer_repeats(self):
        """Refuses, and says whom."""
        who = self.headers.get("Authorization", "nobody")
        self.reply(401, ("not you, " + who + "!").encode())

    def answer_mcp(self):
        """An MCP server with sessions, whose tool "forget" ends them all."""
        if self.command == "DELETE":
            self.reply(405, b"it stays")
            return
        asked = json.loads(self.body)
        method, session = asked["method"], self.headers.get("Mcp-Session-Id")
        if method == "initialize":
            sessions.append("session %d" % len(sessions))
            result = {"protocolVersion": "2025-06-18", "capabilities": {},
                      "serverInfo": {"name": "test", "version": "1"}}  # fmt: skip
            headers = (("Mcp-Session-Id", sessions[-1]),)
        elif method == "server/discover":
            self.reply(400, b"what?")
            return
        elif not sessions or session != sessions[-1]:
            self.reply(404, b"there is no such session")
            return
        elif "id" not in asked:
            self.reply(202, b"")
            return
        else:
            result, headers = {"content": [], "session": session}, ()
            if asked["params"]["name"] == "forget":
                sessions.append("nobody's")
        answer = {"jsonrpc": "2.0", "id": asked["id"], "result": result}
        self.reply(
            200,
            json.dumps(answer).encode(),
            ("Content-Type", "application/json"),
            *headers,
        )

    def tell_changes(self, server, asked):
        """Streams what the server tells until the client is gone."""
        assert asked["params"]["notifications"] == {"toolsListChanged": True}
        told = queue.Queue()
        told.put("notifications/subscriptions/acknowledged")
        server.listeners.append(told.put)
        self.close_connection = True
        self.head(200, ("Content-Type", "text/event-stream"), ("Connection", "close"))
        while True:
            try:
                message = {"jsonrpc": "2.0", "method": told.get(timeout=0.2)}
                self.wfile.write(b"data: %s\n\n" % json.dumps(message).encode())
            except queue.Empty:
                self.wfile.write(b": still here\n\n")
            self.wfile.flush()

    def answer_modern(self, number, token=0):
        """An MCP server of its own for each number; see mcp_modern.py. It takes
        the tokens "token-N" with N of at least `token`."""
        server = modern.setdefault(number, mcp_modern.Server())
        shown = self.headers.get("Authorization", "Bearer token-0")
        if not shown.startswith("Bearer token-") or int(shown[13:]) < token:
            server.counts["401"] = server.counts.get("401", 0) + 1
            place = "http://127.0.0.1/.well-known/oauth-protected-resource"
            self.reply(401, b'{"error":"invalid_token"}',
                       ("Content-Type", "application/json"),
                       ("WWW-Authenticate",
                        'Bearer resource_metadata="%s"' % place))  # fmt: skip
            return
        asked = json.loads(self.body)
        params = asked.get("params", {})
        name = params.get("name", params.get("taskId"))
        if self.headers.get("Mcp-Method") != asked["method"] or (
            self.headers.get("Mcp-Name") != name
        ):
            error = {"code": -32020, "message": "the headers say otherwise"}
            answer = {"jsonrpc": "2.0", "id": asked["id"], "error": error}
            self.reply(400, json.dumps(answer).encode())
            return
        if asked["method"] == "subscriptions/listen":
            self.tell_changes(server, asked)
            return
        answers = [server.answer(asked)]
        while server.news:
            answers.insert(0, {"jsonrpc": "2.0", "method": server.news.pop()})
        self.reply(
            200,
            b"".join(b"data: %s\n\n" % json.dumps(each).encode() for each in answers),
            ("Content-Type", "text/event-stream"),
        )

    def answer_stall(self, count):
        """Says no more after `count` bytes."""
        self.head(200, ("Content-Length", str(count + 1)))
        self.wfile.write(b"x" * count)
        self.wait_for_client()

    def answer_drip(self, wait_ms):
        """Sends a byte every so many milliseconds, without an end."""
        self.head(200, ("Transfer-Encoding", "chunked"))
        stopped = threading.Event()
        while not stopped.wait(wait_ms / 1000):
            self.chunk(b"x")

    def answer_cut(self, count):
        """Closes the connection in the middle of the body."""
        self.head(200, ("Content-Length", str(count + 10)))
        self.wfile.write(b"x" * count)
        self.close_connection = True

    def answer_reset(self, count):
        """Resets the connection in the middle of the body."""
        self.head(200, ("Content-Length", str(count + 10)))
        self.wfile.write(b"x" * count)
        self.wfile.flush()
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.connection.close()
        self.close_connection = True

    def answer_garbage(self):
        self.wfile.write(b"this is no HTTP\r\n\r\n")
        self.close_connection = True

    def answer_long_line(self, count):
        self.head(200, ("X-Part", "x" * count))

    def do_CONNECT(self):
        # As a proxy that does not connect.
        wants = self.path.startswith("wants-credentials")
        self.reply(407 if wants else 502, b"no")
        self.wfile.flush()

    def answer_long_head(self, count):
        self.head(200, *[("X-Part", "x" * 1000)] * count)

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    # Many tests begin many connections at once.
    request_queue_size = 1024

    def finish_request(self, request, address):
        # A handshake takes its time, which is not the listener's.
        if isinstance(request, ssl.SSLSocket):
            request.do_handshake()
        super().finish_request(request, address)

    def handle_error(self, request, address):
        if not isinstance(sys.exc_info()[1], GONE):
            super().handle_error(request, address)


def started(secure):
    server = Server(("127.0.0.1", 0), Requests)
    if secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "%s://127.0.0.1:%d" % ("https" if secure else "http", server.server_port)


def main():
    found = {
        "HTTP_SERVER": started(secure=False),
        "HTTPS_SERVER": started(secure=True),
    }
    program = sys.argv[1:2] + [each.format(**found) for each in sys.argv[2:]]
    status = subprocess.run(program, env={**os.environ, **found}).returncode
    # Threads that still stall must not hold up the end.
    sys.stdout.flush()
    os._exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
