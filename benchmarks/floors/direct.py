"""The least that a decision costs: seven reads, one recall, one row; no graph, no checks."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
from psycopg.types.json import Jsonb

from benchmarks.figures import Path
from benchmarks.floors.schema import DATABASE
from benchmarks.stage import MEMORY, Connection, Stage, open_connection, plain_http

Get = Callable[[str], Awaitable[object]]

EF_SEARCH = 40
_RECALL = """
    SELECT episode_id, perception, completed_tasks, duration_days FROM episodes
    WHERE recallable AND (project_id <> %s OR day < %s) ORDER BY embedding <=> %s LIMIT 5
"""
_KEEP = "INSERT INTO journal (episode) VALUES (%s)"
# As large as an episode of a run without action.
DOCUMENT = {"reasoning": "nothing to do, because a sprint is in progress " * 40, "action": {}}


def reads(stage: Stage, project_id: str) -> tuple[str, ...]:
    """The URLs of what a decision must know."""
    urls = stage.urls
    analytics = f"{urls['chronicle']}/v1/analytics/project/{project_id}"
    return (
        f"{urls['project']}/projects/{project_id}",
        f"{urls['project']}/projects/{project_id}/availability/check",
        f"{urls['backlog']}/backlogs/{project_id}/summary",
        f"{urls['backlog']}/backlogs/{project_id}?status=unassigned",
        f"{urls['sprint']}/sprints/by-project/{project_id}?status=in_progress&limit=1",
        f"{analytics}/velocity",
        f"{analytics}/patterns",
    )


@asynccontextmanager
async def open_floor(
    stage: Stage, projects: list[str], *, default_httpx: bool = False
) -> AsyncGenerator[Callable[[int], Path], None]:
    """Client n decides on `projects[n]`, on connections of its own; HTTP through one pool."""
    async with AsyncExitStack() as stack:
        get = await stack.enter_async_context(_httpx(stage) if default_httpx else _aiohttp(stage))
        paths: list[Path] = []
        for project_id in projects:
            memory = await stack.enter_async_context(
                open_connection(stage.database(MEMORY), vectors=True)
            )
            await memory.execute(f"SET hnsw.ef_search = {EF_SEARCH}")
            own = await stack.enter_async_context(open_connection(stage.database(DATABASE)))
            paths.append(await _decision(get, reads(stage, project_id), project_id, memory, own))
        yield lambda client: paths[client]


async def _decision(
    get: Get, urls: tuple[str, ...], project_id: str, memory: Connection, own: Connection
) -> Path:
    any_of_them = "SELECT embedding FROM episodes WHERE recallable LIMIT 1"
    (vector,) = await (await memory.execute(any_of_them, binary=True)).fetchone() or (None,)
    question = (project_id, datetime.now(UTC).date(), vector)

    async def decide() -> None:
        await asyncio.gather(*(get(url) for url in urls))
        cursor = await memory.execute(_RECALL, question, binary=True)
        await cursor.fetchall()
        await own.execute(_KEEP, (Jsonb(DOCUMENT),))

    return decide


@asynccontextmanager
async def _aiohttp(stage: Stage) -> AsyncGenerator[Get, None]:
    headers: dict[str, Any] = {"Authorization": f"Bearer {stage.key}"}
    connector = aiohttp.TCPConnector(limit=200)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def get(url: str) -> bytes:
            async with session.get(url, raise_for_status=True) as response:
                return await response.read()

        yield get


@asynccontextmanager
async def _httpx(stage: Stage) -> AsyncGenerator[Get, None]:
    async with plain_http(stage) as client:

        async def get(url: str) -> bytes:
            return (await client.get(url)).raise_for_status().content

        yield get
