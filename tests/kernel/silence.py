"""Stores that accept connections and stop answering, at once or at a certain question."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from deploy.local.servers import EmbeddedServers

_CHUNK = 65_536


@asynccontextmanager
async def silent_store() -> AsyncIterator[int]:
    """Accept connections on a port and never answer; yields the port."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while await reader.read(_CHUNK):
                pass
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def silent_at(servers: EmbeddedServers, question: bytes) -> AsyncIterator[int]:
    """Forward connections to PostgreSQL, until a client asks the question; yields the port.

    From then on nothing arrives in either direction, also on new connections.
    """
    silent = asyncio.Event()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                if question in data:
                    silent.set()
                if not silent.is_set():
                    writer.write(data)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = str(servers.postgres.sockets / ".s.PGSQL.5432")
        far_reader, far_writer = await asyncio.open_unix_connection(path)
        answers = asyncio.create_task(pump(far_reader, writer))
        try:
            await pump(reader, far_writer)
        finally:
            answers.cancel()
            far_writer.close()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
