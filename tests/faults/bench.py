"""Bench: one mechanism alone on real stores, driven step by step without processes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from sqlalchemy import text

from domain_services.backlog.logic.events import BATCH_HANDLERS
from domain_services.events import (
    BACKLOG_GROUP,
    DAILY_SCRUM_EVENTS,
    SPRINT_GROUP,
    TaskProgressed,
    TaskUpdated,
)
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.envelope import Envelope, wrap
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.kernel.types import utc_now
from domain_services.sprint.logic import progress

TASK = "P1-TASK001"


@asynccontextmanager
async def filled(url: str, *statements: str) -> AsyncIterator[Database]:
    """Open a database with some rows in it."""
    database = Database(url, pool_size=5)
    try:
        async with database.transaction() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        yield database
    finally:
        await database.close()


FREE_TASKS = (
    "INSERT INTO backlogs (project_id, last_number) VALUES ('P1', 3)",
    "INSERT INTO tasks (task_id, project_id, number, title, description, status, priority, type,"
    " labels) SELECT 'P1-TASK00' || n, 'P1', n, 'Task', '', 'unassigned', 3, 'task', '{}'"
    " FROM generate_series(1, 3) AS n",
)
RUNNING_SPRINT = (
    "INSERT INTO counters (project_id, last_number) VALUES ('P1', 1)",
    "INSERT INTO sprints (id, project_id, number, name, status, start_date, end_date,"
    " duration_weeks, timezone, team) VALUES ('P1-S01', 'P1', 1, 'Sprint 1', 'in_progress',"
    " '2025-03-03', '2025-03-16', 2, 'UTC', '{}')",
    "INSERT INTO sprint_tasks (sprint_id, task_id, project_id, title, status,"
    " progress_percentage, priority, version, updated_at) VALUES ('P1-S01', 'P1-TASK001', 'P1',"
    " 'Task', 'assigned_to_sprint', 0, 3, 2, now())",
)


def task_updated(version: int, task_id: str = TASK, **values: Any) -> TaskUpdated:
    """Make an event of the sprint service."""
    base: dict[str, Any] = {
        "task_id": task_id,
        "project_id": "P1",
        "sprint_id": "P1-S01",
        "status": "in_progress",
        "progress_percentage": version % 100,
        "updated_at": utc_now(),
        "assigned_to": None,
        "version": version,
    }
    return TaskUpdated.model_validate(base | values)


def updated(version: int, task_id: str = TASK, **values: Any) -> Envelope:
    """Make the envelope of an event of the sprint service."""
    return wrap(task_updated(version, task_id, **values), source="sprint-service")


def progressed(percentage: int) -> Envelope:
    """Make the envelope of TASK_PROGRESSED of the daily scrum service."""
    data = TaskProgressed.model_validate(
        {
            "task_id": TASK,
            "sprint_id": "P1-S01",
            "employee_id": "ann",
            "progress_made": percentage,
            "new_total_progress": percentage,
            "yesterday_work": "some",
            "today_work": "more",
        }
    )
    return wrap(data, source="daily-scrum-service")


async def send(redis: Redis, *events: Envelope | str) -> None:
    for event in events:
        body = event if isinstance(event, str) else event.model_dump_json()
        await redis.xadd(DAILY_SCRUM_EVENTS, {"event": body})


def consumer(database: Database, redis: Redis, group: str, name: str | None = None) -> Consumer:
    """Make a consumer of a group of the task events' stream."""
    handlers: Mapping[str, Mapping[str, Any]] = {
        BACKLOG_GROUP: {"batch_handlers": BATCH_HANDLERS},
        SPRINT_GROUP: {"handlers": {TaskProgressed.event_type: progress.handle_task_progressed}},
    }
    return Consumer(
        database,
        redis,
        stream=DAILY_SCRUM_EVENTS,
        group=group,
        name=name or str(uuid4()),
        **handlers[group],
    )


async def consume(member: Consumer, redis: Redis, group: str, steps: int = 8) -> int:
    """Create the group and step until no entry is pending or unread; count the others."""
    await redis.xgroup_create(DAILY_SCRUM_EVENTS, group, id="0", mkstream=True)
    return await settle(member, redis, steps)


async def settle(member: Consumer, redis: Redis, steps: int = 8) -> int:
    """Step until no entry is pending or unread, at most `steps` times; count the others."""
    for _ in range(steps):
        await member.step()
        [state] = await redis.xinfo_groups(DAILY_SCRUM_EVENTS)
        if not state["pending"] and not state["lag"]:
            return 0
    return int(state["pending"]) + int(state["lag"] or 0)
