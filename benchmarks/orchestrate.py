"""A decision: without action beside its direct floor, and one that creates a sprint."""

from time import time

import orjson

from benchmarks import projects
from benchmarks.figures import (
    Figure,
    Path,
    at_least,
    at_most,
    interleave,
    interleave_rates,
    p50_figure,
    p99_figure,
    rate_figure,
)
from benchmarks.floors import direct, schema
from benchmarks.loading import load_memory
from benchmarks.stage import Stage, open_services
from benchmarks.wire import Wire, calling, open_wire, open_wires

CLIENTS = 8
TASKS = 25  # a backlog of which ten are planned


async def without_action(stage: Stage) -> list[Figure]:
    """Orchestrate projects whose sprint is in progress."""
    await load_memory(stage)
    schema.create(stage)
    names = await _running_projects(stage, CLIENTS)
    async with (
        open_wires(stage.urls["orchestrator"], stage.key, CLIENTS) as wires,
        direct.open_floor(stage, names) as floor,
        direct.open_floor(stage, names, default_httpx=True) as httpx_floor,
    ):

        def ours(client: int) -> Path:
            return calling(wires[client], "POST", route(names[client]), {})

        stage.say("orchestrate without action, one client")
        one = await interleave(
            {"ours": ours(0), "floor": floor(0)},
            rounds=stage.rounds(25),
            calls=20,
            seconds=2 * stage.seconds,
        )
        stage.say(f"orchestrate without action, {CLIENTS} clients")
        rates = await interleave_rates(
            {"ours": ours, "floor": floor, "httpx": httpx_floor},
            rounds=stage.rounds(9),
            clients=CLIENTS,
            seconds=1.0 if stage.quick else 2.0,
        )
    name = "orchestrate, no action"
    return [
        p50_figure(f"{name}, p50", one["ours"], one["floor"], at_most(1.6)),
        p99_figure(f"{name}, p99", one["ours"], one["floor"], at_most(2.0)),
        rate_figure(f"{name}, 8 clients", rates["ours"], rates["floor"], at_least(0.6)),
        rate_figure(
            f"{name}, 8 clients, beside httpx's own transport",
            rates["ours"],
            rates["httpx"],
            at_least(5),
        ),
    ]


async def creating(stage: Stage) -> list[Figure]:
    """A sprint of ten tasks and its CronJob beside our own decision without action."""
    await load_memory(stage)
    rounds, calls = stage.rounds(6), 5
    (running,) = await _running_projects(stage, 1)
    # A project takes one sprint: one more for the call that warms up.
    idle = await _new_projects(stage, rounds * calls + 1)
    stage.say("orchestrate that creates a sprint")
    async with open_wire(stage.urls["orchestrator"], stage.key) as wire:
        samples = await interleave(
            {
                "creating": _creating(wire, idle),
                "no action": calling(wire, "POST", route(running), {}),
            },
            rounds=rounds,
            calls=calls,
            seconds=stage.seconds,
            warm_up=1,
        )
    name = "orchestrate, creating a sprint and a CronJob, beside no action"
    return [p50_figure(name, samples["creating"], samples["no action"], at_most(6))]


# The pace of `projects.PAST` is a little above it.
OF_TEN_TASKS: dict[str, object] = {"options": {"max_tasks_per_sprint": 10}}


def route(project_id: str) -> str:
    return f"/orchestrate/project/{project_id}"


def _creating(wire: Wire, idle: list[str]) -> Path:
    remaining = iter(idle)

    async def create() -> None:
        answer = orjson.loads(await wire.call("POST", route(next(remaining)), OF_TEN_TASKS))
        created = answer["created"] or {}
        if len(created.get("tasks", [])) != 10 or created.get("cronjob") is None:
            raise RuntimeError(f"not a sprint of ten tasks with a CronJob: {answer}")

    return create


async def _new_projects(stage: Stage, count: int) -> list[str]:
    """Projects that need a sprint; their names are new in a kept data folder too."""
    stage.say(f"creating {count} projects")
    prefix = f"B{int(time() * 1000):X}"
    names = [f"{prefix}-{number:03d}" for number in range(count)]
    async with open_services(stage) as services:
        await projects.create_team(services)
        await projects.create_projects(services, names, TASKS)
    return names


async def _running_projects(stage: Stage, count: int) -> list[str]:
    """Projects whose sprint has just been created: nothing is left to do."""
    names = await _new_projects(stage, count)
    async with open_wire(stage.urls["orchestrator"], stage.key) as wire:
        for name in names:
            await wire.call("POST", route(name), {})
    return names
