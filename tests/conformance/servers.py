"""Starts servers from the npm registry, and a program that talks to them.

    servers.py FOLDER PROGRAM [ARGUMENT...]

FOLDER has the node_modules that "npm ci" made of package.json. PROGRAM finds a
model server in MODEL_SERVER, which answers as fixtures.json says and takes the
key "test-key"; a gateway in GATEWAY_SERVER, and in GOOGLE_SERVER the server of
Google's kind that it is to ask; MCP servers over HTTP in MCP_SESSION_SERVER,
MCP_STATELESS_SERVER and, without its path, MCP_FAST_SERVER; in NODE and
MCP_*_SCRIPT what to start as MCP servers that are programs;
in MCP_FILESYSTEM_DIRECTORY a directory with the file note.txt, and in
MCP_MEMORY_FILE a file that may be made. Ends with PROGRAM's status.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
END_TIMEOUT_S = 10


def node_in(modules):
    """Of the registry, as that of the machine may be too old for them."""
    for each in sorted(modules.glob("node-linux-*/bin/node")):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([each, "--version"], check=True,
                           stdout=subprocess.DEVNULL)  # fmt: skip
            return str(each)
    return shutil.which("node")


class Server:
    """A server that runs until the end of the context."""

    def __init__(self, command, **variables):
        self._command = command
        reading, writing = os.pipe()
        self._told = open(reading, encoding="ascii")
        try:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **variables, "TELL_PORT_TO": str(writing)},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[writing],
            )
        finally:
            os.close(writing)

    def address(self):
        """Waits until it listens."""
        port = self._told.readline().strip()
        if not port:
            sys.exit("it has not told its port: %s" % " ".join(self._command))
        return "http://127.0.0.1:" + port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._told.close()
        self._process.stdin.close()
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main(folder, command):
    folder = pathlib.Path(folder).resolve()
    modules = folder / "node_modules"
    protocol = modules / "@modelcontextprotocol"
    node = node_in(modules)
    listens = [node, "--require", str(HERE / "listen.cjs")]
    # The build for require(), which any Node can load.
    aimock = modules / "@copilotkit/aimock/dist/cli.cjs"
    gateway = modules / "@portkey-ai/gateway/build/start-server.js"
    session = protocol / "server-everything/dist/index.js"
    # Beside the modules, where node looks for what they import.
    stateless = folder / "mcp_stateless.mjs"
    fast = folder / "fast_mcp.mjs"
    with contextlib.ExitStack() as servers:
        def start(*words, **variables):
            return servers.enter_context(
                Server([*listens, *map(str, words)], **variables))

        work = pathlib.Path(
            servers.enter_context(tempfile.TemporaryDirectory()))
        (work / "files").mkdir()
        (work / "files/note.txt").write_text("the sea is free\n")
        # All at once: each takes its time to begin.
        model_server = start(
            aimock, "--port", "0", "--strict", "--log-level", "warn",
            "--chunk-size", "4", "--validate-on-load",
            "--fixtures", HERE / "fixtures.json",
            AIMOCK_API_KEYS="test-key")  # fmt: skip
        gateway_server = start(gateway, "--headless", "--port=0")
        google_server = start(HERE / "google_upstream.mjs")
        session_server = start(session, "streamableHttp", PORT="0")
        stateless_server = start(stateless, "http")
        fast_server = start(fast, "http")
        return subprocess.call(command, env={
            **os.environ,
            "NODE": node,
            "MODEL_SERVER": model_server.address(),
            "GATEWAY_SERVER": gateway_server.address(),
            "GOOGLE_SERVER": google_server.address(),
            "MCP_SESSION_SERVER": session_server.address() + "/mcp",
            "MCP_STATELESS_SERVER": stateless_server.address() + "/mcp",
            "MCP_FAST_SERVER": fast_server.address(),
            "MCP_SESSION_SCRIPT": str(session),
            "MCP_STATELESS_SCRIPT": str(stateless),
            "MCP_FAST_SCRIPT": str(fast),
            "MCP_FILESYSTEM_SCRIPT":
                str(protocol / "server-filesystem/dist/index.js"),
            "MCP_FILESYSTEM_DIRECTORY": str((work / "files").resolve()),
            "MCP_MEMORY_SCRIPT": str(protocol / "server-memory/dist/index.js"),
            "MCP_MEMORY_FILE": str(work / "memory.jsonl"),
        })  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
