"""An HTTP/2 server over TLS, nghttpd, that tells how many connections it got.

    http2_server.py PROGRAM [ARGUMENT...]

starts it, runs PROGRAM, and ends with its status. PROGRAM finds the address in
HTTP2_SERVER: /connections is the number of connections so far, and /large has a
million bytes.
"""

import asyncio
import contextlib
import os
import pathlib
import signal
import socket
import sys
import tempfile

TLS = pathlib.Path(__file__).resolve().parents[2] / "data" / "tls"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


async def pump(source, sink):
    with contextlib.suppress(OSError):
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
    sink.close()


class Door:
    """Lets connections through to the server and counts them."""

    def __init__(self, port, root):
        self.port = port
        self.file = root / "connections"
        self.count = 0
        self.file.write_text("0")

    async def enter(self, reader, writer):
        self.count += 1
        self.file.write_text(str(self.count))
        server = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.gather(pump(reader, server[1]), pump(server[0], writer))


async def until_open(port, server):
    while server.returncode is None:
        with contextlib.suppress(ConnectionRefusedError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return server.returncode is None
        await asyncio.sleep(0.01)
    return False


async def start_server(folder):
    """The server and its port; somebody else may take a free one first."""
    for _ in range(10):
        port = free_port()
        server = await asyncio.create_subprocess_exec(
            "nghttpd", "--htdocs", folder, str(port),
            str(TLS / "localhost.key"), str(TLS / "localhost.pem"),
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        if await until_open(port, server):
            return server, port
    sys.exit("nghttpd ended with status %d" % server.returncode)


async def run(command):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "large").write_bytes(b"x" * 1_000_000)
        server, port = await start_server(folder)
        try:
            door = Door(port, root)
            entry = await asyncio.start_server(door.enter, "127.0.0.1", 0)
            address = "https://localhost:%d" % entry.sockets[0].getsockname()[1]
            program = await asyncio.create_subprocess_exec(
                *command, env={**os.environ, "HTTP2_SERVER": address}
            )
            return await program.wait()
        finally:
            server.send_signal(signal.SIGTERM)
            await server.wait()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(asyncio.run(run(sys.argv[1:])))
