"""Reads and writes of the services beside the least server that could answer them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from time import time

from benchmarks import projects
from benchmarks.figures import (
    Figure,
    Goal,
    Path,
    at_least,
    at_most,
    interleave,
    interleave_rates,
    p50_figure,
    rate_figure,
)
from benchmarks.floors import process, schema
from benchmarks.stage import Stage, open_services
from benchmarks.wire import Calls, Wire, calling, open_wires
from domain_services.sprint.schema import SprintCreate

CLIENTS = 8
TASKS = 60
CREATION_MS = 82.9  # a tenth of what the same took in the system that this one replaces


@dataclass(frozen=True)
class Side:
    """Connections of all clients to one server."""

    backlog: Sequence[Wire]
    sprint: Sequence[Wire]


async def reading_and_writing(stage: Stage) -> list[Figure]:
    """One task, fifty tasks, and an update that publishes an event."""
    # New also in a data folder that an earlier run has filled.
    name = f"S{int(time() * 1000):X}"
    async with open_services(stage) as services:
        await projects.create_team(services)
        task_ids = await projects.create_project(services, name, TASKS)
        sprint = await services.sprint.create_sprint(
            name, SprintCreate(task_ids=task_ids[:CLIENTS])
        )
    in_sprint = [task.task_id for task in sprint.tasks]
    with process.serving(stage) as floor_url:
        async with _open(stage) as ours, open_wires(floor_url, stage.key, CLIENTS) as floor:
            reads = {
                "backlog GET one": (f"/tasks/{task_ids[-1]}", f"/tasks/{schema.task_id(9)}", 0.8),
                "backlog GET 50": (
                    f"/backlogs/{name}?limit=50",
                    f"/backlogs/{schema.PROJECT}",
                    1.0,
                ),
            }
            figures = [
                await _rates(
                    stage, what, _get(ours.backlog, own), _get(floor, least), at_least(goal)
                )
                for what, (own, least, goal) in reads.items()
            ]
            update = await _rates(
                stage,
                "task update with its event",
                _updating(ours.sprint, [f"/tasks/{task_id}/progress" for task_id in in_sprint]),
                _updating(floor, [f"/progress/{schema.task_id(n + 1)}" for n in range(CLIENTS)]),
                at_least(0.8),
            )
            return [*figures, update, *await _creation(stage, ours.sprint[0], floor[0])]


@asynccontextmanager
async def _open(stage: Stage) -> AsyncGenerator[Side, None]:
    async with (
        open_wires(stage.urls["backlog"], stage.key, CLIENTS) as backlog,
        open_wires(stage.urls["sprint"], stage.key, CLIENTS) as sprint,
    ):
        yield Side(backlog, sprint)


async def _rates(stage: Stage, name: str, ours: Calls, floor: Calls, goal: Goal) -> Figure:
    stage.say(f"{name}, {CLIENTS} clients")
    rates = await interleave_rates(
        {"ours": ours, "floor": floor},
        rounds=stage.rounds(9),
        clients=CLIENTS,
        seconds=0.5 if stage.quick else 1.0,
    )
    return rate_figure(f"{name}, {CLIENTS} clients", rates["ours"], rates["floor"], goal)


def _get(wires: Sequence[Wire], path: str) -> Calls:
    return lambda client: calling(wires[client], "GET", path)


def _updating(wires: Sequence[Wire], paths: Sequence[str]) -> Calls:
    """Each client moves a task of its own, to another percentage each time."""

    def make(client: int) -> Path:
        steps = count()

        async def update() -> None:
            # Never 0 or 100, which would change the status too.
            body = {"progress_percentage": 1 + next(steps) % 98}
            await wires[client].call("POST", paths[client], body)

        return update

    return make


async def _creation(stage: Stage, ours: Wire, floor: Wire) -> list[Figure]:
    """A sprint of ten tasks beside the calls and transactions that it cannot do without."""
    rounds, calls = stage.rounds(6), 5
    prefix = f"C{int(time() * 1000):X}"
    # A project takes one sprint: one more for the call that warms up.
    names = [f"{prefix}-{number:03d}" for number in range(rounds * calls + 1)]
    stage.say(f"creating {len(names)} projects")
    async with open_services(stage) as services:
        remaining = [
            (f"/sprints/{name}", {"task_ids": await projects.create_project(services, name, 10)})
            for name in names
        ]
    stage.say("sprint creation")
    ten = {"task_ids": [schema.task_id(n + 1) for n in range(10)]}
    samples = await interleave(
        {
            "ours": _creating(ours, remaining),
            "floor": calling(floor, "POST", f"/sprints/{names[0]}", ten),
        },
        rounds=rounds,
        calls=calls,
        seconds=stage.seconds,
        warm_up=1,
    )
    name = "sprint creation with ten tasks"
    took = samples["ours"].latency()
    return [
        p50_figure(name, samples["ours"], samples["floor"], None),
        Figure(f"{name}, p50 in ms", took.p50, at_most(CREATION_MS), took),
    ]


def _creating(wire: Wire, remaining: list[tuple[str, dict[str, list[str]]]]) -> Path:
    waiting = iter(remaining)

    async def create() -> None:
        path, body = next(waiting)
        await wire.call("POST", path, body)

    return create
