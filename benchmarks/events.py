"""How soon an event takes effect, and whether relay and consumer keep up with those who write."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from benchmarks import projects
from benchmarks.figures import Figure, Samples, at_least, at_most, p50_figure, rate_figure
from benchmarks.floors import producer, schema
from benchmarks.producing import Producers, owing
from benchmarks.stage import Connection, Stage, open_connection, open_services
from benchmarks.wire import Wire, open_wire
from domain_services.sprint.schema import SprintCreate, SprintTask

TASKS = 8
SECONDS = 20.0  # an event that takes longer is lost

# The database itself tells when a transaction that holds an event has been committed.
_TRIGGER = """
CREATE OR REPLACE FUNCTION benchmark_tells() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('benchmark', NEW.event_id::text); RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER benchmark_tells AFTER INSERT ON {table}
    FOR EACH ROW EXECUTE FUNCTION benchmark_tells();
"""
_NO_TRIGGER = "DROP TRIGGER benchmark_tells ON {table}; DROP FUNCTION benchmark_tells();"


@dataclass
class Ear:
    """When each event was committed, by its id; `perf_counter` seconds."""

    heard: dict[str, float] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, connection: Connection) -> None:
        async for each in connection.notifies():
            self.heard[each.payload] = time.perf_counter()
            self.news.set()


async def delivery(stage: Stage) -> list[Figure]:
    """From the producer's commit to the consumer's, and the rates of all who take part."""
    made = await _sprint(stage)
    stage.say("commit to applied")
    async with (
        open_wire(stage.urls["sprint"], stage.key) as wire,
        producer.open_floor(schema.create(stage)) as floor,
        _ear(stage, "dsm_sprint", "outbox") as committed,
        _ear(stage, "dsm_backlog", "inbox") as applied,
    ):
        paths = [f"/tasks/{each.task_id}/progress" for each in made]
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
        *await _rates(stage, made),
    ]


async def _one(wire: Wire, paths: Sequence[str], step: int, committed: Ear, applied: Ear) -> float:
    """Seconds from the commit of one report to the commit of its effect in the backlog."""
    committed.heard.clear()
    applied.heard.clear()
    body = {"progress_percentage": 1 + step % 98}
    await wire.call("POST", paths[step % len(paths)], body)
    async with asyncio.timeout(SECONDS):
        while not committed.heard.keys() & applied.heard.keys():
            applied.news.clear()
            committed.news.clear()
            if not committed.heard.keys() & applied.heard.keys():
                await (applied if committed.heard else committed).news.wait()
    (event_id,) = committed.heard.keys() & applied.heard.keys()
    return applied.heard[event_id] - committed.heard[event_id]


async def _rates(stage: Stage, made: Sequence[SprintTask]) -> list[Figure]:
    """Events a second: written by eight producers, relayed, and relayed, applied and confirmed."""
    events = 100 if stage.quick else 300
    producing: list[float] = []
    relayed: list[float] = []
    applied: list[float] = []
    async with owing(stage, made) as owed, Producers.open(stage, made) as producers:
        for number in range(3):
            stage.say(f"events, round {number + 1} of 3")
            producing.append(await producers.rate(seconds=1.0))
            await owed.settled()
            relayed.append(await owed.relayed(5 * events))
            applied.append(await owed.applied(events))
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
async def _ear(stage: Stage, database: str, table: str) -> AsyncGenerator[Ear, None]:
    async with AsyncExitStack() as stack:
        url = stage.database(database)
        connection = await stack.enter_async_context(open_connection(url))
        listening = await stack.enter_async_context(open_connection(url))
        await connection.execute(_TRIGGER.format(table=table), prepare=False)
        await listening.execute("LISTEN benchmark")
        ear = Ear()
        task = asyncio.create_task(ear.listen(listening))
        try:
            yield ear
        finally:
            task.cancel()
            await asyncio.wait([task])
            await connection.execute(_NO_TRIGGER.format(table=table), prepare=False)
