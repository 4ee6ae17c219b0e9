"""Each protective mechanism by itself: the scenario holds with it and breaks without it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from domain_services.events import BACKLOG_GROUP, DAILY_SCRUM_EVENTS, READ_BY, SPRINT_GROUP
from domain_services.kernel.background import running
from domain_services.kernel.client.breaker import Breaker
from domain_services.kernel.database import idempotency
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Problem, Unavailable
from domain_services.kernel.messaging import outbox, trimming
from domain_services.kernel.messaging.relay import Relay
from memory.pool import open_pool
from memory.run import LeaseLost, Run
from memory.run_recovery import RunRecovery
from memory.runs import RunTable
from tests.faults import bench, event_scenarios, mutations
from tests.faults.bench import FREE_TASKS, RUNNING_SPRINT, TASK
from tests.memory.conftest import decide

DatabaseUrl = Callable[[str], str]


class ScenarioStores:
    """New databases and an empty Redis for one scenario."""

    def __init__(self, database_url: DatabaseUrl, redis: Redis) -> None:
        self.url = database_url
        self.redis = redis
        self.dropped: dict[str, str] = {}
        """Disabled constraint -> the statement that drops it."""


Scenario = Callable[[ScenarioStores], Awaitable[list[str]]]


async def repeated_event(stores: ScenarioStores) -> list[str]:
    """TASK_PROGRESSED arrives twice: the history gets one entry."""
    url = stores.url("domain_services.sprint")
    async with bench.filled(url, *RUNNING_SPRINT) as database:
        event = bench.progressed(40)
        await bench.send(stores.redis, event)
        member = bench.consumer(database, stores.redis, SPRINT_GROUP)
        await bench.consume(member, stores.redis, SPRINT_GROUP)
        await bench.send(stores.redis, event)
        unread = await bench.settle(member, stores.redis)
        rows = await _count(database, "progress_history")
    return [f"{rows} entries of one event, {unread} unread"] if (rows, unread) != (1, 0) else []


async def older_event_last(stores: ScenarioStores) -> list[str]:
    """Version 20 arrives before version 10: version 20 stays."""
    url = stores.url("domain_services.backlog")
    async with bench.filled(url, *FREE_TASKS) as database:
        await bench.send(stores.redis, bench.updated(20), bench.updated(10))
        member = bench.consumer(database, stores.redis, BACKLOG_GROUP)
        await bench.consume(member, stores.redis, BACKLOG_GROUP)
        progress = await _progress(database)
    return [] if progress == 20 else [f"the progress is {progress}, not 20"]


async def dead_consumer(stores: ScenarioStores) -> list[str]:
    """A consumer dies after it has read an event: another one handles the event."""
    url = stores.url("domain_services.backlog")
    async with bench.filled(url, *FREE_TASKS) as database:
        await stores.redis.xgroup_create(DAILY_SCRUM_EVENTS, BACKLOG_GROUP, id="0", mkstream=True)
        await bench.send(stores.redis, bench.updated(20))
        await stores.redis.xreadgroup(BACKLOG_GROUP, "dead", {DAILY_SCRUM_EVENTS: ">"})
        member = bench.consumer(database, stores.redis, BACKLOG_GROUP)
        await member.step()
        progress = await _progress(database)
        pending: Any = await stores.redis.xpending(DAILY_SCRUM_EVENTS, BACKLOG_GROUP)
    pending_count = int(pending["pending"])
    return (
        []
        if (progress, pending_count) == (20, 0)
        else [f"progress {progress}, {pending_count} events pending"]
    )


async def unhandled_event(stores: ScenarioStores) -> list[str]:
    """An event that always fails becomes a dead letter; later events take effect."""
    url = stores.url("domain_services.backlog")
    async with bench.filled(url, *FREE_TASKS) as database:
        unknown, good = bench.updated(20, "P1-TASK900"), bench.updated(20)
        await bench.send(stores.redis, "no JSON", unknown, good)
        member = bench.consumer(database, stores.redis, BACKLOG_GROUP)
        unread = await bench.consume(member, stores.redis, BACKLOG_GROUP)
        parked, progress = await _count(database, "dead_letters"), await _progress(database)
    result = (parked, progress, unread)
    return [] if result == (2, 20, 0) else [f"parked, progress, unread: {result}"]


async def lost_group(stores: ScenarioStores) -> list[str]:
    """Redis loses its groups: later events still take effect."""
    url = stores.url("domain_services.backlog")
    async with bench.filled(url, *FREE_TASKS) as database:
        await bench.send(stores.redis, bench.updated(20))
        async with running(bench.consumer(database, stores.redis, BACKLOG_GROUP).loop()):
            for _ in range(100):
                if await _progress(database) == 20:
                    return []
                await asyncio.sleep(0.01)
    return ["a consumer without its group never takes an event"]


async def event_lost_by_redis(stores: ScenarioStores) -> list[str]:
    """Redis loses an event before a consumer has read it: the relay sends it again."""
    sprint, backlog = stores.url("domain_services.sprint"), stores.url("domain_services.backlog")
    async with bench.filled(sprint) as producer, bench.filled(backlog, *FREE_TASKS) as database:
        async with producer.transaction() as connection:
            await outbox.append(connection, [bench.task_updated(20)], source="sprint-service")
        relay = Relay(producer, stores.redis, "sprint-service", READ_BY)
        assert await relay.send_batch() == 1
        await stores.redis.flushall()
        await relay.send_batch()
        member = bench.consumer(database, stores.redis, BACKLOG_GROUP)
        await bench.consume(member, stores.redis, BACKLOG_GROUP)
        progress = await _progress(database)
    return [] if progress == 20 else ["the event is lost"]


async def expired_lease(stores: ScenarioStores) -> list[str]:
    """A process writes after its lease has expired and another has claimed its run: refused."""
    async with open_pool(stores.url("memory")) as pool:
        runs = RunTable(pool)
        run = await runs.start("P1", {}, 1e-6)
        await runs.decided(run.run_id, run.token, decide())
        [claimed] = await RunRecovery(pool, runs.hung_up).due()
        try:
            await runs.fail(run.run_id, run.token, {"kind": "Late", "detail": "paused"})
        except LeaseLost:
            return []
    return [f"the first process ended run {claimed.run_id}, which another has claimed"]


async def racing_runs(stores: ScenarioStores) -> list[str]:
    """Two orchestrations of one project: the second is refused."""
    url = stores.url("memory")
    await _drop(stores, url, "one unfinished run")
    async with open_pool(url) as pool:
        runs = RunTable(pool)
        starts = [runs.start("P1", {}, 60) for _ in range(8)]
        results = await asyncio.gather(*starts, return_exceptions=True)
    started = [result for result in results if isinstance(result, Run)]
    return [] if len(started) == 1 else [f"{len(started)} runs of one project"]


async def answer_lost(stores: ScenarioStores) -> list[str]:
    """A request is repeated with its key: it gets the first answer and has no second effect."""
    async with bench.filled(stores.url("domain_services.sprint")) as database:
        answers: list[str] = []
        for attempt in ("first", "second"):
            async with database.transaction() as connection:
                request = idempotency.keyed("admin", "POST /x", "k", "the same")
                earlier = await idempotency.claim(connection, request)
                answers.append(earlier.body if earlier else attempt)
                if earlier is None:
                    answer = idempotency.StoredAnswer(201, attempt)
                    await idempotency.finish(connection, request, answer)
    return [] if answers == ["first", "first"] else ["the request took effect twice"]


async def failing_peer(stores: ScenarioStores) -> list[str]:
    """A peer keeps failing: the breaker soon refuses calls at once."""
    breaker, calls = Breaker("peer"), 0
    for _ in range(20):
        try:
            async with breaker.guard():
                calls += 1
                raise Unavailable("no answer")
        except Problem:
            continue
    return [] if calls == 5 else [f"{calls} of 20 calls were made"]


async def closed_connections(stores: ScenarioStores) -> list[str]:
    """PostgreSQL closes every pooled connection: the next transaction works."""
    async with bench.filled(stores.url("domain_services.project")) as database:
        async with database.transaction() as connection:
            backend_pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        killer = Database(database.url, pool_size=1)
        async with killer.transaction() as connection:
            await connection.execute(
                text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend_pid}
            )
        await killer.close()
        try:
            await database.ping()
        except Exception as error:
            return [f"the pool handed out a dead connection: {type(error).__name__}"]
    return []


async def slow_reader(stores: ScenarioStores) -> list[str]:
    """A stream is trimmed while a group has read only its first entry: the others stay."""
    ids = [await stores.redis.xadd("stream", {"event": str(n)}) for n in range(3)]
    await stores.redis.xgroup_create("stream", "slow", id="0")
    await stores.redis.xreadgroup("slow", "me", {"stream": ">"}, count=1)
    await stores.redis.xack("stream", "slow", ids[0])
    await trimming.trim(stores.redis, "stream", ["slow"], keep_days=-1)
    unread = len(await stores.redis.xrange("stream", min=f"({ids[0].decode()}"))
    return [] if unread == 2 else [f"{unread} of 2 unread entries remain"]


SCENARIOS: dict[str, Scenario] = {
    "inbox row": repeated_event,
    "version guard": older_event_last,
    "reclaim": dead_consumer,
    "dead letters": unhandled_event,
    "group re-creation": lost_group,
    "confirmation": event_lost_by_redis,
    "fencing token": expired_lease,
    "one unfinished run": racing_runs,
    "idempotency key": answer_lost,
    "breaker": failing_peer,
    "pool check": closed_connections,
    "unread entries": slow_reader,
    **event_scenarios.SCENARIOS,
}


@pytest.fixture
async def stores(
    database_url: DatabaseUrl, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ScenarioStores]:
    for target, value in (
        ("kernel.messaging.inbox.RETRY_SECONDS", 0),
        ("kernel.messaging.inbox.RECLAIM_IDLE_MILLISECONDS", 0),
        ("kernel.messaging.inbox.BLOCK_MILLISECONDS", 10),
        ("kernel.messaging.relay.REPUBLISH_AFTER_SECONDS", 0),
        ("kernel.messaging.relay.PRODUCER_SECONDS", 0),
    ):
        monkeypatch.setattr(f"domain_services.{target}", value)
    async with Redis.from_url(redis_url) as redis:
        yield ScenarioStores(database_url, redis)


@pytest.mark.parametrize("mechanism", SCENARIOS)
async def test_scenario_holds_with_its_mechanism(
    stores: ScenarioStores, mechanism: str, record_property: Any
) -> None:
    scenario = SCENARIOS[mechanism]
    assert await scenario(stores) == []
    record_property("mechanism", (mechanism, "green"))


@pytest.mark.parametrize("mechanism", SCENARIOS)
async def test_scenario_breaks_without_its_mechanism(
    stores: ScenarioStores, mechanism: str, record_property: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = SCENARIOS[mechanism]
    mutations.MUTATIONS[mechanism](mutations.undoable(monkeypatch))
    stores.dropped = {mechanism: mutations.CONSTRAINTS.get(mechanism, ("", ""))[1]}
    broken = await scenario(stores)
    assert broken != []
    record_property("mechanism", (mechanism, f"red: {broken[0]}"))


async def _drop(stores: ScenarioStores, url: str, constraint: str) -> None:
    """Drop a database constraint, if the test disables this one."""
    if statement := stores.dropped.get(constraint):
        async with bench.filled(url, statement):
            pass


async def _count(database: Database, table: str) -> int:
    async with database.transaction() as connection:
        return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def _progress(database: Database) -> int:
    """Return the progress of the first task of the backlog."""
    query = text("SELECT progress_percentage FROM tasks WHERE task_id = :task")
    async with database.transaction() as connection:
        return int(await connection.scalar(query, {"task": TASK}) or 0)
