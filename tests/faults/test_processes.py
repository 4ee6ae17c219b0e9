"""Processes and stores harmed one at a time: what was begun is finished once, or undone."""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.local.servers import EmbeddedServers
from tests.faults import ledger
from tests.faults.failpoints import NODES, SAGA, UNDOING, points
from tests.faults.fleet import Fleet, until
from tests.faults.invariants import Stores
from tests.faults.ledger import Ledger
from tests.faults.scenarios import Scenario, racing_creators, redis_lost
from tests.faults.weather import restart_postgres

BACK_SECONDS = 5

# Between two nodes a process that dies leaves the same behind as before the second.
_AFTER_NODES = {f"node.{node}:after" for node in NODES}
_ORCHESTRATOR = [(point, 1) for point in points("orchestrator")] + [
    ("effect:before", 2),
    ("effect:after", 2),
]
QUICK = [each for each in _ORCHESTRATOR if each[0] not in _AFTER_NODES]
REST = [each for each in _ORCHESTRATOR if each[0] in _AFTER_NODES]


@pytest.fixture(scope="module")
async def town(fleet: Fleet) -> AsyncIterator[Fleet]:
    await fleet.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    yield fleet


async def test_sprint_killed_at_any_step_is_completed_once(
    town: Fleet, stores: Stores, record_property: Any
) -> None:
    for step in SAGA:
        project = f"SAGA-{step.upper()}"
        await town.found(project, 3, ["ann"])
        request = ("sprint", "POST", f"/sprints/{project}", {})
        assert await town.killed("sprint", f"saga.{step}", *request, key=project) is None
    assert await stores.quiet() == []
    for step in SAGA:
        project = f"SAGA-{step.upper()}"
        again = await town.call("sprint", "POST", f"/sprints/{project}", {}, key=project)
        assert (again.status_code, again.json()["sprint_id"]) == (201, f"{project}-S01")
        assert again.json()["assigned_tasks_count"] == 3
    assert await stores.broken() == []
    record_property("counted", {"kills at saga steps": len(SAGA)})


async def test_undoing_killed_at_any_step_is_undone(
    town: Fleet, stores: Stores, record_property: Any
) -> None:
    """The backlog has no free task, so that the sprint is undone; the undoing dies."""
    for step in UNDOING:
        project = f"UNDO-{step.upper()}"
        await town.call("project", "POST", "/projects", {"id": project, "name": project})
        request = ("sprint", "POST", f"/sprints/{project}", {})
        assert await town.killed("sprint", f"saga.{step}", *request, key=project) is None
    assert await stores.quiet() == []
    for step in UNDOING:
        project = f"UNDO-{step.upper()}"
        await town.call("backlog", "POST", f"/backlogs/{project}/tasks", {"title": "Late"})
        again = await town.call("sprint", "POST", f"/sprints/{project}", {}, key=project)
        assert again.status_code == 201, again.text
    assert await stores.quiet() == []
    assert await stores.broken() == []
    record_property("counted", {"kills at saga steps": len(UNDOING)})


@pytest.mark.parametrize(
    ("service", "point"),
    [
        ("sprint", "relay.batch:before"),
        ("sprint", "relay.sent"),
        ("sprint", "relay.batch:after"),
        ("sprint", "relay.confirm:before"),
        ("sprint", "relay.confirm:after"),
        ("sprint", "delivery.send:before"),
        ("sprint", "delivery.send:after"),
        ("backlog", "inbox.apply:before"),
        ("backlog", "inbox.apply:after"),
        ("backlog", "inbox.settle:before"),
        ("backlog", "inbox.settle:after"),
    ],
)
async def test_events_and_notes_survive_whoever_carries_them(
    town: Fleet, stores: Stores, record_property: Any, service: str, point: str
) -> None:
    project = f"CARRY-{point.upper().replace('.', '-').replace(':', '-')}"
    await town.found(project, 2, ["ann"])
    request = ("sprint", "POST", f"/sprints/{project}", {})
    answer = await town.killed(service, point, *request, key=project, background=True)
    assert answer is not None or service == "sprint"
    assert await stores.quiet() == []
    assert await stores.broken() == []
    record_property("counted", {"kills around events": 1})


async def test_backlog_killed_after_its_reservation_loses_none(
    town: Fleet, stores: Stores, record_property: Any
) -> None:
    """The backlog has reserved, and dies before it says so."""
    await town.found("UNSAID", 3, ["ann"])
    request = ("sprint", "POST", "/sprints/UNSAID", {})
    refused = await town.killed("backlog", "answer", *request, key="unsaid")
    assert refused is not None
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    assert await stores.quiet() == []
    assert await stores.broken() == []
    again = await town.call("sprint", "POST", "/sprints/UNSAID", {}, key="unsaid")
    assert again.status_code == 201, again.text
    record_property("counted", {"kills before an answer": 1})


async def orchestrations_killed_at(
    town: Fleet, stores: Stores, where: list[tuple[str, int]], prefix: str
) -> list[str]:
    """One project each: its orchestration is killed there. Afterwards each has one sprint.

    Returns what is broken in the end.
    """
    projects = [f"{prefix}{number}" for number in range(len(where))]
    for project, (point, passage) in zip(projects, where, strict=True):
        await town.found(project, 3, ["ann"])
        request = ("orchestrator", "POST", f"/orchestrate/project/{project}", {})
        background = point.startswith("journal.")
        await town.killed("orchestrator", point, *request, passage=passage, background=background)
    assert await stores.quiet(30) == []
    assert await stores.broken() == []
    for project, point in zip(projects, where, strict=True):
        again = await town.orchestrate(project)
        assert again.status_code == 200, f"{point}: {again.text}"
    assert await stores.quiet() == []
    for project, point in zip(projects, where, strict=True):
        rows = await stores.rows(
            "sprint", "SELECT id, status FROM sprints WHERE project_id = %s", project
        )
        assert rows == [(f"{project}-S01", "in_progress")], point
        jobs = await stores.rows(
            "orchestrator", "SELECT sprint_id FROM schedules WHERE project_id = %s", project
        )
        assert jobs == [(f"{project}-S01",)], point
    return await stores.broken()


async def test_orchestration_killed_anywhere_acts_once(
    town: Fleet, stores: Stores, record_property: Any
) -> None:
    assert await orchestrations_killed_at(town, stores, QUICK, "NODE") == []
    record_property("counted", {"kills of the orchestrator": len(QUICK)})


@pytest.mark.faults
async def test_orchestration_killed_between_nodes_acts_once(
    town: Fleet, stores: Stores, record_property: Any
) -> None:
    assert await orchestrations_killed_at(town, stores, REST, "BETWEEN") == []
    record_property("counted", {"kills of the orchestrator": len(REST)})


async def test_decision_survives_the_process_that_answered(town: Fleet, stores: Stores) -> None:
    """Killed right after the answer: the episode is kept."""
    await town.found("ANSWERED", 2, ["ann"])
    request = ("orchestrator", "POST", "/orchestrate/project/ANSWERED", {})
    await town.killed("orchestrator", "run.finish:after", *request)
    assert await stores.quiet() == []
    kept = await stores.rows(
        "orchestrator", "SELECT count(*) FROM episodes WHERE project_id = 'ANSWERED'"
    )
    assert kept == [(1,)]


@pytest.mark.parametrize("scenario", [racing_creators, redis_lost])
async def test_one_fault_leaves_nothing_broken(
    town: Fleet, stores: Stores, servers: EmbeddedServers, scenario: Scenario
) -> None:
    project = scenario.__name__.upper().replace("_", "-")
    assert await scenario(town, stores, servers, project) == []


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGINT, id="restarted", marks=pytest.mark.faults),
        pytest.param(signal.SIGQUIT, id="crashed"),
    ],
)
async def test_postgres_comes_back_with_everything_acknowledged(
    town: Fleet,
    stores: Stores,
    servers: EmbeddedServers,
    how: signal.Signals,
    record_property: Any,
) -> None:
    """Two teams write while it goes away; within five seconds of its return they go on."""
    kept, stop = Ledger(), asyncio.Event()
    teams = [f"PG-{how.name}-{team}" for team in range(2)]
    for team in teams:
        await town.found(team, 0, ["ann"])

    async def more_is_acknowledged() -> bool:
        return len(kept.acknowledged.get("progress", ())) >= 3 + before

    before = 0
    async with asyncio.TaskGroup() as work:
        for team in teams:
            work.create_task(ledger.sprints(town, kept, team, stop))
        await until(more_is_acknowledged, "some work")
        await asyncio.to_thread(restart_postgres, servers, how)
        before = len(kept.acknowledged["progress"])
        back = await until(more_is_acknowledged, "work after the restart")
        stop.set()
    assert back < BACK_SECONDS
    assert await stores.quiet() == []
    counted = await kept.audit(stores)
    assert (counted["lost writes"], counted["duplicated writes"]) == (0, 0)
    assert kept.internal_errors == []
    assert await stores.broken() == []
    record_property("counted", counted)
