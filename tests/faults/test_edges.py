"""Faulty peers: a service answers 503, or decides without the peer and names it."""

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
    """Start processes that reach each other through proxies only."""
    async with AsyncExitStack() as stack:
        proxies_by_edge = {
            (of, to): await stack.enter_async_context(proxying(fleet.urls[to], seconds=0.3))
            for of, to in EDGES
        }
        fleet.detours = {edge: proxy.url for edge, proxy in proxies_by_edge.items()}
        names = ("project", "backlog", "chronicle", "sprint", "orchestrator")
        await fleet.start(*names, peer_timeout_seconds=PEER_TIMEOUT_SECONDS, patience=1)
        yield proxies_by_edge


def _request(edge: Edge, project: str) -> tuple[str, str, str, Any]:
    """Return a request that makes the caller call its peer."""
    if edge[0] == "backlog":
        return ("backlog", "POST", f"/backlogs/{project}/tasks", {"title": "One more"})
    if edge[0] == "sprint":
        return ("sprint", "POST", f"/sprints/{project}", {})
    return ("orchestrator", "POST", f"/orchestrate/project/{project}", {})


async def call_over_faulty_edge(
    fleet: Fleet, stores: Stores, proxy: FaultProxy, edge: Edge, mode: Mode
) -> list[str]:
    """Send a request over a faulty edge, then repeat it over a good one; list violations."""
    project = f"E{next(_numbers)}-{mode.replace('_', '-')}".upper()
    await fleet.create_project(project, 2, ["ann"])
    request = _request(edge, project)
    proxy.set(mode)
    start = time.monotonic()
    answer = await fleet.call(*request, key=project)
    took = time.monotonic() - start
    proxy.set("pass")
    violations = _answer_violations(answer, took)

    async def answered() -> bool:
        return (await fleet.call(*request, key=project)).is_success

    await until(answered, f"{project} answered again", 15)
    violations += await stores.wait_until_quiet()
    sprints = await stores.rows("sprint", "SELECT id FROM sprints WHERE project_id = %s", project)
    running = await stores.rows(
        "sprint",
        "SELECT id FROM sprints WHERE project_id = %s AND status = 'in_progress'",
        project,
    )
    if edge[0] != "backlog" and len(running) != 1:
        violations.append(f"sprints afterwards: {sprints}, of these in progress: {running}")
    tasks = await stores.rows("backlog", "SELECT 1 FROM tasks WHERE project_id = %s", project)
    if len(tasks) != (3 if edge[0] == "backlog" else 2):
        violations.append(f"{len(tasks)} tasks afterwards")
    return [f"{edge} {mode}: {violation}" for violation in violations]


def _answer_violations(answer: httpx.Response, took: float) -> list[str]:
    violations: list[str] = []
    if answer.status_code != 503 and not answer.is_success:
        violations.append(f"answered {answer.status_code}: {answer.text}")
    if answer.status_code == 503 and "Retry-After" not in answer.headers:
        violations.append("503 without Retry-After")
    if took > ANSWER_SECONDS:
        violations.append(f"took {took:.1f} s")
    return violations


async def call_over_faulty_edges(
    fleet: Fleet,
    stores: Stores,
    proxies: dict[Edge, FaultProxy],
    edges: Sequence[Edge],
    modes: Sequence[Mode],
) -> list[str]:
    violations: list[str] = []
    for edge in edges:
        for mode in modes:
            violations += await call_over_faulty_edge(fleet, stores, proxies[edge], edge, mode)
    return violations + await stores.violations()


@pytest.mark.faults
@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: "-".join(edge))
async def test_services_survive_every_fault_of_a_peer(
    fleet: Fleet,
    stores: Stores,
    proxies: dict[Edge, FaultProxy],
    edge: Edge,
    record_property: Any,
) -> None:
    assert await call_over_faulty_edges(fleet, stores, proxies, [edge], MODES) == []
    record_property("counted", {"requests over bad edges": len(MODES)})
