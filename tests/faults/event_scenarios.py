"""Scenarios of events, each of which needs one mechanism; run by `test_mechanisms`."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from redis.asyncio import Redis
from sqlalchemy import text

from domain_services.events import BACKLOG_GROUP, DAILY_SCRUM_EVENTS, READ_BY
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging import outbox
from domain_services.kernel.messaging.inbox import MAX_TRIES
from domain_services.kernel.messaging.relay import Relay
from tests.faults import bench
from tests.faults.bench import FREE_TASKS, TASK


class Stores(Protocol):
    """New databases and an empty Redis."""

    url: Callable[[str], str]
    redis: Redis


Scenario = Callable[[Any], Awaitable[list[str]]]


@asynccontextmanager
async def _producer(stores: Stores) -> AsyncIterator[tuple[Database, Relay]]:
    async with bench.filled(stores.url("domain_services.sprint")) as database:
        yield database, Relay(database, stores.redis, "sprint-service", READ_BY)


async def _append(database: Database) -> None:
    async with database.transaction() as connection:
        await outbox.append(connection, [bench.task_updated(20)], source="sprint-service")


async def busy_row(stores: Stores) -> list[str]:
    """A task's row is locked for longer than five tries: its event is no dead letter."""
    async with bench.filled(stores.url("domain_services.backlog"), *FREE_TASKS) as database:
        await bench.send(stores.redis, bench.updated(20), bench.updated(20, "P1-TASK002"))
        member = bench.consumer(database, stores.redis, BACKLOG_GROUP)
        lock = text("SELECT FROM tasks WHERE task_id = :task_id FOR UPDATE")
        async with database.transaction() as other:
            await other.execute(lock, {"task_id": TASK})
            await bench.consume(member, stores.redis, BACKLOG_GROUP, MAX_TRIES + 2)
            query = text("SELECT task_id FROM tasks WHERE sprint_version = 20")
            applied = list(await other.scalars(query))
        await bench.settle(member, stores.redis)
        async with database.transaction() as connection:
            applied += await connection.scalars(query)
            letters = await connection.scalar(text("SELECT count(*) FROM dead_letters"))
    others_passed = applied[0] == "P1-TASK002"
    both_applied = sorted(applied[1:]) == [TASK, "P1-TASK002"]
    return (
        []
        if others_passed and both_applied and not letters
        else [f"applied {applied}, {letters} dead letters"]
    )


async def sent_after_its_commit(stores: Stores) -> list[str]:
    """An event is sent without the table."""
    async with _producer(stores) as (database, relay):
        await _append(database)
        await relay.publish()
    sent = await stores.redis.xlen(DAILY_SCRUM_EVENTS)
    return [] if sent == 1 else [f"{sent} events sent after a commit"]


async def refused_change(stores: Stores) -> list[str]:
    """A transaction is rolled back after it has stored an event: nobody gets it."""
    async with _producer(stores) as (database, relay):
        try:
            async with database.transaction() as connection:
                await outbox.append(connection, [bench.task_updated(20)], source="sprint-service")
                raise LookupError("refused")
        except LookupError:
            await relay.publish()
    sent = await stores.redis.xlen(DAILY_SCRUM_EVENTS)
    return [] if sent == 0 else [f"{sent} events of a change that was refused"]


async def dead_producer(stores: Stores) -> list[str]:
    """A process dies between its commit and sending: another one sends the event."""
    async with _producer(stores) as (database, _):
        await _append(database)
        await Relay(database, stores.redis, "sprint-service", READ_BY).send_batch()
    sent = await stores.redis.xlen(DAILY_SCRUM_EVENTS)
    return [] if sent == 1 else [f"{sent} events of a process that died"]


SCENARIOS: dict[str, Scenario] = {
    "busy store": busy_row,
    "publishing after commit": sent_after_its_commit,
    "no publishing before commit": refused_change,
    "outbox poll": dead_producer,
}
