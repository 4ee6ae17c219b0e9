"""TCP proxy between two processes that injects faults."""

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

Mode = Literal[
    "pass", "refuse", "blackhole", "delay", "reset", "truncate", "garbage", "error", "lost_answer"
]
MODES: tuple[Mode, ...] = (
    "refuse", "blackhole", "delay", "reset", "truncate", "garbage", "error", "lost_answer",
)  # fmt: skip
_CHUNK = 65_536
_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
_ERROR = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"


class FaultProxy:
    """Forwards connections to `target` ("host:port", or the path of a unix socket).

    `mode` holds for connections that are opened from then on and, by `cut`, for those that are
    open. `delay`: the answer comes `seconds` late. `truncate`: half of the answer's first bytes,
    then the end. `garbage`: 200 with a body that is no answer of the contract. `error`: 500.
    `lost_answer`: the request is carried out, the answer never arrives. `connections` counts the
    accepted ones.
    """

    def __init__(self, target: str, *, seconds: float = 0.5, seed: int = 1) -> None:
        self.target = target
        self.seconds = seconds
        self.mode: Mode = "pass"
        self.connections = 0
        self._chance = random.Random(seed)
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def set(self, mode: Mode) -> None:
        """Inject a fault from now on; reset open connections, so that none goes on without it."""
        self.mode = mode
        self.cut()

    def cut(self) -> None:
        """Reset every open connection."""
        for writer in tuple(self._open):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._behave(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _behave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mode = self.mode
        if mode == "refuse":
            _reset(writer)
        elif mode == "blackhole":
            while await reader.read(_CHUNK):
                pass
        elif mode == "reset":
            await reader.read(_CHUNK)
            _reset(writer)
        elif mode in ("garbage", "error"):
            while await reader.read(_CHUNK):
                writer.write(self._nonsense() if mode == "garbage" else _ERROR)
                await writer.drain()
        else:
            await self._forward(mode, reader, writer)

    def _nonsense(self) -> bytes:
        body = self._chance.choice(
            (b"{}", b"[]", b"null", b'{"tasks": 5}', b"<html>", bytes(range(256)), b'{"id": "')
        )
        return _OK % len(body) + body

    async def _forward(
        self, mode: Mode, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.target.startswith("/"):
            far_reader, far_writer = await asyncio.open_unix_connection(self.target)
        else:
            host, _, port = self.target.rpartition(":")
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        self._open.add(far_writer)
        sending = asyncio.create_task(_pump(reader, far_writer))
        try:
            await self._answer(mode, far_reader, writer)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await sending
            self._open.discard(far_writer)
            far_writer.close()

    async def _answer(
        self, mode: Mode, far: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await far.read(_CHUNK):
            if mode == "lost_answer":
                _reset(writer)
                return
            if mode == "truncate":
                writer.write(data[: len(data) // 2])
                return
            if mode == "delay":
                await asyncio.sleep(self.seconds)
            writer.write(data)
            await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.family != socket.AF_UNIX and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def proxying(target: str, *, seconds: float = 0.5) -> AsyncIterator[FaultProxy]:
    """Open a proxy in front of `target`, which may be an http URL."""
    proxy = FaultProxy(target.removeprefix("http://"), seconds=seconds)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
