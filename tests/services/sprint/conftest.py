"""A sprint service beside real project and backlog services, all over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from domain_services.backlog.app import create_app as create_backlog_app
from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import Task, TaskCreate, TasksCreate
from domain_services.backlog.settings import BacklogSettings
from domain_services.chronicle.app import create_app as create_chronicle_app
from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.settings import ChronicleSettings
from domain_services.events import ORCHESTRATOR_GROUP
from domain_services.kernel.database.database import Database
from domain_services.kernel.settings import Peers
from domain_services.project.app import create_app as create_project_app
from domain_services.project.client import ProjectClient
from domain_services.project.schema import Assignment, EmployeeCreate, ProjectCreate
from domain_services.project.settings import ProjectSettings
from domain_services.sprint.app import create_app
from domain_services.sprint.client import SprintClient
from domain_services.sprint.settings import SprintSettings
from tests.conftest import AUTH
from tests.ports import free_port

MONDAY = date(2025, 3, 3)


@dataclass(frozen=True)
class Town:
    """Services of one test, with shortcuts for frequent calls."""

    project: ProjectClient
    backlog: BacklogClient
    sprint: SprintClient
    sprint_url: str
    peers: Peers
    database: Database

    async def create_project(self, project_id: str, *people: str, **values: Any) -> None:
        """Create a project that lives on MONDAY, with a team."""
        project = {"id": project_id, "name": "A project", "as_of": MONDAY} | values
        await self.project.create_project(ProjectCreate(**project))
        for person in people:
            await self.project.create_employee(EmployeeCreate(id=person, name=person))
        if people:
            await self.project.assign_team_members(
                project_id, Assignment(employee_ids=list(people))
            )

    async def plan(self, project_id: str, count: int, **values: Any) -> list[str]:
        """Create free tasks in the backlog; returns their ids."""
        tasks = [TaskCreate(title=f"Task {n}", **values) for n in range(count)]
        created = await self.backlog.create_tasks(project_id, TasksCreate(tasks=tasks))
        return created.task_ids

    async def backlog_of(self, project_id: str) -> dict[str, Task]:
        return {task.task_id: task for task in await self.backlog.list_tasks(project_id)}

    async def unconfirmed_count(self) -> int:
        """Count unconfirmed events and undelivered notes; no orchestrator runs to confirm any."""
        (counted,) = await self.rows(
            """
            SELECT (SELECT count(*) FROM outbox
                    WHERE closed_at IS NULL AND awaiting <> CAST(:absent AS text[]))
                 + (SELECT count(*) FROM deliveries WHERE delivered_at IS NULL)
            """,
            absent=[ORCHESTRATOR_GROUP],
        )
        return int(counted[0])

    async def backlog_is_up_to_date(self) -> None:
        """Wait until the backlog has confirmed every event."""

        async def confirmed() -> bool:
            [row] = await self.rows(
                "SELECT count(*) FROM outbox WHERE closed_at IS NULL"
                " AND 'backlog_service_group' = ANY (awaiting)"
            )
            return row[0] == 0

        await eventually(confirmed)

    async def rows(self, query: str, **values: Any) -> list[Any]:
        """Query the sprint database."""
        async with self.database.transaction() as connection:
            return list((await connection.execute(text(query), values)).all())


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait until background work makes `holds` true."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.02)


async def _serve_project(serve: Any, database_url: Callable[[str], str]) -> str:
    settings = ProjectSettings(
        port=free_port(),
        database_url=SecretStr(database_url("domain_services.project")),
        auth=AUTH,  # pyright: ignore[reportArgumentType]
    )
    return await serve(create_project_app(settings), settings.port)


@pytest.fixture
def backlog_database_url(database_url: Callable[[str], str]) -> str:
    return database_url("domain_services.backlog")


# Stores come before `serve` in the arguments, so that services end before their databases do.
@pytest.fixture
async def peers(
    database_url: Callable[[str], str], backlog_database_url: str, redis_url: str, serve: Any
) -> Peers:
    """Real project and backlog services; nobody serves the chronicle until a test does."""
    project_url = await _serve_project(serve, database_url)
    sprint, chronicle = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    backlog = BacklogSettings(
        port=free_port(),
        database_url=SecretStr(backlog_database_url),
        redis_url=SecretStr(redis_url),
        peers=Peers(project=project_url, sprint=sprint),
        auth=AUTH,  # pyright: ignore[reportArgumentType]
    )
    backlog_url = await serve(create_backlog_app(backlog), backlog.port)
    return Peers(project=project_url, backlog=backlog_url, chronicle=chronicle, sprint=sprint)


@pytest.fixture
def sprint_settings(
    peers: Peers, database_url: Callable[[str], str], redis_url: str
) -> SprintSettings:
    return SprintSettings(
        port=int(peers.sprint.rpartition(":")[2]),
        database_url=SecretStr(database_url("domain_services.sprint")),
        redis_url=SecretStr(redis_url),
        peers=peers,
        auth=AUTH,  # pyright: ignore[reportArgumentType]
    )


@pytest.fixture
async def idle_town(
    sprint_settings: SprintSettings, http: httpx.AsyncClient
) -> AsyncIterator[Town]:
    """The peers, and a sprint database that no service works on yet."""
    peers = sprint_settings.peers
    assert sprint_settings.database_url is not None
    database = Database(sprint_settings.database_url.get_secret_value(), pool_size=3)
    yield Town(
        ProjectClient(http, peers.project),
        BacklogClient(http, peers.backlog),
        SprintClient(http, ""),
        "",
        peers,
        database,
    )
    await database.close()


@pytest.fixture
def chronicle(
    idle_town: Town, database_url: Callable[[str], str], http: httpx.AsyncClient, serve: Any
) -> Callable[[], Awaitable[ChronicleClient]]:
    """Call it to start the chronicle service."""
    port = int(idle_town.peers.chronicle.rpartition(":")[2])
    settings = ChronicleSettings(
        port=port,
        database_url=SecretStr(database_url("domain_services.chronicle")),
        auth=AUTH,  # pyright: ignore[reportArgumentType]
    )

    async def start() -> ChronicleClient:
        return ChronicleClient(http, await serve(create_chronicle_app(settings), port))

    return start


@pytest.fixture
async def town(idle_town: Town, sprint_settings: SprintSettings, serve: Any, http: Any) -> Town:
    """All services but the chronicle."""
    url = await serve(create_app(sprint_settings), sprint_settings.port)
    return replace(idle_town, sprint=SprintClient(http, url), sprint_url=url)
