"""Connection to a server that can go silent: it accepts calls and stops answering them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

CHUNK = 65_536


class Line:
    """Proxy of TCP connections to a server; while `silent` it forwards nothing."""

    def __init__(self, *, host: str | None = None, port: int = 0, path: Path | None = None) -> None:
        self._host, self._port, self._path = host, port, path
        self.silent = False
        self.port = 0
        self._pumps: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator["Line"]:
        """Listen on `port` of loopback while the block lasts."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for pump in self._pumps:
                pump.cancel()
            await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        try:
            if self.silent or (self._host is None and self._path is None):
                await asyncio.Event().wait()
            beyond = await self._connect()
            await asyncio.gather(self._pump(reader, beyond[1]), self._pump(beyond[0], writer))
        except (OSError, asyncio.CancelledError):
            return
        finally:
            self._pumps.discard(task)
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._path is not None:
            return await asyncio.open_unix_connection(self._path)
        return await asyncio.open_connection(self._host, self._port)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(CHUNK):
                if self.silent:
                    await asyncio.Event().wait()
                sink.write(chunk)
                await sink.drain()
        finally:
            with suppress(OSError):
                sink.close()
