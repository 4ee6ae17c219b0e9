"""What the backlog and a sprint each keep of a task, while the sprint runs and after it."""

import pytest

from domain_services.backlog.logic.sprint_ownership import settled
from domain_services.backlog.schema import TaskUpdate
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.sprint.schema import ProgressReport, SprintCreate
from tests.services.sprint.conftest import Town, eventually


async def test_the_next_sprint_has_all_that_the_last_one_left_at_once(town: Town) -> None:
    await town.found("P1", "E1", "E2")
    ids = await town.plan("P1", 10)
    for number in range(1, 6):
        created = await town.sprint.create_sprint("P1", SprintCreate())
        assert created.assigned_tasks_count == 10, f"sprint {number}"
        await town.sprint.report_progress(ids[0], ProgressReport(progress_percentage=10 * number))
        await town.sprint.close_sprint(created.sprint_id)
    chosen = SprintCreate(task_ids=ids[:3])
    created = await town.sprint.create_sprint("P1", chosen)
    assert {task.task_id for task in created.tasks} == set(ids[:3])
    assert created.tasks[0].progress_percentage == 50

    async def agreed() -> bool:
        (late,) = await town.rows(
            "SELECT count(*) FROM outbox WHERE closed_at IS NULL"
            " AND payload->>'event_type' = 'TASK_UPDATED'"
        )
        return late[0] == 0

    await eventually(agreed)
    held = await town.backlog_of("P1")
    assert [held[each].sprint_id for each in ids] == [created.sprint_id] * 3 + [None] * 7


async def test_a_running_sprint_keeps_status_progress_and_assignee(town: Town) -> None:
    await town.found("P1", "E1", "E2")
    [task_id] = await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    for wanted in (
        TaskUpdate(status="completed"),
        TaskUpdate(progress_percentage=75),
        TaskUpdate(assigned_to="E2"),
        TaskUpdate(status="unassigned"),
    ):
        with pytest.raises(PeerRefused) as refused:
            await town.backlog.update_task(task_id, wanted)
        assert refused.value.peer_status == 422
        assert f"POST /tasks/{task_id}/progress" in refused.value.detail
    await town.backlog.update_task(task_id, TaskUpdate(title="renamed", priority=1))
    task = await town.backlog.get_task(task_id)
    assert (task.title, task.progress_percentage) == ("renamed", 0)


async def test_what_a_sprints_last_events_will_say_is_not_changed_before(town: Town) -> None:
    await town.found("P1", "E1")
    done, left = await town.plan("P1", 2)
    await town.sprint.create_sprint("P1", SprintCreate())
    await town.sprint.report_progress(done, ProgressReport(progress_percentage=100))
    before = {task.task_id: task for task in (await town.sprint.get_sprint("P1-S01")).tasks}
    assert settled(before[done], before[done])  # pyright: ignore[reportArgumentType]
    stale = before[done].model_copy(update={"status": "in_progress", "progress_percentage": 40})
    assert not settled(stale, before[done])  # pyright: ignore[reportArgumentType]
    assert not settled(before[left], before[left])  # pyright: ignore[reportArgumentType]


async def test_completed_work_of_a_closed_sprint_may_be_opened_again(town: Town) -> None:
    await town.found("P1", "E1")
    [task_id] = await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    await town.sprint.report_progress(task_id, ProgressReport(progress_percentage=100))

    async def told() -> bool:
        return (await town.backlog.get_task(task_id)).status == "completed"

    await eventually(told)
    undone = TaskUpdate(status="unassigned", progress_percentage=60)
    with pytest.raises(PeerRefused):
        await town.backlog.update_task(task_id, undone)
    await town.sprint.close_sprint("P1-S01")
    assert (await town.backlog.get_task(task_id)).sprint_id == "P1-S01"
    await town.backlog.update_task(task_id, undone)
    task = await town.backlog.get_task(task_id)
    assert (task.status, task.sprint_id, task.progress_percentage) == ("unassigned", None, 60)
    created = await town.sprint.create_sprint("P1", SprintCreate(task_ids=[task_id]))
    assert created.tasks[0].progress_percentage == 60
