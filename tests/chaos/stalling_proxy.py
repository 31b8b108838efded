"""A TCP proxy whose connections can be cut off: they stay open, but nothing
passes any more, as when a network drops all packets."""

import asyncio

CHUNK = 1 << 16


class StallingProxy:
    """Between those that connect to `port` and the server at `target`."""

    def __init__(self, target):
        self.target = target
        self.port = None
        self._passes = asyncio.Event()
        self._passes.set()
        self._server = None
        # Of each connection, the task and the ends.
        self._connections = {}

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stall(self):
        """Nothing passes, in both directions; new connections are accepted
        and hear nothing."""
        self._passes.clear()

    def resume(self):
        """What was held up passes, as if it had been sent again."""
        self._passes.set()

    def reset(self):
        """Breaks all connections; what was held up is lost. New ones pass."""
        for task, ends in self._connections.items():
            for each in ends:
                each.transport.abort()
            task.cancel()
        self._passes.set()

    async def stop(self):
        self._server.close()
        self.reset()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader, writer):
        ends = [writer]
        self._connections[asyncio.current_task()] = ends
        try:
            await self._passes.wait()
            there, back = await asyncio.open_connection(*self.target)
            ends.append(back)
            await self._pump_both((reader, back), (there, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for each in ends:
                each.transport.abort()
            del self._connections[asyncio.current_task()]

    async def _pump_both(self, *ways):
        pumps = [asyncio.ensure_future(self._pump(*each)) for each in ways]
        try:
            # Nobody here uses connections of which one half is closed.
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in pumps:
                each.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, reader, writer):
        while True:
            data = await reader.read(CHUNK)
            await self._passes.wait()
            if not data:
                return
            writer.write(data)
            await writer.drain()
