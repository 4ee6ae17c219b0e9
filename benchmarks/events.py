"""Delay of an event from commit to effect, and the rates of producers, relay and consumer."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from benchmarks import projects
from benchmarks.figures import Figure, Samples, at_least, at_most, p50_figure, rate_figure
from benchmarks.floors import producer, schema
from benchmarks.producing import Producers, open_outbox_load
from benchmarks.stage import Connection, Stage, open_connection, open_services
from benchmarks.wire import Wire, open_wire
from domain_services.sprint.schema import SprintCreate, SprintTask

TASKS = 8
SECONDS = 20.0  # an event that takes longer is lost

# Only the database knows when a transaction that holds an event has been committed.
_TRIGGER = """
CREATE OR REPLACE FUNCTION benchmark_notifies() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('benchmark', NEW.event_id::text); RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER benchmark_notifies AFTER INSERT ON {table}
    FOR EACH ROW EXECUTE FUNCTION benchmark_notifies();
"""
_NO_TRIGGER = "DROP TRIGGER benchmark_notifies ON {table}; DROP FUNCTION benchmark_notifies();"


@dataclass
class CommitListener:
    """Listener to a table's commits."""

    committed_at: dict[str, float] = field(default_factory=dict)
    """Time of each event's commit by its id, in `perf_counter` seconds."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, connection: Connection) -> None:
        async for notification in connection.notifies():
            self.committed_at[notification.payload] = time.perf_counter()
            self.news.set()


async def delivery(stage: Stage) -> list[Figure]:
    """From the producer's commit to the consumer's, and the rates of all who take part."""
    tasks = await _sprint(stage)
    stage.say("commit to applied")
    async with (
        open_wire(stage.urls["sprint"], stage.key) as wire,
        producer.open_floor(schema.create(stage)) as floor,
        _commit_listener(stage, "dsm_sprint", "outbox") as committed,
        _commit_listener(stage, "dsm_backlog", "inbox") as applied,
    ):
        paths = [f"/tasks/{task.task_id}/progress" for task in tasks]
        ours: list[tuple[float, ...]] = []
        floors: list[tuple[float, ...]] = []
        steps = count()
        for _ in range(stage.rounds(12)):
            ours.append(
                tuple([await _one(wire, paths, next(steps), committed, applied) for _ in range(20)])
            )
            floors.append(tuple([await floor() for _ in range(20)]))
    name = "event sprint -> backlog, commit to applied, beside a producer's transaction"
    return [
        p50_figure(name, Samples(tuple(ours)), Samples(tuple(floors)), at_most(2.5)),
        *await _rates(stage, tasks),
    ]


async def _one(
    wire: Wire, paths: Sequence[str], step: int, committed: CommitListener, applied: CommitListener
) -> float:
    """Seconds from the commit of one report to the commit of its effect in the backlog."""
    committed.committed_at.clear()
    applied.committed_at.clear()
    body = {"progress_percentage": 1 + step % 98}
    await wire.call("POST", paths[step % len(paths)], body)
    async with asyncio.timeout(SECONDS):
        while not committed.committed_at.keys() & applied.committed_at.keys():
            applied.news.clear()
            committed.news.clear()
            if not committed.committed_at.keys() & applied.committed_at.keys():
                await (applied if committed.committed_at else committed).news.wait()
    (event_id,) = committed.committed_at.keys() & applied.committed_at.keys()
    return applied.committed_at[event_id] - committed.committed_at[event_id]


async def _rates(stage: Stage, tasks: Sequence[SprintTask]) -> list[Figure]:
    """Events a second: written by eight producers, relayed, and relayed, applied and confirmed."""
    events = 100 if stage.quick else 300
    producing: list[float] = []
    relayed: list[float] = []
    applied: list[float] = []
    async with open_outbox_load(stage, tasks) as load, Producers.open(stage, tasks) as producers:
        for number in range(3):
            stage.say(f"events, round {number + 1} of 3")
            producing.append(await producers.rate(seconds=1.0))
            await load.settled()
            relayed.append(await load.relayed(5 * events))
            applied.append(await load.applied(events))
    return [
        rate_figure("relay beside eight producers, events", relayed, producing, at_least(4)),
        rate_figure("applied and confirmed beside eight producers", applied, producing, None),
    ]


async def _sprint(stage: Stage) -> list[SprintTask]:
    name = f"E{int(time.time() * 1000):X}"
    async with open_services(stage) as services:
        await projects.create_team(services)
        await projects.create_project(services, name, TASKS)
        return (await services.sprint.create_sprint(name, SprintCreate())).tasks


@asynccontextmanager
async def _commit_listener(
    stage: Stage, database: str, table: str
) -> AsyncGenerator[CommitListener, None]:
    async with AsyncExitStack() as stack:
        url = stage.database(database)
        connection = await stack.enter_async_context(open_connection(url))
        listening = await stack.enter_async_context(open_connection(url))
        await connection.execute(_TRIGGER.format(table=table), prepare=False)
        await listening.execute("LISTEN benchmark")
        listener = CommitListener()
        task = asyncio.create_task(listener.listen(listening))
        try:
            yield listener
        finally:
            task.cancel()
            await asyncio.wait([task])
            await connection.execute(_NO_TRIGGER.format(table=table), prepare=False)
