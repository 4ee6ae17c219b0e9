"""The transaction of whoever reports progress, and nothing around it."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

from psycopg.types.json import Jsonb

from benchmarks.floors.schema import task_id
from benchmarks.stage import open_connection

_LOCK = "SELECT status, progress_percentage, version FROM tasks WHERE task_id = %s FOR UPDATE"
_UPDATE = "UPDATE tasks SET progress_percentage = 50, version = version + 1 WHERE task_id = %s"
_OWE = "INSERT INTO outbox (event_id, stream, payload) VALUES (%s, 'floor', %s)"
_HISTORY = "INSERT INTO journal (episode) VALUES (%s)"


@asynccontextmanager
async def open_floor(url: str) -> AsyncGenerator[Callable[[], Awaitable[float]], None]:
    """Seconds that it takes: lock, change, owe the event, remember, commit."""
    async with open_connection(url) as connection:
        payload = Jsonb({"task_id": task_id(1), "progress_percentage": 50, "event_data": "x" * 400})

        async def report() -> float:
            started = time.perf_counter()
            async with connection.transaction():
                await connection.execute(_LOCK, (task_id(1),))
                await connection.execute(_UPDATE, (task_id(1),))
                await connection.execute(_OWE, (uuid4(), payload))
                await connection.execute(_HISTORY, (payload,))
            return time.perf_counter() - started

        yield report
