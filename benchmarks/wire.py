"""A lean HTTP/1.1 caller, so that what is measured is the server and not the client."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.figures import Path

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class UnexpectedAnswer(RuntimeError):
    """A server answered with an error: whatever was measured is worth nothing."""


class Wire:
    """One kept-alive connection; one call at a time. It is made anew when the server closed it."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname, parts.port
        self._head = f" HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {key}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, method: str, path: str, body: Any = None) -> bytes:
        """The answer's body. Raises: `UnexpectedAnswer` unless the status is 2xx."""
        if self._streams is None or self._streams[0].at_eof():
            await self.close()
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        content = b"" if body is None else orjson.dumps(body)
        kind = "" if body is None else "Content-Type: application/json\r\n"
        head = f"{method} {path}{self._head}{kind}Content-Length: {len(content)}\r\n\r\n"
        writer.write(head.encode() + content)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        response_body = await reader.readexactly(int(length[1]) if length else 0)
        if not answer.startswith(b"HTTP/1.1 2"):
            raise UnexpectedAnswer(
                f"{method} {path}: {answer[9:12].decode()} {response_body[:500]!r}"
            )
        return response_body

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@asynccontextmanager
async def open_wire(url: str, key: str) -> AsyncGenerator[Wire, None]:
    wire = Wire(url, key)
    try:
        yield wire
    finally:
        await wire.close()


@asynccontextmanager
async def open_wires(url: str, key: str, count: int) -> AsyncGenerator[list[Wire], None]:
    """One connection for each of `count` clients."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_wire(url, key)) for _ in range(count)]


def calling(wire: Wire, method: str, path: str, body: Any = None) -> Path:
    """The same call each time."""

    async def call() -> None:
        await wire.call(method, path, body)

    return call


Calls = Callable[[int], Path]
