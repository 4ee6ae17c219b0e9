"""The connection breaks while the sprint is being created, and the sprint service goes on."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest

from agent.runs import resumption
from tests.agent.conftest import until
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change
from tests.ports import free_port

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST


class Cutter:
    """Proxy that resets the caller's connection once, when it has passed on `POST /sprints/`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._links: set[asyncio.Task[None]] = set()
        self.cut = asyncio.Event()

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[None]:
        """Listen during the block, then close what is open."""
        server = await asyncio.start_server(self._begin, "127.0.0.1", port)
        yield
        server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._links.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        answering = asyncio.create_task(_pass_on(far_reader, writer))
        try:
            with suppress(OSError):
                while data := await reader.read(65536):
                    far_writer.write(data)
                    await far_writer.drain()
                    if b"POST /sprints/" in data and not self.cut.is_set():
                        self.cut.set()
                        raw = writer.get_extra_info("socket")
                        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                        writer.transport.abort()
                        # The sprint service has the request, and does not learn of the reset.
                        await asyncio.Event().wait()
        finally:
            answering.cancel()
            await asyncio.wait([answering])
            for end in (far_writer, writer):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def busy_tasks(url: str, cutter: Cutter) -> AsyncIterator[None]:
    """Keep the backlog's tasks from being changed until the connection is cut."""
    async with await psycopg.AsyncConnection.connect(url.replace("+psycopg", "")) as connection:
        await connection.execute("LOCK TABLE tasks IN EXCLUSIVE MODE")

        async def release() -> None:
            await cutter.cut.wait()
            await asyncio.sleep(0.3)  # in which the caller tries again, and finds it in progress
            await connection.rollback()

        releasing = asyncio.create_task(release())
        yield
        await releasing


async def test_run_ends_with_the_sprint_that_it_created(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", 0.1)
    await system.start("project", "backlog", "chronicle", "sprint")
    sprint, port = system.urls["sprint"], free_port()
    cutter = Cutter(int(sprint.rsplit(":", 1)[1]))
    system.urls["sprint"] = f"http://127.0.0.1:{port}"
    async with cutter.serving(port):
        await system.start("orchestrator", lease_seconds=2)
        system.urls["sprint"] = sprint
        await system.make_project("RST", 12)
        async with busy_tasks(system.databases["backlog"], cutter):
            await system.orchestrate("RST")

        async def known() -> object:
            return await change(
                system, "SELECT sprint_id FROM episodes WHERE sprint_id IS NOT NULL"
            )

        assert await until(known) == [("RST-S01",)]
        scrums = "SELECT sprint_id FROM cronjobs WHERE kind = 'daily_scrum'"
        assert await change(system, scrums) == [("RST-S01",)]
