"""A peer that refuses, hangs, lies or loses its answer: a clear 503 or a decision that says so."""

import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tests.faults.fleet import Fleet, until
from tests.faults.invariants import Stores
from tests.faults.proxy import MODES, FaultProxy, Mode, proxying

Edge = tuple[str, str]

EDGES: tuple[Edge, ...] = (
    ("backlog", "project"),
    ("sprint", "project"),
    ("sprint", "backlog"),
    ("sprint", "chronicle"),
    ("orchestrator", "project"),
    ("orchestrator", "backlog"),
    ("orchestrator", "sprint"),
    ("orchestrator", "chronicle"),
    ("orchestrator", "embedding"),
)
# A call and its retries by recall take longer than the peer's timeout, but not much.
PEER_TIMEOUT_SECONDS = 0.5
ANSWER_SECONDS = 8.0
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def proxies(fleet: Fleet) -> AsyncIterator[dict[Edge, FaultProxy]]:
    """Processes that reach each other through proxies only."""
    async with AsyncExitStack() as stack:
        made = {
            (of, to): await stack.enter_async_context(proxying(fleet.urls[to], seconds=0.3))
            for of, to in EDGES
        }
        fleet.detours = {edge: proxy.url for edge, proxy in made.items()}
        names = ("project", "backlog", "chronicle", "sprint", "orchestrator")
        await fleet.start(*names, peer_timeout_seconds=PEER_TIMEOUT_SECONDS, patience=1)
        yield made


def _request(edge: Edge, project: str) -> tuple[str, str, str, Any]:
    """A request that crosses the edge."""
    if edge[0] == "backlog":
        return ("backlog", "POST", f"/backlogs/{project}/tasks", {"title": "One more"})
    if edge[0] == "sprint":
        return ("sprint", "POST", f"/sprints/{project}", {})
    return ("orchestrator", "POST", f"/orchestrate/project/{project}", {})


async def crossed(
    fleet: Fleet, stores: Stores, proxy: FaultProxy, edge: Edge, mode: Mode
) -> list[str]:
    """Cross a bad edge, then a good one with the same key; what was wrong, one line each."""
    project = f"E{next(_numbers)}-{mode.replace('_', '-')}".upper()
    await fleet.found(project, 2, ["ann"])
    request = _request(edge, project)
    proxy.set(mode)
    began = time.monotonic()
    answer = await fleet.call(*request, key=project)
    took = time.monotonic() - began
    proxy.set("pass")
    wrong = _what_is_wrong(answer, took)

    async def answered() -> bool:
        return (await fleet.call(*request, key=project)).is_success

    await until(answered, f"{project} answered again", 15)
    wrong += await stores.quiet()
    found = await stores.rows("sprint", "SELECT id FROM sprints WHERE project_id = %s", project)
    alive = await stores.rows(
        "sprint",
        "SELECT id FROM sprints WHERE project_id = %s AND status = 'in_progress'",
        project,
    )
    if edge[0] != "backlog" and len(alive) != 1:
        wrong.append(f"sprints afterwards: {found}, of these in progress: {alive}")
    tasks = await stores.rows("backlog", "SELECT 1 FROM tasks WHERE project_id = %s", project)
    if len(tasks) != (3 if edge[0] == "backlog" else 2):
        wrong.append(f"{len(tasks)} tasks afterwards")
    return [f"{edge} {mode}: {each}" for each in wrong]


def _what_is_wrong(answer: httpx.Response, took: float) -> list[str]:
    wrong: list[str] = []
    if answer.status_code != 503 and not answer.is_success:
        wrong.append(f"answered {answer.status_code}: {answer.text}")
    if answer.status_code == 503 and "Retry-After" not in answer.headers:
        wrong.append("503 without Retry-After")
    if took > ANSWER_SECONDS:
        wrong.append(f"took {took:.1f} s")
    return wrong


async def all_crossed(
    fleet: Fleet,
    stores: Stores,
    proxies: dict[Edge, FaultProxy],
    edges: Sequence[Edge],
    modes: Sequence[Mode],
) -> list[str]:
    wrong: list[str] = []
    for edge in edges:
        for mode in modes:
            wrong += await crossed(fleet, stores, proxies[edge], edge, mode)
    return wrong + await stores.broken()


@pytest.mark.faults
@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: "-".join(edge))
async def test_every_fault_of_an_edge_is_survived(
    fleet: Fleet,
    stores: Stores,
    proxies: dict[Edge, FaultProxy],
    edge: Edge,
    record_property: Any,
) -> None:
    assert await all_crossed(fleet, stores, proxies, [edge], MODES) == []
    record_property("counted", {"requests over bad edges": len(MODES)})
