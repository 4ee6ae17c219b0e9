"""Reservations without a sprint, and sprints without their reservation, are repaired."""

from typing import Any

import pytest

from domain_services.backlog.schema import ReservationCreate
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.sprint.logic import reconciling
from domain_services.sprint.logic.planning import Planner
from domain_services.sprint.logic.reconciling import Reconciler
from domain_services.sprint.schema import ProgressReport, SprintCreate
from domain_services.sprint.settings import SprintSettings
from tests.services.sprint.conftest import Town, eventually
from tests.services.sprint.test_sprint_saga import Killed, kill_at

VERSIONS = "SELECT task_id, version FROM sprint_tasks ORDER BY task_id"


@pytest.fixture
def sprint_settings(sprint_settings: SprintSettings) -> SprintSettings:
    return sprint_settings.model_copy(update={"reconcile_seconds": 0.05})


async def reserve(town: Town, sprint_id: str, *task_ids: str) -> None:
    """Reserve tasks by hand, as an admin may."""
    body = ReservationCreate(sprint_id=sprint_id, task_ids=list(task_ids))
    await town.backlog.reserve(sprint_id.rpartition("-S")[0], body)


async def reserved_counts(town: Town) -> dict[str, int]:
    return {group.sprint_id: group.tasks for group in await town.backlog.list_reservations()}


async def agree(town: Town, **tasks: int) -> None:
    """Wait until the backlog holds so many tasks of each sprint, and of no other."""
    expected = {name.replace("_", "-"): count for name, count in tasks.items()}

    async def holds() -> bool:
        return await reserved_counts(town) == expected

    await eventually(holds)


def test_both_agree_within_ten_seconds_by_default() -> None:
    # Two comparisons show a difference; the events of a repair arrive within a second.
    assert 3 * SprintSettings().reconcile_seconds < 10


async def test_a_release_by_hand_is_undone(town: Town) -> None:
    await town.create_project("P1", "E1")
    first, second, *_ = await town.plan("P1", 3)
    await town.sprint.create_sprint("P1", SprintCreate(task_ids=[first, second]))
    await town.sprint.report_progress(first, ProgressReport(progress_percentage=100))
    await town.sprint.report_progress(second, ProgressReport(progress_percentage=40))
    await town.backlog_is_up_to_date()
    await town.backlog.release("P1", "P1-S01")
    await agree(town, P1_S01=2)
    await town.backlog_is_up_to_date()
    tasks = await town.backlog_of("P1")
    assert [(tasks[i].status, tasks[i].progress_percentage) for i in (first, second)] == [
        ("completed", 100),
        ("in_progress", 40),
    ]
    await town.sprint.close_sprint("P1-S01")
    await town.backlog_is_up_to_date()
    assert await reserved_counts(town) == {}


async def test_a_reservation_for_no_sprint_is_released(town: Town) -> None:
    await town.create_project("P1", "E1")
    task_ids = await town.plan("P1", 3)
    await reserve(town, "P1-S77", *task_ids[:2])
    await agree(town)
    tasks = await town.backlog_of("P1")
    assert {task.status for task in tasks.values()} == {"unassigned"}


@pytest.mark.parametrize("end", ["close", "cancel"])
async def test_a_late_reservation_of_an_ended_sprint_is_released(town: Town, end: str) -> None:
    await town.create_project("P1", "E1")
    first, second = await town.plan("P1", 2)
    await town.sprint.create_sprint("P1", SprintCreate(task_ids=[first]))
    if end == "close":
        await town.sprint.close_sprint("P1-S01")
    else:
        await town.sprint.cancel_sprint("P1-S01")
    await town.backlog_is_up_to_date()
    await reserve(town, "P1-S01", second)
    await agree(town)
    assert (await town.backlog_of("P1"))[second].status == "unassigned"


async def test_agreement_costs_no_event(idle_town: Town) -> None:
    town = idle_town
    for project_id in ("P1", "P2"):
        await town.create_project(project_id, f"E-{project_id}")
        await town.plan(project_id, 2)
        await Planner(town.database, town.project, town.backlog).create(
            project_id, SprintCreate(), None, caller="admin"
        )
    before = await town.rows(VERSIONS), await town.rows("SELECT id FROM outbox ORDER BY id")
    await compare(town, times=6)
    assert before == (
        await town.rows(VERSIONS),
        await town.rows("SELECT id FROM outbox ORDER BY id"),
    )
    assert await reserved_counts(town) == {"P1-S01": 2, "P2-S01": 2}


@pytest.mark.parametrize("checkpoint", ["reserved", "compensating"])
async def test_a_creation_under_way_is_left_alone(idle_town: Town, checkpoint: str) -> None:
    town = idle_town
    await town.create_project("P1", "E1")
    task_ids = await town.plan("P1", 2)
    if checkpoint == "compensating":
        task_ids.append("P1-TASK900")
    planner = Planner(town.database, town.project, town.backlog, reach=kill_at(checkpoint))
    with pytest.raises(Killed):
        await planner.create("P1", SprintCreate(task_ids=task_ids), None, caller="admin")
    if checkpoint == "compensating":  # the reservation of a process that was paused arrives now
        await reserve(town, "P1-S01", *task_ids[:2])
    await compare(town, times=6)
    assert await reserved_counts(town) == {"P1-S01": 2}


async def test_a_difference_is_repaired_when_two_comparisons_show_it(idle_town: Town) -> None:
    town = idle_town
    await town.create_project("P1", "E1")
    (task_id,) = await town.plan("P1", 1)
    await reserve(town, "P1-S09", task_id)
    reconciler = Reconciler(town.database, town.backlog, seconds=1)
    await reconciler.compare()
    assert await reserved_counts(town) == {"P1-S09": 1}
    await reconciler.compare()
    assert await reserved_counts(town) == {}


async def test_events_on_their_way_are_waited_for(idle_town: Town) -> None:
    """Nothing relays the events of this town: what they release is not released twice."""
    town = idle_town
    await town.create_project("P1", "E1")
    await town.plan("P1", 2)
    await Planner(town.database, town.project, town.backlog).create(
        "P1", SprintCreate(), None, caller="admin"
    )
    await town.backlog.release("P1", "P1-S01")
    before = await town.rows(VERSIONS)
    await compare(town, times=4)
    assert await town.rows(VERSIONS) == before
    await town.rows("UPDATE outbox SET closed_at = now() RETURNING 1")
    await compare(town, times=2)
    assert [row.version for row in await town.rows(VERSIONS)] == [row.version + 1 for row in before]


async def test_events_that_are_set_aside_are_not_waited_for(idle_town: Town) -> None:
    town = idle_town
    await town.create_project("P1", "E1")
    await town.plan("P1", 2)
    await Planner(town.database, town.project, town.backlog).create(
        "P1", SprintCreate(), None, caller="admin"
    )
    await town.backlog.release("P1", "P1-S01")
    before = await town.rows(VERSIONS)
    await town.rows("UPDATE outbox SET set_aside_at = now() RETURNING 1")
    await compare(town, times=2)
    assert [row.version for row in await town.rows(VERSIONS)] == [row.version + 1 for row in before]


async def test_comparison_that_is_refused_is_a_failure_of_its_loop(
    idle_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(**_: Any) -> Any:
        raise PeerRefused("backlog", status, {})

    monkeypatch.setattr(idle_town.backlog, "list_reservations", refuse)
    reconciler = Reconciler(idle_town.database, idle_town.backlog, seconds=1)
    status = 404  # of the release before, which has no such route
    assert not await reconciler.compare()
    status = 403
    with pytest.raises(PeerRefused):
        await reconciler.compare()


async def test_every_page_is_compared(idle_town: Town, monkeypatch: Any) -> None:
    town = idle_town
    monkeypatch.setattr(reconciling, "PAGE", 2)
    for number in range(1, 6):
        project_id = f"P{number}"
        await town.create_project(project_id, f"E-{project_id}")
        (task_id,) = await town.plan(project_id, 1)
        if number == 3:
            await reserve(town, "P3-S55", task_id)
            continue
        await Planner(town.database, town.project, town.backlog).create(
            project_id, SprintCreate(), None, caller="admin"
        )
    await town.rows("UPDATE outbox SET closed_at = now() RETURNING 1")
    await town.backlog.release("P5", "P5-S01")
    await compare(town, times=2)
    assert await reserved_counts(town) == {"P1-S01": 1, "P2-S01": 1, "P4-S01": 1}
    again = await town.rows("SELECT payload FROM outbox WHERE closed_at IS NULL")
    assert [row.payload["event_data"]["sprint_id"] for row in again] == ["P5-S01"]


async def compare(town: Town, *, times: int) -> None:
    """Walk through all pages so many times."""
    reconciler = Reconciler(town.database, town.backlog, seconds=1)
    for _ in range(times):
        while await reconciler.compare():
            pass
