"""A shop that charges cards and ships goods, and counts.

    order_server.py PROGRAM [ARGUMENT...]

starts it, runs PROGRAM, and ends with its status; in an ARGUMENT {SHOP} stands
for its address. Of requests with the same Idempotency-Key only the first one
does something; the others get the same answer.
"""

import subprocess
import sys
import threading

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()
# By path: the number of requests, and the answer to each key.
requests = {"/charges": 0, "/shipments": 0}
made = {"/charges": {}, "/shipments": {}}


def counts():
    return "".join(
        "%s: %d asked for, %d made\n" % (path[1:], number, len(made[path]))
        for path, number in requests.items()
    )


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers["Idempotency-Key"]
        with lock:
            requests[self.path] += 1
            known = made[self.path]
            answer = known.setdefault(key, "number %d" % (len(known) + 1))
        self.reply(answer)

    def do_GET(self):
        with lock:
            text = counts()
        self.reply(text)

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = "http://127.0.0.1:%d" % server.server_port
    program = [each.replace("{SHOP}", address) for each in sys.argv[1:]]
    sys.exit(subprocess.run(program).returncode)


if __name__ == "__main__":
    main()
