"""How answers leave model_server.py: as they should, or with a fault."""

import asyncio
import gzip
import socket
import struct

from model_ask import bytes_of
from model_reply import MARK

MARKED = bytes_of(MARK)
MEGABYTE = 1 << 20


class Gone(Exception):
    """The client has closed the connection."""


class Answer:
    def __init__(self, status, parts, headers, is_stream=False):
        self.status = status
        self.parts = parts
        self.headers = headers
        self.is_stream = is_stream
        # Seconds between two parts.
        self.gap_s = 0
        # What says in a stream that the server gives up.
        self.error_event = b""

    def body(self):
        return b"".join(self.parts)


class Wire:
    """The way to a client."""

    def __init__(self, writer):
        self.writer = writer
        self.gone = writer.transport.get_protocol().gone
        # `write` shall return when the system has the bytes, not before.
        writer.transport.set_write_buffer_limits(0)
        self.is_chunked = False
        self.stays_open = True

    async def write(self, data):
        if self.gone.is_set():
            raise Gone
        self.writer.write(data)
        try:
            await self.writer.drain()
        except ConnectionError as why:
            raise Gone from why

    async def head(self, answer, length=None):
        """Chunks follow where there is no length."""
        lines = ["HTTP/1.1 %d Said" % answer.status]
        lines += ["%s: %s" % each for each in answer.headers]
        self.is_chunked = length is None
        if self.is_chunked:
            lines.append("Transfer-Encoding: chunked")
        else:
            lines.append("Content-Length: %d" % length)
        await self.write("\r\n".join([*lines, "", ""]).encode())

    async def body(self, data):
        if self.is_chunked:
            data = b"%x\r\n%s\r\n" % (len(data), data) if data else b""
        await self.write(data)

    async def end(self):
        if self.is_chunked:
            await self.write(b"0\r\n\r\n")

    async def pause(self, seconds):
        try:
            await asyncio.wait_for(self.gone.wait(), seconds)
        except asyncio.TimeoutError:
            return
        raise Gone

    async def wait_for_client(self):
        await self.gone.wait()
        raise Gone

    def close(self):
        self.stays_open = False

    def reset(self):
        self.stays_open = False
        self.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.writer.transport.abort()


async def send(wire, answer):
    if not answer.is_stream:
        await wire.head(answer, len(answer.body()))
        await wire.body(answer.body())
        return
    await wire.head(answer)
    for i, part in enumerate(answer.parts):
        if i and answer.gap_s:
            await wire.pause(answer.gap_s)
        await wire.body(part)
    await wire.end()


async def send_start(wire, answer, count):
    """The first bytes of the body, without an end."""
    body = answer.body()
    await wire.head(answer, None if answer.is_stream else len(body))
    await wire.body(body[:count])


def half(answer):
    return len(answer.body()) // 2


def place(answer, how):
    """After how many bytes of the body the fault is to happen."""
    marked = answer.body().find(MARKED)
    return how.get("after", half(answer) if marked < 0 else marked)


# -- faults -------------------------------------------------------------------
# Each takes the way to the client, the answer it spoils and the reply of the
# rule, which may have "after", "size" and "every_ms".


async def reset_before(wire, answer, how):
    wire.reset()


async def reset_head(wire, answer, how):
    await send_start(wire, answer, 0)
    wire.reset()


async def reset(wire, answer, how):
    await send_start(wire, answer, place(answer, how))
    wire.reset()


async def close(wire, answer, how):
    wire.close()


async def drop(wire, answer, how):
    await send_start(wire, answer, place(answer, how))
    wire.close()


async def silence(wire, answer, how):
    await wire.wait_for_client()


async def stall(wire, answer, how):
    await send_start(wire, answer, place(answer, how))
    await wire.wait_for_client()


async def drip(wire, answer, how):
    body = answer.body()
    await wire.head(answer, None if answer.is_stream else len(body))
    for i in range(len(body)):
        await wire.body(body[i : i + 1])
        await wire.pause(how.get("every_ms", 5) / 1000)
    await wire.end()


async def long_length(wire, answer, how):
    body = answer.body()
    await wire.head(answer, len(body) + how.get("size", 100))
    await wire.body(body)
    wire.close()


async def short_length(wire, answer, how):
    await wire.head(answer, half(answer))
    await wire.body(answer.body())
    wire.close()


async def truncated_json(wire, answer, how):
    middle = len(answer.parts) // 2
    part = answer.parts[middle]
    cut = part[: len(part) // 2]
    answer.parts[middle] = cut + b"\n\n" if answer.is_stream else cut
    await send(wire, answer)


async def bad_utf8(wire, answer, how):
    answer.parts = [each.replace(MARKED, b"\xff\xfe") for each in answer.parts]
    await send(wire, answer)


async def huge(wire, answer, how):
    """A text of `size` megabytes, made while it is sent."""
    before, _, after = answer.body().partition(MARKED)
    count = how.get("size", 100)
    length = len(before) + count * MEGABYTE + len(after)
    await wire.head(answer, None if answer.is_stream else length)
    await wire.body(before)
    for _ in range(count):
        await wire.body(b"x" * MEGABYTE)
    await wire.body(after)
    await wire.end()


async def endless_line(wire, answer, how):
    await wire.head(answer)
    await wire.body(answer.body().partition(MARKED)[0])
    while True:
        await wire.body(b"x" * (MEGABYTE // 4))


async def cut(wire, answer, how):
    """Ends a stream as if it were complete, after `after` of its events."""
    del answer.parts[how.get("after", len(answer.parts) // 2) :]
    await send(wire, answer)


async def error_event(wire, answer, how):
    del answer.parts[how.get("after", len(answer.parts) // 2) :]
    answer.parts.append(answer.error_event)
    await send(wire, answer)


async def gzipped(wire, answer, how):
    answer.parts = [gzip.compress(answer.body())]
    answer.headers.append(("Content-Encoding", "gzip"))
    await send(wire, answer)


async def empty(wire, answer, how):
    answer.parts = []
    await send(wire, answer)


async def html(wire, answer, how):
    """What a proxy shows instead of the answer."""
    answer.headers = [("Content-Type", "text/html")]
    answer.parts = [b"<html><body>Please sign in.</body></html>"]
    answer.is_stream = False
    await send(wire, answer)


async def garbage(wire, answer, how):
    await wire.write(b"this is no HTTP\r\n\r\n")
    wire.close()


FAULTS = {
    each.__name__: each
    for each in (
        reset_before, reset_head, reset, close, drop, silence, stall, drip,
        long_length, short_length, truncated_json, bad_utf8, huge,
        endless_line, cut, error_event, gzipped, empty, html, garbage,
    )
}
# They happen at MARK, which is put before the text where it has none.
MARKED_FAULTS = ("bad_utf8", "huge", "endless_line")
