"""Load of events: from producers over HTTP, or written to the outbox all at once."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import ClassVar

from sqlalchemy import text

from benchmarks.figures import Path, interleave_rates
from benchmarks.stage import Stage
from benchmarks.wire import Wire, open_wires
from domain_services.events import SprintStarted, TaskUpdated
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging import outbox
from domain_services.kernel.messaging.envelope import PublishedEvent
from domain_services.kernel.types import utc_now
from domain_services.sprint.schema import SprintTask

SOURCE = "sprint-service"
POLL_SECONDS = 0.005
SECONDS = 30.0


class UnreadEvent(SprintStarted):
    """Event on a stream without consumers."""

    stream: ClassVar[str] = "benchmark_events"


class Producers:
    """Clients that report progress, each on a task of its own."""

    def __init__(self, wires: Sequence[Wire], tasks: Sequence[SprintTask]) -> None:
        self._wires = wires
        self._tasks = tasks
        self._steps = count()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, stage: Stage, tasks: Sequence[SprintTask]
    ) -> AsyncGenerator["Producers", None]:
        async with open_wires(stage.urls["sprint"], stage.key, len(tasks)) as wires:
            yield cls(wires, tasks)

    async def rate(self, seconds: float) -> float:
        """Reports a second, all together."""
        rates = await interleave_rates(
            {"producers": self._make}, rounds=1, clients=len(self._tasks), seconds=seconds
        )
        return rates["producers"][0]

    def _make(self, client: int) -> Path:
        path = f"/tasks/{self._tasks[client].task_id}/progress"

        async def report() -> None:
            body = {"progress_percentage": 1 + next(self._steps) % 98}
            await self._wires[client].call("POST", path, body)

        return report


class OutboxLoad:
    """The outbox of the sprint service, filled by hand."""

    def __init__(self, database: Database, tasks: Sequence[SprintTask]) -> None:
        self._database = database
        self._tasks = tasks
        # Above all versions of the sprint itself, or the backlog would drop these events as old.
        self._versions = count(1_000_000)

    async def relayed(self, events: int) -> float:
        """Events a second that leave when nobody has to confirm them."""
        task, today = self._tasks[0], utc_now().date()
        event = UnreadEvent(
            sprint_id=task.sprint_id,
            project_id=task.project_id,
            sprint_name="benchmark",
            start_date=today,
            end_date=today,
            duration_weeks=1,
            task_ids=[task.task_id for task in self._tasks],
        )
        return await self._sent([event] * events)

    async def applied(self, events: int) -> float:
        """Events a second that leave, change a task of the backlog, and are confirmed."""
        return await self._sent([self._updated(n) for n in range(events)])

    async def settled(self) -> None:
        """Wait until every event is closed."""
        async with asyncio.timeout(SECONDS):
            while await self._open():
                await asyncio.sleep(POLL_SECONDS)

    async def _sent(self, events: Sequence[PublishedEvent]) -> float:
        async with self._database.transaction() as connection:
            await outbox.append(connection, events, source=SOURCE)
        start = time.perf_counter()
        await self.settled()
        return len(events) / (time.perf_counter() - start)

    async def _open(self) -> bool:
        query = text("SELECT EXISTS (SELECT FROM outbox WHERE closed_at IS NULL)")
        async with self._database.reading() as connection:
            return bool(await connection.scalar(query))

    def _updated(self, number: int) -> TaskUpdated:
        task = self._tasks[number % len(self._tasks)]
        return TaskUpdated(
            task_id=task.task_id,
            project_id=task.project_id,
            sprint_id=task.sprint_id,
            status="in_progress",
            # Never 0 or 100, which would change the status too.
            progress_percentage=1 + number % 98,
            updated_at=utc_now(),
            assigned_to=task.assigned_to,
            version=next(self._versions),
        )


@asynccontextmanager
async def open_outbox_load(
    stage: Stage, tasks: Sequence[SprintTask]
) -> AsyncGenerator[OutboxLoad, None]:
    url = stage.database("dsm_sprint").replace("postgresql://", "postgresql+psycopg://")
    database = Database(url, pool_size=2)
    try:
        yield OutboxLoad(database, tasks)
    finally:
        await database.close()
