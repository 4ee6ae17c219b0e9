"""Single faults of processes and stores: started work is finished once, or undone."""

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

# A process that dies between two nodes stores the same as one that dies before the second.
_AFTER_NODES = {f"node.{node}:after" for node in NODES}
_ORCHESTRATOR = [(point, 1) for point in points("orchestrator")] + [
    ("effect:before", 2),
    ("effect:after", 2),
]
QUICK = [point for point in _ORCHESTRATOR if point[0] not in _AFTER_NODES]
REST = [point for point in _ORCHESTRATOR if point[0] in _AFTER_NODES]


@pytest.fixture(scope="module")
async def running_fleet(fleet: Fleet) -> AsyncIterator[Fleet]:
    await fleet.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    yield fleet


async def test_sprint_creation_killed_at_any_step_is_completed_once(
    running_fleet: Fleet, stores: Stores, record_property: Any
) -> None:
    for step in SAGA:
        project = f"SAGA-{step.upper()}"
        await running_fleet.create_project(project, 3, ["ann"])
        request = ("sprint", "POST", f"/sprints/{project}", {})
        assert (
            await running_fleet.call_and_kill("sprint", f"saga.{step}", *request, key=project)
            is None
        )
    assert await stores.wait_until_quiet() == []
    for step in SAGA:
        project = f"SAGA-{step.upper()}"
        repeated = await running_fleet.call(
            "sprint", "POST", f"/sprints/{project}", {}, key=project
        )
        assert (repeated.status_code, repeated.json()["sprint_id"]) == (201, f"{project}-S01")
        assert repeated.json()["assigned_tasks_count"] == 3
    assert await stores.violations() == []
    record_property("counted", {"kills at saga steps": len(SAGA)})


async def test_compensation_killed_at_any_step_is_completed(
    running_fleet: Fleet, stores: Stores, record_property: Any
) -> None:
    """The backlog has no free task, so the saga compensates; the compensation dies."""
    for step in UNDOING:
        project = f"UNDO-{step.upper()}"
        await running_fleet.call("project", "POST", "/projects", {"id": project, "name": project})
        request = ("sprint", "POST", f"/sprints/{project}", {})
        assert (
            await running_fleet.call_and_kill("sprint", f"saga.{step}", *request, key=project)
            is None
        )
    assert await stores.wait_until_quiet() == []
    for step in UNDOING:
        project = f"UNDO-{step.upper()}"
        await running_fleet.call("backlog", "POST", f"/backlogs/{project}/tasks", {"title": "Late"})
        repeated = await running_fleet.call(
            "sprint", "POST", f"/sprints/{project}", {}, key=project
        )
        assert repeated.status_code == 201, repeated.text
    assert await stores.wait_until_quiet() == []
    assert await stores.violations() == []
    record_property("counted", {"kills at saga steps": len(UNDOING)})


@pytest.mark.parametrize(
    ("service", "point"),
    [
        ("sprint", "relay.batch:before"),
        ("sprint", "relay.sent"),
        ("sprint", "relay.batch:after"),
        ("sprint", "relay.publish:before"),
        ("sprint", "relay.publish:after"),
        ("sprint", "relay.confirm:before"),
        ("sprint", "relay.confirm:after"),
        ("sprint", "delivery.send:before"),
        ("sprint", "delivery.send:after"),
        ("backlog", "inbox.apply:before"),
        ("backlog", "inbox.apply:after"),
        ("backlog", "inbox.acknowledge:before"),
        ("backlog", "inbox.acknowledge:after"),
    ],
)
async def test_events_and_retrospectives_survive_the_death_of_their_sender_or_reader(
    running_fleet: Fleet, stores: Stores, record_property: Any, service: str, point: str
) -> None:
    project = f"MESSAGE-{point.upper().replace('.', '-').replace(':', '-')}"
    await running_fleet.create_project(project, 2, ["ann"])
    request = ("sprint", "POST", f"/sprints/{project}", {})
    answer = await running_fleet.call_and_kill(
        service, point, *request, key=project, background=True
    )
    assert answer is not None or service == "sprint"
    assert await stores.wait_until_quiet() == []
    assert await stores.violations() == []
    record_property("counted", {"kills around events": 1})


async def test_reservation_survives_a_backlog_killed_before_its_answer(
    running_fleet: Fleet, stores: Stores, record_property: Any
) -> None:
    """The backlog stores the reservation and dies before it answers."""
    await running_fleet.create_project("UNANSWERED", 3, ["ann"])
    request = ("sprint", "POST", "/sprints/UNANSWERED", {})
    refused = await running_fleet.call_and_kill("backlog", "answer", *request, key="unanswered")
    assert refused is not None
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    assert await stores.wait_until_quiet() == []
    assert await stores.violations() == []
    repeated = await running_fleet.call(
        "sprint", "POST", "/sprints/UNANSWERED", {}, key="unanswered"
    )
    assert repeated.status_code == 201, repeated.text
    record_property("counted", {"kills before an answer": 1})


async def kill_orchestrations(
    running_fleet: Fleet, stores: Stores, failpoints: list[tuple[str, int]], prefix: str
) -> list[str]:
    """Kill one orchestration at each failpoint, each of its own project; return violations.

    Afterwards each project has one sprint and one CronJob.
    """
    projects = [f"{prefix}{number}" for number in range(len(failpoints))]
    for project, (point, passage) in zip(projects, failpoints, strict=True):
        await running_fleet.create_project(project, 3, ["ann"])
        request = ("orchestrator", "POST", f"/orchestrate/project/{project}", {})
        background = point.startswith("journal.")
        await running_fleet.call_and_kill(
            "orchestrator", point, *request, passage=passage, background=background
        )
    assert await stores.wait_until_quiet(30) == []
    assert await stores.violations() == []
    for project, point in zip(projects, failpoints, strict=True):
        repeated = await running_fleet.orchestrate(project)
        assert repeated.status_code == 200, f"{point}: {repeated.text}"
    assert await stores.wait_until_quiet() == []
    for project, point in zip(projects, failpoints, strict=True):
        rows = await stores.rows(
            "sprint", "SELECT id, status FROM sprints WHERE project_id = %s", project
        )
        assert rows == [(f"{project}-S01", "in_progress")], point
        jobs = await stores.rows(
            "orchestrator", "SELECT sprint_id FROM schedules WHERE project_id = %s", project
        )
        assert jobs == [(f"{project}-S01",)], point
    return await stores.violations()


async def test_orchestration_killed_anywhere_acts_once(
    running_fleet: Fleet, stores: Stores, record_property: Any
) -> None:
    assert await kill_orchestrations(running_fleet, stores, QUICK, "NODE") == []
    record_property("counted", {"kills of the orchestrator": len(QUICK)})


@pytest.mark.faults
async def test_orchestration_killed_between_nodes_acts_once(
    running_fleet: Fleet, stores: Stores, record_property: Any
) -> None:
    assert await kill_orchestrations(running_fleet, stores, REST, "BETWEEN") == []
    record_property("counted", {"kills of the orchestrator": len(REST)})


async def test_decision_survives_the_process_that_answered(
    running_fleet: Fleet, stores: Stores
) -> None:
    """Killed right after its last transaction: the episode is stored."""
    await running_fleet.create_project("ANSWERED", 2, ["ann"])
    request = ("orchestrator", "POST", "/orchestrate/project/ANSWERED", {})
    await running_fleet.call_and_kill("orchestrator", "run.finish:after", *request)
    assert await stores.wait_until_quiet() == []
    episodes = await stores.rows(
        "orchestrator", "SELECT count(*) FROM episodes WHERE project_id = 'ANSWERED'"
    )
    assert episodes == [(1,)]


@pytest.mark.parametrize("scenario", [racing_creators, redis_lost])
async def test_invariants_hold_after_one_fault(
    running_fleet: Fleet, stores: Stores, servers: EmbeddedServers, scenario: Scenario
) -> None:
    project = scenario.__name__.upper().replace("_", "-")
    assert await scenario(running_fleet, stores, servers, project) == []


@pytest.mark.parametrize(
    "stop_signal",
    [
        pytest.param(signal.SIGINT, id="restarted", marks=pytest.mark.faults),
        pytest.param(signal.SIGQUIT, id="crashed"),
    ],
)
async def test_no_acknowledged_write_is_lost_by_a_restart_of_postgres(
    running_fleet: Fleet,
    stores: Stores,
    servers: EmbeddedServers,
    stop_signal: signal.Signals,
    record_property: Any,
) -> None:
    """Two teams write during the restart and go on within five seconds of its end."""
    writes, stop = Ledger(), asyncio.Event()
    teams = [f"PG-{stop_signal.name}-{team}" for team in range(2)]
    for team in teams:
        await running_fleet.create_project(team, 0, ["ann"])

    async def more_is_acknowledged() -> bool:
        return len(writes.acknowledged.get("progress", ())) >= 3 + before

    before = 0
    async with asyncio.TaskGroup() as work:
        for team in teams:
            work.create_task(ledger.sprints(running_fleet, writes, team, stop))
        await until(more_is_acknowledged, "some work")
        await asyncio.to_thread(restart_postgres, servers, stop_signal)
        before = len(writes.acknowledged["progress"])
        back = await until(more_is_acknowledged, "work after the restart")
        stop.set()
    assert back < BACK_SECONDS
    assert await stores.wait_until_quiet() == []
    counted = await writes.audit(stores)
    assert (counted["lost writes"], counted["duplicated writes"]) == (0, 0)
    assert writes.internal_errors == []
    assert await stores.violations() == []
    record_property("counted", counted)
