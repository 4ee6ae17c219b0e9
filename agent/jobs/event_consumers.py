"""Event consumers of the orchestrator: sprints that start and close, tasks that change."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.jobs.prefetch import Prefetcher
from agent.settings import AgentSettings
from domain_services.events import (
    DAILY_SCRUM_EVENTS,
    ORCHESTRATOR_GROUP,
    SPRINT_EVENTS,
    SprintCancelled,
    SprintClosed,
    SprintStarted,
    TaskUpdated,
)
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.consumer_names import consumer_name
from domain_services.kernel.messaging.effects import Handler
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.kernel.messaging.redis import open_redis
from memory import deleted_schedules, outcomes
from memory.outcomes import CancelledSprint, ClosedSprint
from memory.pool import Connection

logger = structlog.get_logger()


@dataclass(frozen=True)
class Bus:
    """The source of events, and the database in which they take effect."""

    redis: Redis
    database: Database


@asynccontextmanager
async def open_bus(settings: AgentSettings, database: Database) -> AsyncIterator[Bus | None]:
    """Open the bus of the settings; None without Redis: no outcome then arrives by itself."""
    if settings.redis_url is None:
        logger.warning("events.not_heard", reason="no Redis is set (DSM_REDIS_URL)")
        yield None
        return
    async with open_redis(settings) as redis:
        yield Bus(redis, database)


def consumers(
    bus: Bus | None,
    settings: AgentSettings,
    prefetcher: Prefetcher,
    note_ended: Callable[[], None],
) -> Iterator[Consumer]:
    """Make a consumer for each of the two streams; none without a bus.

    `note_ended` is called when schedules were deleted because their sprint has ended.
    """
    if bus is None:
        return
    by_stream = {
        SPRINT_EVENTS: sprint_handlers(prefetcher, note_ended),
        DAILY_SCRUM_EVENTS: task_handlers(prefetcher),
    }
    for stream, handlers in by_stream.items():
        yield Consumer(
            bus.database,
            bus.redis,
            stream=stream,
            group=ORCHESTRATOR_GROUP,
            # The same after a restart, which then finds what it had not finished.
            name=consumer_name(settings.port),
            handlers=handlers,
        )


async def store_outcome(connection: AsyncConnection, event: Envelope) -> None:
    """Store the outcome of a closed sprint, also at the decision that created it."""
    closed = SprintClosed.model_validate(event.event_data)
    days = closed.duration_days
    if closed.ended_on is not None:
        days = (closed.ended_on - closed.start_date).days + 1
    outcome = ClosedSprint(
        sprint_id=closed.sprint_id,
        project_id=closed.project_id,
        completed_tasks=closed.completed_tasks,
        planned_tasks=closed.planned_tasks,
        completion_rate=closed.completion_rate,
        spill_over=closed.spill_over,
        duration_days=days,
        closed_at=closed.closed_at,
        ended_on=closed.ended_on,
        progress_source=closed.progress_source,
        worked=closed.worked,
        completed_outside=closed.completed_outside,
    )
    await outcomes.store(await _psycopg_connection(connection), outcome)


async def store_cancellation(connection: AsyncConnection, event: Envelope) -> None:
    """Store that a sprint was cancelled, also at the decision that created it."""
    cancelled = SprintCancelled.model_validate(event.event_data)
    sprint = CancelledSprint(
        sprint_id=cancelled.sprint_id,
        project_id=cancelled.project_id,
        reason=cancelled.reason,
        cancelled_at=cancelled.cancelled_at,
    )
    await outcomes.cancel(await _psycopg_connection(connection), sprint)


async def delete_schedules(connection: AsyncConnection, sprint_id: str) -> None:
    """Delete the schedules of a sprint that has ended, whoever ended it."""
    await deleted_schedules.delete_of_sprint(await _psycopg_connection(connection), sprint_id)


async def _psycopg_connection(connection: AsyncConnection) -> Connection:
    """Return the driver's connection of the same transaction, for the memory's statements."""
    # One transaction with the inbox row: a crash leaves both or none.
    raw: Any = await connection.get_raw_connection()
    return cast(Connection, raw.driver_connection)


def sprint_handlers(
    prefetcher: Prefetcher, note_ended: Callable[[], None] = lambda: None
) -> Mapping[str, Handler]:
    """Return the handlers of the stream `sprint_events`."""

    # Read without validation: a prefetch is optional, and must not make an event a dead letter.
    async def sprint_started(connection: AsyncConnection, event: Envelope) -> None:
        prefetcher.note_change(event.event_data.get("project_id"))

    async def sprint_closed(connection: AsyncConnection, event: Envelope) -> None:
        await store_outcome(connection, event)
        await delete_schedules(connection, SprintClosed.model_validate(event.event_data).sprint_id)
        note_ended()
        prefetcher.note_change(event.event_data.get("project_id"))

    async def sprint_cancelled(connection: AsyncConnection, event: Envelope) -> None:
        await store_cancellation(connection, event)
        cancelled = SprintCancelled.model_validate(event.event_data)
        await delete_schedules(connection, cancelled.sprint_id)
        note_ended()
        prefetcher.note_change(cancelled.project_id)

    return {
        SprintStarted.event_type: sprint_started,
        SprintClosed.event_type: sprint_closed,
        SprintCancelled.event_type: sprint_cancelled,
    }


def task_handlers(prefetcher: Prefetcher) -> Mapping[str, Handler]:
    """Return the handlers of the stream `daily_scrum_events`."""

    async def task_updated(connection: AsyncConnection, event: Envelope) -> None:
        prefetcher.note_change(event.event_data.get("project_id"))

    return {TaskUpdated.event_type: task_updated}
