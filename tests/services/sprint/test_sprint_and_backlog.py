"""Tasks that move between the backlog and sprints, with both services running."""

import pytest

from domain_services.backlog.schema import TaskUpdate
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.sprint.schema import ProgressReport, SprintCreate
from tests.services.sprint.conftest import Town, eventually


async def test_next_sprint_gets_every_task_that_the_last_one_released_at_once(town: Town) -> None:
    await town.create_project("P1", "E1", "E2")
    ids = await town.plan("P1", 10)
    for number in range(1, 6):
        created = await town.sprint.create_sprint("P1", SprintCreate())
        assert created.assigned_tasks_count == 10, f"sprint {number}"
        await town.sprint.report_progress(ids[0], ProgressReport(progress_percentage=10 * number))
        await town.sprint.close_sprint(created.sprint_id)
    request = SprintCreate(task_ids=ids[:3])
    created = await town.sprint.create_sprint("P1", request)
    assert {task.task_id for task in created.tasks} == set(ids[:3])
    assert created.tasks[0].progress_percentage == 50
    await town.backlog_is_up_to_date()
    tasks = await town.backlog_of("P1")
    assert [tasks[task_id].sprint_id for task_id in ids] == [created.sprint_id] * 3 + [None] * 7


async def test_backlog_refuses_changes_of_a_running_sprints_tasks(town: Town) -> None:
    await town.create_project("P1", "E1", "E2")
    [task_id] = await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    for request in (
        TaskUpdate(status="completed"),
        TaskUpdate(progress_percentage=75),
        TaskUpdate(assigned_to="E2"),
        TaskUpdate(status="unassigned"),
    ):
        with pytest.raises(PeerRefused) as refused:
            await town.backlog.update_task(task_id, request)
        assert refused.value.peer_status == 422
        assert f"POST /tasks/{task_id}/progress" in refused.value.detail
    await town.backlog.update_task(task_id, TaskUpdate(title="renamed", priority=1))
    task = await town.backlog.get_task(task_id)
    assert (task.title, task.progress_percentage) == ("renamed", 0)


async def test_completed_task_of_a_closed_sprint_may_be_opened_again(town: Town) -> None:
    await town.create_project("P1", "E1")
    [task_id] = await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    await town.sprint.report_progress(task_id, ProgressReport(progress_percentage=100))
    await town.backlog_is_up_to_date()
    assert (await town.backlog.get_task(task_id)).status == "completed"
    reopened = TaskUpdate(status="unassigned", progress_percentage=60)
    with pytest.raises(PeerRefused):
        await town.backlog.update_task(task_id, reopened)
    await town.sprint.close_sprint("P1-S01")
    await town.backlog_is_up_to_date()
    assert (await town.backlog.get_task(task_id)).sprint_id == "P1-S01"
    await town.backlog.update_task(task_id, reopened)
    task = await town.backlog.get_task(task_id)
    assert (task.status, task.sprint_id, task.progress_percentage) == ("unassigned", None, 60)
    created = await town.sprint.create_sprint("P1", SprintCreate(task_ids=[task_id]))
    assert created.tasks[0].progress_percentage == 60


async def test_close_releases_each_task_in_one_event(town: Town) -> None:
    await town.create_project("P1", "E1")
    completed, unfinished = await town.plan("P1", 2)
    await town.sprint.create_sprint("P1", SprintCreate())
    await town.sprint.report_progress(completed, ProgressReport(progress_percentage=100))
    before = {task.task_id: task for task in (await town.sprint.get_sprint("P1-S01")).tasks}
    await town.sprint.close_sprint("P1-S01")
    after = {task.task_id: task for task in (await town.sprint.get_sprint("P1-S01")).tasks}
    assert after[completed] == before[completed]
    assert after[unfinished].version == before[unfinished].version + 1
    rows = await town.rows(
        "SELECT payload->'event_data' AS data FROM outbox"
        " WHERE payload->>'event_type' = 'TASK_UPDATED'"
        " AND payload->'event_data'->>'sprint_id' IS NULL"
    )
    releases = {row.data["task_id"]: (row.data["status"], row.data["version"]) for row in rows}
    assert len(rows) == 2
    assert releases == {
        completed: ("completed", after[completed].version),
        unfinished: ("unassigned", after[unfinished].version),
    }


async def test_backlog_agrees_with_a_closed_sprint_while_reports_race_with_the_close(
    town: Town,
) -> None:
    await town.create_project("P1", "E1")
    ids = await town.plan("P1", 3)
    await town.sprint.create_sprint("P1", SprintCreate())
    for percentage in (100, 40, 100):
        for task_id in ids:
            report = ProgressReport(progress_percentage=percentage)
            await town.sprint.report_progress(task_id, report)
    await town.sprint.close_sprint("P1-S01")

    async def reopened() -> bool:
        try:
            await town.backlog.update_task(
                ids[0], TaskUpdate(status="unassigned", progress_percentage=10)
            )
        except PeerRefused as refusal:
            assert refusal.peer_status == 422
            return False
        return True

    # Accepted as early as the backlog can; nothing that arrives afterwards may undo it.
    await eventually(reopened)
    await town.backlog_is_up_to_date()
    task = await town.backlog.get_task(ids[0])
    assert (task.status, task.sprint_id, task.progress_percentage) == ("unassigned", None, 10)
