"""What the orchestrator hears: sprints that begin and end, tasks that move."""

import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.jobs.prefetch import Prefetcher
from agent.settings import AgentSettings
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.envelope import (
    DAILY_SCRUM_EVENTS,
    ORCHESTRATOR_GROUP,
    SPRINT_EVENTS,
    Envelope,
)
from domain_services.kernel.messaging.inbox import Consumer, Handler
from domain_services.kernel.messaging.redis import open_redis
from domain_services.sprint.schema import SprintClosedEvent
from memory import outcomes
from memory.outcomes import ClosedSprint
from memory.pool import Connection

logger = structlog.get_logger()


@dataclass(frozen=True)
class Bus:
    """Where events come from, and the database in which they take effect."""

    redis: Redis
    database: Database


@asynccontextmanager
async def listening_to(settings: AgentSettings, database: Database) -> AsyncIterator[Bus | None]:
    """The bus of the settings; None without Redis, and then no outcome arrives by itself."""
    if settings.redis_url is None:
        logger.warning("events.not_heard", reason="no Redis is set (DSM_REDIS_URL)")
        yield None
        return
    async with open_redis(settings) as redis:
        yield Bus(redis, database)


def consumers(bus: Bus | None, settings: AgentSettings, warmer: Prefetcher) -> Iterator[Consumer]:
    """Who hears the two streams; nobody without a bus."""
    if bus is None:
        return
    heard = {SPRINT_EVENTS: sprint_handlers(warmer), DAILY_SCRUM_EVENTS: task_handlers(warmer)}
    for stream, handlers in heard.items():
        yield Consumer(
            bus.database,
            bus.redis,
            stream=stream,
            group=ORCHESTRATOR_GROUP,
            # The same after a restart, which then finds what it had not finished.
            name=f"{socket.gethostname()}-{settings.port}",
            handlers=handlers,
        )


async def take_outcome(connection: AsyncConnection, event: Envelope) -> None:
    """Keep how a sprint ended, and write it to the decision that made it, if one did."""
    told = SprintClosedEvent.model_validate(event.event_data)
    closed = ClosedSprint(
        sprint_id=told.sprint_id,
        project_id=told.project_id,
        completed_tasks=told.completed_tasks,
        planned_tasks=told.planned_tasks,
        completion_rate=told.completion_rate,
        spill_over=told.spill_over,
        duration_days=told.duration_days,
        closed_at=told.closed_at,
    )
    await outcomes.keep(await _driver_of(connection), closed)


async def _driver_of(connection: AsyncConnection) -> Connection:
    """The psycopg connection beneath: the same transaction, in the language of memory."""
    raw: Any = await connection.get_raw_connection()
    return cast(Connection, raw.driver_connection)


def sprint_handlers(warmer: Prefetcher) -> Mapping[str, Handler]:
    """Of the stream `sprint_events`."""

    async def started(connection: AsyncConnection, event: Envelope) -> None:
        warmer.note(event.event_data.get("project_id"))

    async def closed(connection: AsyncConnection, event: Envelope) -> None:
        await take_outcome(connection, event)
        warmer.note(event.event_data.get("project_id"))

    return {"SPRINT_STARTED": started, "SPRINT_CLOSED": closed}


def task_handlers(warmer: Prefetcher) -> Mapping[str, Handler]:
    """Of the stream `daily_scrum_events`: they change what the next decision will see."""

    async def updated(connection: AsyncConnection, event: Envelope) -> None:
        warmer.note(event.event_data.get("project_id"))

    return {"TASK_UPDATED": updated}
