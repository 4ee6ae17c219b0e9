"""Closing a sprint, and the notes that the chronicle gets sooner or later."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from domain_services import events
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.sprint.schema import ProgressReport, SprintCreate
from tests.services.sprint.conftest import MONDAY, Town, eventually

StartChronicle = Callable[[], Awaitable[ChronicleClient]]


async def run_sprint(town: Town, *progress: int) -> list[str]:
    """A sprint P1-S01 with one task for each percentage."""
    await town.create_project("P1", "E1", "E2")
    ids = await town.plan("P1", len(progress))
    await town.sprint.create_sprint(
        "P1", SprintCreate(sprint_goal="To be done", requested_by="somebody")
    )
    for task_id, percentage in zip(ids, progress, strict=True):
        report = ProgressReport(progress_percentage=percentage)
        await town.sprint.report_progress(task_id, report)
    return ids


async def test_close_returns_unfinished_tasks_and_completed_ones_stay(town: Town) -> None:
    ids = await run_sprint(town, 100, 60, 0)
    closed = await town.sprint.close_sprint("P1-S01")
    assert closed.status_updated_to == "closed_with_pending_tasks"
    assert closed.completed_tasks_count == 1
    assert closed.uncompleted_tasks_moved_to_backlog_count == 2
    sprint = await town.sprint.get_sprint("P1-S01")
    assert sprint.status == "closed_with_pending_tasks"
    assert sprint.closed_at is not None
    assert (sprint.total_tasks, sprint.completed_tasks, sprint.pending_tasks) == (3, 1, 2)

    async def confirmed() -> bool:
        tasks = await town.backlog_of("P1")
        return [tasks[i].sprint_id for i in ids] == ["P1-S01", None, None]

    await eventually(confirmed)
    tasks = await town.backlog_of("P1")
    assert [tasks[i].status for i in ids] == ["completed", "unassigned", "unassigned"]
    assert [tasks[i].progress_percentage for i in ids] == [100, 60, 0]
    (event,) = await town.rows(
        "SELECT payload->'event_data' AS d FROM outbox WHERE payload->>'event_type'='SPRINT_CLOSED'"
    )
    outcome = events.SprintClosed.model_validate(event.d)
    assert (outcome.completed_tasks, outcome.planned_tasks, outcome.spill_over) == (1, 3, 2)
    assert outcome.completion_rate == pytest.approx(1 / 3)
    assert (outcome.duration_days, outcome.requested_by) == (14, "somebody")


async def test_sprint_with_every_task_completed_closes_as_completed(town: Town) -> None:
    await run_sprint(town, 100, 100)
    assert (await town.sprint.close_sprint("P1-S01")).status_updated_to == "completed"


async def test_second_close_is_a_conflict(town: Town) -> None:
    await run_sprint(town, 100)
    await town.sprint.close_sprint("P1-S01")
    with pytest.raises(PeerRefused) as refused:
        await town.sprint.close_sprint("P1-S01")
    assert refused.value.peer_status == 409
    with pytest.raises(PeerRefused) as unknown:
        await town.sprint.close_sprint("P1-S77")
    assert unknown.value.peer_status == 404


async def test_returned_tasks_enter_the_next_sprint_with_their_progress(town: Town) -> None:
    ids = await run_sprint(town, 40, 60)
    await town.sprint.close_sprint("P1-S01")

    async def free() -> bool:
        return {task.sprint_id for task in (await town.backlog_of("P1")).values()} == {None}

    await eventually(free)
    created = await town.sprint.create_sprint("P1", SprintCreate())
    assert {task.task_id for task in created.tasks} == set(ids)
    await town.sprint.report_progress(ids[0], ProgressReport(status="completed"))

    async def confirmed() -> bool:
        task = await town.backlog.get_task(ids[0])
        return (task.status, task.sprint_id) == ("completed", "P1-S02")

    await eventually(confirmed)
    newest_first = [sprint.sprint_id for sprint in await town.sprint.list_sprints("P1")]
    assert newest_first == ["P1-S02", "P1-S01"]
    (running,) = await town.sprint.list_sprints("P1", "in_progress")
    assert running.completed_tasks == 1
    assert (await town.sprint.get_active_sprint("P1")).sprint_id == "P1-S02"
    assert await town.sprint.list_projects() == ["P1"]


async def test_version_rises_although_the_backlog_counted_fewer_changes(town: Town) -> None:
    """An event that came late was never counted by the backlog: its version lags behind."""
    (task_id,) = await run_sprint(town, 40)
    await town.rows("UPDATE sprint_tasks SET version = 50 RETURNING 1")
    await town.sprint.close_sprint("P1-S01")

    async def free() -> bool:
        return (await town.backlog.get_task(task_id)).sprint_id is None

    await eventually(free)
    created = await town.sprint.create_sprint("P1", SprintCreate())
    assert created.tasks[0].version > 51


async def test_unreachable_chronicle_gets_its_notes_later(
    town: Town, chronicle: StartChronicle
) -> None:
    ids = await run_sprint(town, 100, 30)
    await town.sprint.report_progress(ids[1], ProgressReport(impediments="No test data"))
    closed = await town.sprint.close_sprint("P1-S01")

    async def tried() -> bool:
        return len(await town.rows("SELECT 1 FROM deliveries WHERE attempts > 0")) == 3

    await eventually(tried)
    client = await chronicle()

    async def arrived() -> bool:
        return await town.unconfirmed_count() == 0

    await eventually(arrived, seconds=40)
    (planning,) = await client.list_sprint_planning(sprint_id="P1-S01")
    assert set(planning.planned_tasks) == set(ids)
    assert planning.sprint_goal == "To be done"
    (note,) = await client.list_sprint_retrospectives(sprint_id="P1-S01")
    assert note.retrospective_id == closed.retrospective_report_id
    assert isinstance(note.retrospective_id, UUID)
    assert [(task.task_id, task.status) for task in note.tasks_summary] == [
        (ids[0], "close"),
        (ids[1], "in-progress"),
    ]
    assert (note.planned_tasks_count, note.completed_tasks) == (2, 1)
    assert note.attendees == ["E1", "E2"]
    assert "Impediments reported: 1, on P1-TASK002." in note.what_could_be_improved
    descriptions = [item.description for item in note.action_items]
    assert descriptions == [
        "Remove the impediment: No test data",
        f"Decide about {ids[1]}, left at 30 %",
    ]


async def test_close_reports_entries_after_the_last_daily_scrum(
    town: Town, chronicle: StartChronicle
) -> None:
    client = await chronicle()
    await town.create_project("P1", "E1", progress_mode="reported")
    (task_id,) = await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    await town.sprint.report_progress(task_id, ProgressReport(impediments="No test data"))
    await town.sprint.run_daily_scrum("P1-S01")
    report = ProgressReport(progress_percentage=100, impediments="No reviewer")
    await town.sprint.report_progress(task_id, report)
    await town.sprint.close_sprint("P1-S01")

    async def arrived() -> bool:
        return await town.unconfirmed_count() == 0

    await eventually(arrived, seconds=40)
    report = await client.get_daily_scrum_reports(sprint_id="P1-S01")
    assert [task.impediments for person in report.reports[MONDAY] for task in person.tasks] == [
        "No test data",
        "No reviewer",
    ]
    assert report.summary_metrics is not None
    assert report.summary_metrics.completed_tasks == 1
    reported = await town.rows("SELECT count(DISTINCT report_id), count(*) FROM progress_history")
    assert tuple(reported[0]) == (2, 2)


async def test_close_without_new_entries_sends_no_report(town: Town) -> None:
    await run_sprint(town, 100)
    await town.sprint.run_daily_scrum("P1-S01")
    await town.sprint.close_sprint("P1-S01")
    reports = await town.rows("SELECT 1 FROM deliveries WHERE route LIKE '%daily_scrum_report'")
    assert len(reports) == 1
