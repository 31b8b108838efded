"""The processes of the chaos test: a supervisor, and workers that reach it
through proxies."""

import asyncio
import contextlib
import json
import os
import re
import signal
import time

from stalling_proxy import StallingProxy

JOINED = re.compile(r"the worker '([^']+)' has joined")
GONE = re.compile(r"(?:lost|sends away) the worker '([^']+)'")


class Wrong(Exception):
    """What ends the test at once."""


async def until(condition, limit_s, what, ask=None):
    """Waits for a condition, which is looked at again and again, each time
    after what `ask` does."""
    end = time.monotonic() + limit_s
    while True:
        if ask:
            await ask()
        if condition():
            return
        if time.monotonic() > end:
            raise Wrong(f"after {limit_s} s still {what()}")
        await asyncio.sleep(0.02)


class Log:
    """Who said what, and when."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.began = time.monotonic()

    def add(self, who, what):
        seconds = time.monotonic() - self.began
        self.file.write(f"{seconds:8.3f} {who}: {what}\n")
        self.file.flush()


class Process:
    """A child, of which each line is an object."""

    def __init__(self, name, log):
        self.name = name
        self.log = log
        self.child = None
        self.reader = None
        # What is being done to it.
        self.trouble = None

    async def start(self, *command):
        self.log.add(self.name, "starts")
        self.child = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self.log.file,
            limit=1 << 24,
        )
        self.reader = asyncio.ensure_future(self._read())

    async def _read(self):
        while line := await self.child.stdout.readline():
            self.log.add(self.name, line.decode().rstrip())
            self.hear(json.loads(line))

    def hear(self, said):
        """Overridden by those that listen."""

    def send(self, number):
        if self.child.returncode is None:
            self.log.add(self.name, f"gets {signal.Signals(number).name}")
            # The function of the child's own would take its status away from
            # those that wait for it.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.child.pid, number)

    async def ended(self, limit_s):
        """Waits for its end, and gives the status."""
        try:
            return await asyncio.wait_for(self.child.wait(), limit_s)
        except asyncio.TimeoutError:
            raise Wrong(f"{self.name} does not end") from None

    async def kill(self):
        if self.child is None:
            return
        self.send(signal.SIGKILL)
        await self.child.wait()
        await self.reader


class Supervisor(Process):
    def __init__(self, log):
        super().__init__("supervisor", log)
        self.address = None
        self.status = None
        self.stopped = None
        self.reports = {}
        # The names of the workers that it counts on.
        self.members = set()

    def hear(self, said):
        if "listening" in said:
            host, port = said["listening"].rsplit(":", 1)
            self.address = (host, int(port))
        elif "run" in said:
            self.reports[said["run"]] = said
        elif "notice" in said:
            self._notice(said["notice"])
        self.stopped = said.get("stopped", self.stopped)
        self.status = said.get("status", self.status)

    def _notice(self, text):
        if joined := JOINED.match(text):
            self.members.add(joined[1])
        elif gone := GONE.match(text):
            self.members.discard(gone[1])

    async def ask(self, what):
        self.child.stdin.write(f"{what}\n".encode())
        await self.child.stdin.drain()


class Worker(Process):
    def __init__(self, name, log, folder, address):
        super().__init__(name, log)
        self.journal = folder / f"{name}.journal"
        self.proxy = StallingProxy(address)

    async def join(self, program, capacity):
        await self.proxy.start()
        await self.start(
            *(program, "worker", "--name", self.name),
            *("--join", f"127.0.0.1:{self.proxy.port}"),
            *("--journal", self.journal, "--capacity", capacity),
        )

    async def kill(self):
        await super().kill()
        await self.proxy.stop()
