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
from domain_services.kernel.messaging.outbox import Relay
from memory.pool import open_pool
from memory.runs import LeaseLost, Run, RunTable
from tests.faults import bench, mutations
from tests.faults.bench import FREE_TASKS, RUNNING_SPRINT, TASK
from tests.memory.conftest import decide

DatabaseUrl = Callable[[str], str]


class World:
    """What a scenario may use; its databases are its own."""

    def __init__(self, database_url: DatabaseUrl, redis: Redis) -> None:
        self.url = database_url
        self.redis = redis
        self.dropped: dict[str, str] = {}


Scenario = Callable[[World], Awaitable[list[str]]]


async def repeated_event(world: World) -> list[str]:
    """TASK_PROGRESSED arrives twice: one entry in the history."""
    url = world.url("domain_services.sprint")
    async with bench.filled(url, *RUNNING_SPRINT) as database:
        event = bench.progressed(40)
        await bench.send(world.redis, event, event)
        member = bench.consumer(database, world.redis, SPRINT_GROUP)
        left = await bench.consume(member, world.redis, SPRINT_GROUP)
        rows = await _count(database, "progress_history")
    return [f"{rows} entries of one event, {left} left"] if (rows, left) != (1, 0) else []


async def older_event_last(world: World) -> list[str]:
    """Versions 2 and 1 arrive in this order: version 2 stays."""
    url = world.url("domain_services.backlog")
    async with bench.filled(url, *FREE_TASKS) as database:
        await bench.send(world.redis, bench.updated(20), bench.updated(10))
        member = bench.consumer(database, world.redis, BACKLOG_GROUP)
        await bench.consume(member, world.redis, BACKLOG_GROUP)
        stands = await _progress(database)
    return [] if stands == 20 else [f"the task stands at {stands}, not 20"]


async def holder_that_died(world: World) -> list[str]:
    """An event that a dead consumer has read takes effect by another one."""
    url = world.url("domain_services.backlog")
    async with bench.filled(url, *FREE_TASKS) as database:
        await world.redis.xgroup_create(DAILY_SCRUM_EVENTS, BACKLOG_GROUP, id="0", mkstream=True)
        await bench.send(world.redis, bench.updated(20))
        await world.redis.xreadgroup(BACKLOG_GROUP, "dead", {DAILY_SCRUM_EVENTS: ">"})
        member = bench.consumer(database, world.redis, BACKLOG_GROUP)
        await member.step()
        stands = await _progress(database)
        pending: Any = await world.redis.xpending(DAILY_SCRUM_EVENTS, BACKLOG_GROUP)
    held = int(pending["pending"])
    return [] if (stands, held) == (20, 0) else [f"progress {stands}, {held} events held"]


async def poison(world: World) -> list[str]:
    """What can never take effect is parked; what came after it takes effect."""
    url = world.url("domain_services.backlog")
    async with bench.filled(url, *FREE_TASKS) as database:
        unknown, good = bench.updated(20, "P1-TASK900"), bench.updated(20)
        await bench.send(world.redis, "no JSON", unknown, good)
        member = bench.consumer(database, world.redis, BACKLOG_GROUP)
        left = await bench.consume(member, world.redis, BACKLOG_GROUP)
        parked, stands = await _count(database, "dead_letters"), await _progress(database)
    found = (parked, stands, left)
    return [] if found == (2, 20, 0) else [f"parked, progress, left: {found}"]


async def lost_group(world: World) -> list[str]:
    """Redis forgets everything; what is sent afterwards still takes effect."""
    url = world.url("domain_services.backlog")
    async with bench.filled(url, *FREE_TASKS) as database:
        await bench.send(world.redis, bench.updated(20))
        async with running(bench.consumer(database, world.redis, BACKLOG_GROUP).loop()):
            for _ in range(100):
                if await _progress(database) == 20:
                    return []
                await asyncio.sleep(0.01)
    return ["a consumer without its group never takes an event"]


async def redis_loses_what_it_accepted(world: World) -> list[str]:
    """Sent, then lost with Redis before any consumer had it: sent again."""
    sprint, backlog = world.url("domain_services.sprint"), world.url("domain_services.backlog")
    async with bench.filled(sprint) as producer, bench.filled(backlog, *FREE_TASKS) as database:
        async with producer.transaction() as connection:
            await outbox.append(connection, [bench.task_updated(20)], source="sprint-service")
        relay = Relay(producer, world.redis, "sprint-service", READ_BY)
        assert await relay.send_batch() == 1
        await world.redis.flushall()
        await relay.send_batch()
        member = bench.consumer(database, world.redis, BACKLOG_GROUP)
        await bench.consume(member, world.redis, BACKLOG_GROUP)
        stands = await _progress(database)
    return [] if stands == 20 else ["the event is lost"]


async def old_holder(world: World) -> list[str]:
    """A process that was paused beyond its lease writes after its run was claimed by another."""
    async with open_pool(world.url("memory")) as pool:
        runs = RunTable(pool)
        run = await runs.start("P1", {}, 1e-6)
        await runs.decided(run.run_id, run.token, decide())
        [claimed] = await runs.due_for_recovery()
        try:
            await runs.fail(run.run_id, run.token, {"kind": "Late", "detail": "paused"})
        except LeaseLost:
            return []
    return [f"the old holder ended run {claimed.run_id}, which another holds"]


async def racing_runs(world: World) -> list[str]:
    """Two orchestrations of one project: the second is refused."""
    url = world.url("memory")
    await _drop(world, url, "one unfinished run")
    async with open_pool(url) as pool:
        runs = RunTable(pool)
        starts = [runs.start("P1", {}, 60) for _ in range(8)]
        ended = await asyncio.gather(*starts, return_exceptions=True)
    started = [each for each in ended if isinstance(each, Run)]
    return [] if len(started) == 1 else [f"{len(started)} runs of one project"]


async def answer_lost(world: World) -> list[str]:
    """The caller asks again with its key: the first answer, and no second effect."""
    async with bench.filled(world.url("domain_services.sprint")) as database:
        answers: list[str] = []
        for attempt in ("first", "second"):
            async with database.transaction() as connection:
                request = idempotency.keyed("POST /x", "k", "the same")
                earlier = await idempotency.claim(connection, request)
                answers.append(earlier.body if earlier else attempt)
                if earlier is None:
                    answer = idempotency.StoredAnswer(201, attempt)
                    await idempotency.finish(connection, "POST /x", "k", answer)
    return [] if answers == ["first", "first"] else ["the request took effect twice"]


async def peer_that_never_answers(world: World) -> list[str]:
    """Calls of a peer that keeps failing are soon refused without being made."""
    breaker, made = Breaker("peer"), 0
    for _ in range(20):
        try:
            async with breaker.guard():
                made += 1
                raise Unavailable("no answer")
        except Problem:
            continue
    return [] if made == 5 else [f"{made} of 20 calls were made"]


async def closed_connections(world: World) -> list[str]:
    """PostgreSQL closes every pooled connection; the next transaction works."""
    async with bench.filled(world.url("domain_services.project")) as database:
        async with database.transaction() as connection:
            mine = await connection.scalar(text("SELECT pg_backend_pid()"))
        killer = Database(database.url, pool_size=1)
        async with killer.transaction() as connection:
            await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine})
        await killer.close()
        try:
            await database.ping()
        except Exception as error:
            return [f"the pool handed out a dead connection: {type(error).__name__}"]
    return []


async def slow_reader(world: World) -> list[str]:
    """A stream is trimmed while a group has read only its first entry: the others stay."""
    ids = [await world.redis.xadd("stream", {"event": str(n)}) for n in range(3)]
    await world.redis.xgroup_create("stream", "slow", id="0")
    await world.redis.xreadgroup("slow", "me", {"stream": ">"}, count=1)
    await world.redis.xack("stream", "slow", ids[0])
    await trimming.trim(world.redis, "stream", ["slow"], keep_days=-1)
    left = len(await world.redis.xrange("stream", min=f"({ids[0].decode()}"))
    return [] if left == 2 else [f"{left} of 2 unread entries are left"]


SCENARIOS: dict[str, Scenario] = {
    "inbox row": repeated_event,
    "version guard": older_event_last,
    "reclaim": holder_that_died,
    "dead letters": poison,
    "group made again": lost_group,
    "confirmation": redis_loses_what_it_accepted,
    "fencing token": old_holder,
    "one unfinished run": racing_runs,
    "idempotency key": answer_lost,
    "breaker": peer_that_never_answers,
    "pool check": closed_connections,
    "unread entries stay": slow_reader,
}


@pytest.fixture
async def world(
    database_url: DatabaseUrl, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    for target, value in (
        ("kernel.messaging.inbox.RETRY_SECONDS", 0),
        ("kernel.messaging.inbox.RECLAIM_IDLE_MILLISECONDS", 0),
        ("kernel.messaging.inbox.BLOCK_MILLISECONDS", 10),
        ("kernel.messaging.outbox.REPUBLISH_AFTER_SECONDS", 0),
    ):
        monkeypatch.setattr(f"domain_services.{target}", value)
    async with Redis.from_url(redis_url) as redis:
        yield World(database_url, redis)


@pytest.mark.parametrize("mechanism", SCENARIOS)
async def test_scenario_holds_with_its_mechanism(
    world: World, mechanism: str, record_property: Any
) -> None:
    scenario = SCENARIOS[mechanism]
    assert await scenario(world) == []
    record_property("mechanism", (mechanism, "green"))


@pytest.mark.parametrize("mechanism", SCENARIOS)
async def test_scenario_breaks_without_its_mechanism(
    world: World, mechanism: str, record_property: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = SCENARIOS[mechanism]
    mutations.MUTATIONS[mechanism](mutations.undoable(monkeypatch))
    world.dropped = {mechanism: mutations.CONSTRAINTS.get(mechanism, ("", ""))[1]}
    broken = await scenario(world)
    assert broken != []
    record_property("mechanism", (mechanism, f"red: {broken[0]}"))


async def _drop(world: World, url: str, constraint: str) -> None:
    """Drop what the database itself guards, when that is what is taken away."""
    if statement := world.dropped.get(constraint):
        async with bench.filled(url, statement):
            pass


async def _count(database: Database, table: str) -> int:
    async with database.transaction() as connection:
        return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def _progress(database: Database) -> int:
    """Where the first task of the backlog stands."""
    query = text("SELECT progress_percentage FROM tasks WHERE task_id = :task")
    async with database.transaction() as connection:
        return int(await connection.scalar(query, {"task": TASK}) or 0)
