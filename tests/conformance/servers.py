"""Starts servers from the npm registry, and a program that talks to them.

    servers.py FOLDER PROGRAM [ARGUMENT...]

FOLDER has the node_modules that "npm ci" made of package.json. PROGRAM finds a
model server in MODEL_SERVER, which answers as fixtures.json says and takes the
key "test-key"; MCP servers over HTTP in MCP_SESSION_SERVER and
MCP_STATELESS_SERVER; and in NODE, MCP_SESSION_SCRIPT and MCP_STATELESS_SCRIPT
what to start as MCP servers that are programs. Ends with PROGRAM's status.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

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


@contextlib.contextmanager
def started(command, **variables):
    """The address of a server, which runs until the end of the context."""
    reading, writing = os.pipe()
    with open(reading, encoding="ascii") as told:
        try:
            server = subprocess.Popen(
                command,
                env={**os.environ, **variables, "TELL_PORT_TO": str(writing)},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[writing],
            )
        finally:
            os.close(writing)
        try:
            port = told.readline().strip()
            if not port:
                sys.exit("it has not told its port: %s" % " ".join(command))
            yield "http://127.0.0.1:" + port
        finally:
            server.stdin.close()
            try:
                server.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def main(folder, command):
    folder = pathlib.Path(folder).resolve()
    modules = folder / "node_modules"
    node = node_in(modules)
    listens = [node, "--require", str(HERE / "listen.cjs")]
    # The build for require(), which any Node can load.
    aimock = modules / "@copilotkit/aimock/dist/cli.cjs"
    session = modules / "@modelcontextprotocol/server-everything/dist/index.js"
    # Beside the modules, where node looks for what it imports.
    stateless = folder / "mcp_stateless.mjs"
    with contextlib.ExitStack() as servers:
        model_address = servers.enter_context(started(
            [*listens, str(aimock), "--port", "0", "--strict",
             "--log-level", "warn", "--chunk-size", "4", "--validate-on-load",
             "--fixtures", str(HERE / "fixtures.json")],
            AIMOCK_API_KEYS="test-key"))  # fmt: skip
        session_address = servers.enter_context(started(
            [*listens, str(session), "streamableHttp"], PORT="0"))  # fmt: skip
        stateless_address = servers.enter_context(started(
            [*listens, str(stateless), "http"]))  # fmt: skip
        return subprocess.call(command, env={
            **os.environ,
            "NODE": node,
            "MODEL_SERVER": model_address,
            "MCP_SESSION_SERVER": session_address + "/mcp",
            "MCP_STATELESS_SERVER": stateless_address + "/mcp",
            "MCP_SESSION_SCRIPT": str(session),
            "MCP_STATELESS_SCRIPT": str(stateless),
        })  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
