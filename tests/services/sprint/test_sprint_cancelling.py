"""Cancelling a sprint in which nobody worked: tasks are free, and no history is left."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from domain_services import events
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.sprint.logic import cancelling, closing, running_sprint
from domain_services.sprint.logic.peer_facts import PeerFacts
from domain_services.sprint.schema import ProgressReport, SprintCreate
from tests.services.sprint.conftest import MONDAY, Town

REPORT = ProgressReport(progress_percentage=10)


async def start(town: Town, *progress: int) -> list[str]:
    await town.create_project("P1", "E1", progress_mode="reported")
    ids = await town.plan("P1", 2)
    await town.sprint.create_sprint("P1", SprintCreate(requested_by="somebody"))
    return ids


async def statuses(town: Town) -> list[str]:
    rows = await town.rows("SELECT status FROM sprints ORDER BY number")
    return [row.status for row in rows]


async def test_cancelled_sprint_frees_its_tasks_and_leaves_no_history(town: Town) -> None:
    ids = await start(town)
    await town.sprint.run_daily_scrum("P1-S01")
    cancelled = await town.sprint.cancel_sprint("P1-S01", "Planned by mistake")
    assert cancelled.message == "Sprint P1-S01 cancelled; 2 tasks are free again."
    assert (cancelled.status_updated_to, cancelled.reason) == ("cancelled", "Planned by mistake")
    assert cancelled.uncompleted_tasks_moved_to_backlog_count == 2
    await town.backlog_is_up_to_date()
    tasks = (await town.backlog_of("P1")).values()
    assert {(task.status, task.sprint_id) for task in tasks} == {("unassigned", None)}
    assert await town.sprint.list_sprints("P1") == []
    (listed,) = await town.sprint.list_sprints("P1", "cancelled")
    assert (listed.sprint_id, listed.worked, listed.ended_on) == ("P1-S01", False, None)
    assert (await town.sprint.get_sprint("P1-S01")).closed_at == cancelled.cancelled_at
    routes = [row.route for row in await town.rows("SELECT route FROM deliveries")]
    assert not any("retrospective" in route for route in routes)
    assert "/v1/notes/sprint_cancellation" in routes
    burndown = await town.sprint.get_burndown("P1-S01")
    assert burndown.reason == "P1-S01 was cancelled before anybody reported"
    created = await town.sprint.create_sprint("P1", SprintCreate())
    assert (created.sprint_id, {task.task_id for task in created.tasks}) == ("P1-S02", set(ids))


async def test_cancellation_is_published(town: Town) -> None:
    await start(town)
    cancelled = await town.sprint.cancel_sprint("P1-S01")
    (row,) = await town.rows(
        "SELECT stream, awaiting, payload->'event_data' AS data FROM outbox"
        " WHERE payload->>'event_type' = 'SPRINT_CANCELLED'"
    )
    event = events.SprintCancelled.model_validate(row.data)
    assert (row.stream, row.awaiting) == ("sprint_events", ["orchestrator_group"])
    assert (event.sprint_id, event.project_id, event.start_date) == ("P1-S01", "P1", MONDAY)
    assert (event.requested_by, event.reason) == ("somebody", None)
    assert event.cancelled_at == cancelled.cancelled_at


async def test_tasks_of_a_cancelled_sprint_enter_the_next_one_before_their_events_arrive(
    town: Town,
) -> None:
    """The backlog hears of the cancellation from the reservation of the next sprint."""
    ids = await start(town)
    async with town.database.transaction() as connection:
        await cancelling.cancel(connection, "P1-S01", None)
        await connection.execute(text("DELETE FROM outbox"))
    created = await town.sprint.create_sprint("P1", SprintCreate())
    assert {task.task_id for task in created.tasks} == set(ids)


@pytest.mark.parametrize(
    "report",
    [
        REPORT,
        ProgressReport(status="blocked", impediments="No access"),
        ProgressReport(today_work="Reading"),
    ],
)
async def test_cancel_after_a_report_is_refused_with_what_was_reported(
    town: Town, report: ProgressReport
) -> None:
    first, _ = await start(town)
    await town.sprint.report_progress(first, report.model_copy(update={"employee_id": "E1"}))
    before = len(await town.rows("SELECT 1 FROM outbox"))
    with pytest.raises(PeerRefused) as refused:
        await town.sprint.cancel_sprint("P1-S01")
    problem = refused.value.problem
    words = int(report is not REPORT)
    assert (refused.value.peer_status, problem["code"]) == (409, "work_was_reported")
    assert problem["detail"] == (
        f"P1-S01 has 1 report on {first} by E1{', 1 with words' * words}: close it instead"
    )
    assert (problem["task_ids"], problem["people"]) == ([first], ["E1"])
    assert (problem["reports"], problem["with_words"]) == (1, words)
    assert await statuses(town) == ["in_progress"]
    assert len(await town.rows("SELECT 1 FROM outbox")) == before


async def test_only_a_running_sprint_is_cancelled(town: Town) -> None:
    await start(town)
    await town.sprint.cancel_sprint("P1-S01")
    for call in (town.sprint.cancel_sprint, town.sprint.close_sprint, town.sprint.run_daily_scrum):
        with pytest.raises(PeerRefused) as refused:
            await call("P1-S01")
        assert refused.value.peer_status == 409
    with pytest.raises(PeerRefused) as refused:
        await town.sprint.report_progress("P1-TASK001", REPORT)
    assert refused.value.peer_status == 409
    with pytest.raises(PeerRefused) as unknown:
        await town.sprint.cancel_sprint("P1-S09")
    assert unknown.value.peer_status == 404


async def test_repeated_request_with_its_key_gets_the_first_answer(town: Town) -> None:
    await start(town)
    first = await town.sprint.cancel_sprint("P1-S01", "A mistake", key="once")
    assert await town.sprint.cancel_sprint("P1-S01", "A mistake", key="once") == first
    cancelled = "SELECT 1 FROM outbox WHERE payload->>'event_type' = 'SPRINT_CANCELLED'"
    assert len(await town.rows(cancelled)) == 1


async def test_request_without_a_body_cancels(town: Town, http: httpx.AsyncClient) -> None:
    await start(town)
    answer = await http.post(f"{town.sprint_url}/sprints/P1-S01/cancel")
    assert (answer.status_code, answer.json()["reason"]) == (200, None)


async def test_of_a_racing_close_and_cancel_one_is_refused(town: Town) -> None:
    await start(town)
    async with town.database.transaction() as connection:
        await closing.close(connection, "P1-S01", PeerFacts())
        cancel = asyncio.create_task(town.sprint.cancel_sprint("P1-S01"))
        await _until_somebody_waits(town)
    with pytest.raises(PeerRefused) as refused:
        await cancel
    assert refused.value.problem["code"] == running_sprint.NotInProgress.code
    assert await statuses(town) == ["closed_with_pending_tasks"]


async def test_report_that_waits_for_a_cancellation_is_refused(town: Town) -> None:
    first, _ = await start(town)
    async with town.database.transaction() as connection:
        await cancelling.cancel(connection, "P1-S01", None)
        report = asyncio.create_task(town.sprint.report_progress(first, REPORT))
        await _until_somebody_waits(town)
    with pytest.raises(PeerRefused) as refused:
        await report
    assert refused.value.peer_status == 409
    assert await town.rows("SELECT 1 FROM progress_history") == []


async def test_cancellation_that_waits_for_a_report_is_refused(town: Town) -> None:
    first, _ = await start(town)
    lock = text("SELECT 1 FROM sprints WHERE id = 'P1-S01' FOR SHARE")
    async with town.database.transaction() as connection:
        await connection.execute(lock)
        cancel = asyncio.create_task(town.sprint.cancel_sprint("P1-S01"))
        await _until_somebody_waits(town)
        await connection.execute(
            text(
                "INSERT INTO progress_history (sprint_id, task_id, source, day, status, version,"
                " previous_percentage, progress_percentage) VALUES ('P1-S01', :task_id,"
                " 'reported', '2025-03-03', 'in_progress', 9, 0, 10)"
            ),
            {"task_id": first},
        )
    with pytest.raises(PeerRefused) as refused:
        await cancel
    assert refused.value.problem["code"] == "work_was_reported"
    assert await statuses(town) == ["in_progress"]


async def _until_somebody_waits(town: Town) -> None:
    """Wait until another connection waits for a lock."""
    waiting: list[Any] = []
    while not waiting:
        waiting = await town.rows(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        await asyncio.sleep(0.01)
