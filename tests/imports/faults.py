"""Means to disturb imports: their processes, the way to the backlog, and the rows of an import."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psutil
import psycopg
from sqlalchemy import make_url

from tests.agent.conftest import until
from tests.faults.proxy import FaultProxy, proxying
from tests.graphs.conftest import System
from tests.imports.conftest import Room
from tests.processes import command_line

# What an import leaves, by database: each counted for one project.
COUNTED: dict[str, tuple[LiteralString, ...]] = {
    "backlog": (
        "SELECT count(*) FROM tasks WHERE project_id = %s",
        "SELECT count(*) FROM past_tasks WHERE project_id = %s",
    ),
    "chronicle": ("SELECT count(*) FROM chronicle_notes WHERE project_id = %s",),
    "project": ("SELECT count(*) FROM team_members WHERE project_id = %s",),
    "orchestrator": (
        "SELECT count(*) FROM episodes WHERE project_id = %s",
        "SELECT count(*) FROM known_rows WHERE project_id = %s",
    ),
}


@dataclass
class Disturbed:
    """Routes of imports whose way to the backlog is a proxy."""

    room: Room
    backlog: FaultProxy

    def execute(self, service: str, statement: LiteralString, *values: Any) -> list[Any]:
        """Run a statement in a service's database; return its rows."""
        url = self.room.system.databases[service].replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def count_stored(self, project_id: str) -> list[int]:
        """Count what is stored of a project."""
        return [
            self.execute(service, statement, project_id)[0][0]
            for service, statements in COUNTED.items()
            for statement in statements
        ]

    async def uploaded(self, content: str) -> str:
        """Upload a file, and return the id of its import."""
        answer = await self.room.upload(content)
        assert answer.status_code == 201, answer.text
        return answer.json()["import_id"]

    async def started(self, import_id: str) -> None:
        """Start an import."""
        answer = await self.room.post(import_id, "/start")
        assert answer.status_code == 202, answer.text

    async def stuck(self, content: str, mode: str = "blackhole") -> str:
        """Start an import that waits for the backlog; return its id."""
        import_id = await self.uploaded(content)
        self.backlog.set(mode)  # pyright: ignore[reportArgumentType]
        before = self.backlog.connections
        await self.started(import_id)

        async def asks_the_backlog() -> bool:
            return self.backlog.connections > before

        await until(asks_the_backlog, 60)
        return import_id

    async def completes(self, import_id: str) -> Any:
        """Let the backlog answer, start the import again, and return it when it is done."""
        self.backlog.set("pass")
        await self.started(import_id)
        answer = await self.room.ended(import_id)
        assert answer["state"] == "done", answer
        return answer


@asynccontextmanager
async def disturbed(
    system: System, database: FaultProxy | None = None, **limits: Any
) -> AsyncIterator[Disturbed]:
    """Start the services, with a proxy before the backlog, and one before the imports' database."""
    await system.start("project", "backlog", "chronicle", "sprint")
    async with proxying(system.urls["backlog"]) as proxy:
        system.urls["backlog"] = proxy.url
        direct = system.databases["orchestrator"] = system.database_url("memory")
        if database is not None:
            detour = make_url(direct).set(host="127.0.0.1", port=database.port, query={})
            system.databases["orchestrator"] = detour.render_as_string(hide_password=False)
        await system.start("orchestrator", imports={"answer_seconds": 120, **limits})
        system.databases["orchestrator"] = direct
        yield Disturbed(Room(system), proxy)


def workers(parent: int | None = None) -> list[psutil.Process]:
    """List the processes of imports below a process, by default this one."""
    return [
        child
        for server in psutil.Process(parent).children()
        if "multiprocessing.forkserver" in command_line(server)
        for child in server.children()
        if child.status() != psutil.STATUS_ZOMBIE
    ]


async def worker(parent: int | None = None) -> psutil.Process:
    """Wait for the one process of an import."""

    async def appears() -> list[psutil.Process]:
        return workers(parent)

    (process,) = await until(appears, 60)
    return process


async def wait_for_end(process: psutil.Process) -> None:
    """Wait for the end of a process."""
    await asyncio.to_thread(psutil.wait_procs, [process], 60)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
