"""The least that a service could be: ASGI by hand on uvicorn, psycopg, orjson.

Run as a process of its own: `python -m benchmarks.floors.server DATABASE_URL PORT PROJECT_URL KEY`.
No validation, no keys, no ids, no events sent: what is left is the network, the server and SQL.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
import uvicorn
import uvloop
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb, set_json_dumps
from psycopg_pool import AsyncConnectionPool

_FIELDS = """
    task_id, project_id, title, description, status, sprint_id, assigned_to, progress_percentage,
    priority, type, labels, estimate, external_key, version, created_on, created_at, updated_at
"""
_GET = f"SELECT {_FIELDS} FROM tasks WHERE task_id = %s"
_LIST = f"""
    SELECT {_FIELDS} FROM tasks WHERE project_id = %s ORDER BY priority, created_on LIMIT 50
"""
_UPDATE = """
    WITH changed AS (
        UPDATE tasks SET progress_percentage = %(progress)s, status = 'in_progress',
               version = version + 1, updated_at = now()
        WHERE task_id = %(task_id)s RETURNING task_id, version)
    INSERT INTO outbox (event_id, stream, payload)
    SELECT %(event_id)s, 'floor', jsonb_build_object('task_id', task_id, 'version', version,
           'progress_percentage', %(progress)s::int) FROM changed
    RETURNING payload
"""
_OPEN = """
    INSERT INTO sprints (project_id, status, start_date, end_date)
    VALUES (%s, 'planned', %s, %s) RETURNING id
"""
_RESERVE = f"""
    UPDATE tasks SET sprint_id = %s, status = 'assigned_to_sprint', version = version + 1,
           updated_at = now()
    WHERE task_id = ANY(%s) RETURNING {_FIELDS}
"""
_START = """
    WITH started AS (UPDATE sprints SET status = 'in_progress' WHERE id = %s RETURNING id)
    INSERT INTO outbox (event_id, stream, payload)
    SELECT gen_random_uuid(), 'floor', event FROM started, jsonb_array_elements(%s) AS event
"""

Params = Any
Answer = Any


class Floor:
    """Connections and statements of the routes, created when the server starts."""

    def __init__(self, pool: AsyncConnectionPool[Any], own: str, project: str, key: str) -> None:
        self._pool = pool
        self._own = own
        self._project = project
        self._key = key
        self._http: aiohttp.ClientSession | None = None

    async def fetch(self, query: str, params: Params) -> list[dict[str, Any]]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(binary=True, row_factory=dict_row)
            await cursor.execute(query, params)  # pyright: ignore[reportArgumentType]
            return await cursor.fetchall() if cursor.description else []

    async def get_task(self, task_id: str, _: Any) -> Answer:
        return (await self.fetch(_GET, (task_id,)))[0]

    async def list_tasks(self, project_id: str, _: Any) -> Answer:
        return await self.fetch(_LIST, (project_id,))

    async def update_task(self, task_id: str, body: Any) -> Answer:
        values = {
            "task_id": task_id,
            "progress": body["progress_percentage"],
            "event_id": uuid4(),
        }
        return (await self.fetch(_UPDATE, values))[0]["payload"]

    async def reserve(self, sprint_id: str, body: Any) -> Answer:
        return await self.fetch(_RESERVE, (sprint_id, body["task_ids"]))

    async def create_sprint(self, project_id: str, body: Any) -> Answer:
        """Create a sprint with the fewest steps: two reads, three transactions."""
        http = self._session()
        project = f"{self._project}/projects/{project_id}"
        await asyncio.gather(_read(http, project), _read(http, f"{project}/availability/check"))
        start = datetime.now(UTC).date()
        end = start + timedelta(days=13)
        (sprint,) = await self.fetch(_OPEN, (project_id, start, end))
        reserving = f"{self._own}/reservations/{sprint['id']}"
        async with http.post(reserving, data=orjson.dumps(body)) as response:
            tasks = orjson.loads(await response.read())
        await self.fetch(_START, (sprint["id"], Jsonb(tasks)))
        return {"id": sprint["id"], "tasks": tasks}

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            headers = {"Authorization": f"Bearer {self._key}"}
            self._http = aiohttp.ClientSession(headers=headers)
        return self._http


async def _read(http: aiohttp.ClientSession, url: str) -> bytes:
    async with http.get(url, raise_for_status=True) as response:
        return await response.read()


def make_app(floor: Floor) -> Callable[[Any, Any, Any], Awaitable[None]]:
    routes = {
        ("GET", "tasks"): floor.get_task,
        ("GET", "backlogs"): floor.list_tasks,
        ("POST", "progress"): floor.update_task,
        ("POST", "reservations"): floor.reserve,
        ("POST", "sprints"): floor.create_sprint,
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        _, room, name = scope["path"].split("/", 2)
        body = orjson.loads(message["body"]) if message["body"] else None
        answer = orjson.dumps(await routes[scope["method"], room](name, body))
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(answer)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app


async def main(database_url: str, port: str, project: str, key: str) -> None:
    """Serve until killed."""
    set_json_dumps(orjson.dumps)
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        database_url,
        kwargs={"autocommit": True, "prepare_threshold": 0},
        min_size=10,
        max_size=10,
        open=False,
    )
    async with pool:
        app = make_app(Floor(pool, f"http://127.0.0.1:{port}", project, key))
        config = uvicorn.Config(
            app,
            port=int(port),
            lifespan="off",
            http="httptools",
            ws="none",
            access_log=False,
            log_level="warning",
            server_header=False,
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
