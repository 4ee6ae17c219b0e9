"""A sprint's creation that dies at every checkpoint, and what the recovery makes of it."""

from typing import Any

import pytest

from domain_services.kernel.database import set_aside
from domain_services.kernel.errors import Unavailable
from domain_services.sprint.logic import saga
from domain_services.sprint.logic.planning import NoUnassignedTasks, Planner
from domain_services.sprint.schema import SprintCreate, SprintCreated
from tests.ports import free_port
from tests.services.sprint.conftest import Town

FORWARD = ("opened", "reserved", "written", "started")
BACKWARD = ("compensating", "released", "cancelled")


class Killed(BaseException):
    """The process ended here: nothing of it runs any more."""


def kill_at(checkpoint: str) -> Any:
    def reach(reached: str) -> None:
        if reached == checkpoint:
            raise Killed

    return reach


async def recover(town: Town, planner: Planner) -> bool:
    """Let the leases run out, then recover what there is."""
    await town.rows("UPDATE sprints SET lease_until = now() - interval '1 second' RETURNING 1")
    recovered = False
    while await planner.recover_one():
        recovered = True
    return recovered


async def assert_whole(town: Town, sprint_id: str | None) -> None:
    """The backlog and the sprint database agree, and nothing is unfinished."""
    rows = await town.rows("SELECT sprint_id, task_id FROM sprint_tasks")
    in_backlog = {i: task.sprint_id for i, task in (await town.backlog_of("P1")).items()}
    assert {i for i, of in in_backlog.items() if of is not None} == {row.task_id for row in rows}
    assert {of for of in in_backlog.values() if of is not None} <= {sprint_id}
    running = await town.rows("SELECT id FROM sprints WHERE status = 'in_progress'")
    assert [row.id for row in running] == ([] if sprint_id is None else [sprint_id])
    assert await town.rows("SELECT 1 FROM sprints WHERE status = 'planned'") == []


@pytest.mark.parametrize("checkpoint", FORWARD)
async def test_killed_creation_is_completed_once(idle_town: Town, checkpoint: str) -> None:
    town = idle_town
    await town.create_project("P1", "E1", "E2")
    ids = await town.plan("P1", 4)
    request = SprintCreate(task_ids=ids[:3], duration_weeks=1)
    with pytest.raises(Killed):
        await Planner(town.database, town.project, town.backlog, reach=kill_at(checkpoint)).create(
            "P1", request, "k", caller="admin"
        )
    planner = Planner(town.database, town.project, town.backlog)
    assert await recover(town, planner) == (checkpoint != "started")
    await assert_whole(town, "P1-S01")
    events = await town.rows("SELECT payload->>'event_type' AS kind FROM outbox")
    assert sorted(row.kind for row in events) == ["SPRINT_STARTED"] + ["TASK_UPDATED"] * 3
    assert len(await town.rows("SELECT 1 FROM deliveries")) == 1
    again: SprintCreated = await planner.create("P1", request, "k", caller="admin")
    assert (again.sprint_id, again.assigned_tasks_count) == ("P1-S01", 3)


@pytest.mark.parametrize("checkpoint", BACKWARD)
async def test_killed_compensation_is_completed(idle_town: Town, checkpoint: str) -> None:
    town = idle_town
    await town.create_project("P1", "E1")
    reach = kill_at(checkpoint)
    with pytest.raises(Killed):
        await Planner(town.database, town.project, town.backlog, reach=reach).create(
            "P1", SprintCreate(), "k", caller="admin"
        )
    await town.plan("P1", 2)
    planner = Planner(town.database, town.project, town.backlog)
    assert await recover(town, planner) == (checkpoint != "cancelled")
    await assert_whole(town, None)
    created = await planner.create("P1", SprintCreate(), "k", caller="admin")
    await assert_whole(town, created.sprint_id)


async def test_abandoned_creation_whose_tasks_are_gone_is_undone(idle_town: Town) -> None:
    town = idle_town
    await town.create_project("P1", "E1")
    ids = await town.plan("P1", 2)
    with pytest.raises(Killed):
        await Planner(town.database, town.project, town.backlog, reach=kill_at("opened")).create(
            "P1", SprintCreate(task_ids=[*ids, "P1-TASK900"]), None, caller="admin"
        )
    planner = Planner(town.database, town.project, town.backlog)
    assert await recover(town, planner)
    await assert_whole(town, None)


async def abandon(town: Town, project_id: str) -> str:
    """Leave a sprint's creation as a process that dies leaves it; return the sprint's id."""
    await town.create_project(project_id, f"E-{project_id}")
    await town.plan(project_id, 1)
    with pytest.raises(Killed):
        await Planner(town.database, town.project, town.backlog, reach=kill_at("opened")).create(
            project_id, SprintCreate(), None, caller="admin"
        )
    return f"{project_id}-S01"


async def test_unreadable_saga_delays_no_other_and_is_set_aside(idle_town: Town) -> None:
    town = idle_town
    bad, good = await abandon(town, "P1"), await abandon(town, "P2")
    await town.rows("""UPDATE sprints SET request = '{"a": 1}' WHERE id = 'P1-S01' RETURNING 1""")
    planner = Planner(town.database, town.project, town.backlog, tries=2)
    assert await recover(town, planner)
    [row] = await town.rows("SELECT * FROM sprints WHERE id = 'P2-S01'")
    assert (row.id, row.status) == (good, "in_progress")
    [row] = await town.rows("SELECT * FROM sprints WHERE id = 'P1-S01'")
    assert (row.status, row.saga_tries, row.saga_set_aside_at) == ("planned", 1, None)
    assert await recover(town, planner)
    async with town.database.transaction() as connection:
        [item] = await set_aside.list_items(connection, [saga.KIND], 10)
        assert (item.id, item.tries) == (bad, 2)
        assert "ValidationError" in item.error
        assert not await recover(town, planner)
        await set_aside.discard(connection, saga.KIND, bad)
    # The project is free again.
    sprint = await planner.create("P1", SprintCreate(), None, caller="admin")
    assert sprint.sprint_id == "P1-S02"


async def test_lease_that_runs_is_left_alone(idle_town: Town) -> None:
    town = idle_town
    await town.create_project("P1", "E1")
    await town.plan("P1", 1)
    with pytest.raises(Killed):
        await Planner(town.database, town.project, town.backlog, reach=kill_at("opened")).create(
            "P1", SprintCreate(), None, caller="admin"
        )
    planner = Planner(town.database, town.project, town.backlog)
    assert not await planner.recover_one()
    with pytest.raises(saga.SprintInProgress):
        await planner.create("P1", SprintCreate(), None, caller="admin")


async def test_paused_holder_changes_nothing_after_the_recovery(idle_town: Town) -> None:
    """The first process wakes up between its reservation and its last transaction."""
    town = idle_town
    await town.create_project("P1", "E1")
    await town.plan("P1", 2)
    rescuer = Planner(town.database, town.project, town.backlog)
    async with town.database.transaction() as connection:
        plan = saga.Plan(
            request=SprintCreate(),
            start_date=(await town.project.get_project("P1")).today,
            timezone="UTC",
            as_of=None,
            team=[],
            idempotency_key=None,
        )
        sprint = await saga.open_sprint(connection, "P1", plan)
    assert await recover(town, rescuer)
    with pytest.raises(saga.LeaseLost):
        await rescuer._drive(sprint)
    await assert_whole(town, "P1-S01")


async def test_lost_backlog_leaves_an_undoing_that_ends_when_it_answers(idle_town: Town) -> None:
    town = idle_town
    await town.create_project("P1", "E1")
    await town.plan("P1", 2)
    nowhere = type(town.backlog)(town.backlog._http, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable):
        await Planner(town.database, town.project, nowhere).create(
            "P1", SprintCreate(), None, caller="admin"
        )
    planner = Planner(town.database, town.project, town.backlog)
    with pytest.raises(Unavailable):  # not a conflict: it may be tried again
        await planner.create("P1", SprintCreate(), None, caller="admin")
    assert await recover(town, planner)
    await assert_whole(town, None)
    assert (
        await planner.create("P1", SprintCreate(), None, caller="admin")
    ).status == "in_progress"


async def test_number_of_a_failed_sprint_is_not_used_again(idle_town: Town) -> None:
    town = idle_town
    await town.create_project("P1", "E1")
    planner = Planner(town.database, town.project, town.backlog)
    with pytest.raises(NoUnassignedTasks):
        await planner.create("P1", SprintCreate(), None, caller="admin")
    await town.plan("P1", 1)
    assert (await planner.create("P1", SprintCreate(), None, caller="admin")).sprint_id == "P1-S02"


async def test_database_refuses_a_second_active_sprint(idle_town: Town) -> None:
    town = idle_town
    await town.create_project("P1", "E1")
    await town.plan("P1", 1)
    await Planner(town.database, town.project, town.backlog).create(
        "P1", SprintCreate(), None, caller="admin"
    )
    same = "project_id, name, status, start_date, end_date, duration_weeks, timezone, team"
    columns, copied = f"id, number, {same}", f"id || '0', number + 1, {same}"
    with pytest.raises(Exception, match="one_active_sprint"):
        await town.rows(f"INSERT INTO sprints ({columns}) SELECT {copied} FROM sprints")
