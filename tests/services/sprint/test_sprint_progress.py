"""Progress of tasks: statuses, history and published events."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from domain_services.events import DAILY_SCRUM_EVENTS, TaskProgressed
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Invalid
from domain_services.kernel.messaging.envelope import wrap
from domain_services.kernel.types import utc_now
from domain_services.sprint.logic.tasks import resolve
from domain_services.sprint.schema import (
    ProgressReport,
    SprintCreate,
    SprintTask,
    TaskStatus,
)
from tests.services.sprint.conftest import MONDAY, Town, eventually


def task(status: TaskStatus, percentage: int) -> SprintTask:
    return SprintTask(
        task_id="P1-TASK001",
        project_id="P1",
        sprint_id="P1-S01",
        title="A task",
        status=status,
        progress_percentage=percentage,
        assigned_to=None,
        priority=3,
        version=2,
        updated_at=utc_now(),
    )


@pytest.mark.parametrize(
    ("before", "percentage", "status", "after"),
    [
        (("assigned_to_sprint", 0), 1, None, ("in_progress", 1)),
        (("in_progress", 99), 100, None, ("completed", 100)),
        (("in_progress", 60), 0, None, ("assigned_to_sprint", 0)),
        (("completed", 100), 40, None, ("in_progress", 40)),
        (("blocked", 40), 50, None, ("in_progress", 50)),
        (("assigned_to_sprint", 0), None, "completed", ("completed", 100)),
        (("assigned_to_sprint", 0), None, "in_progress", ("in_progress", 0)),
        (("in_progress", 30), None, "blocked", ("blocked", 30)),
        (("in_progress", 30), 100, "blocked", ("completed", 100)),
        (("in_progress", 30), 30, "assigned_to_sprint", ("in_progress", 30)),
        (("in_progress", 30), None, "assigned_to_sprint", ("assigned_to_sprint", 0)),
        (("blocked", 30), None, None, ("blocked", 30)),
    ],
)
def test_status_follows_the_percentage(
    before: Any, percentage: int | None, status: Any, after: Any
) -> None:
    assert resolve(task(*before), percentage, status) == after


def test_completed_task_is_reopened_only_with_a_percentage() -> None:
    with pytest.raises(Invalid):
        resolve(task("completed", 100), None, "in_progress")


async def test_progress_reaches_sprint_history_and_backlog(town: Town) -> None:
    await town.create_project("P1", "E1")
    (task_id,) = await town.plan("P1", 1)
    created = await town.sprint.create_sprint("P1", SprintCreate())
    report = ProgressReport(progress_percentage=50, yesterday_work="Half of it", employee_id="E1")
    recorded = await town.sprint.report_progress(task_id, report)
    assert (recorded.status, recorded.progress_percentage) == ("in_progress", 50)
    assert recorded.version == created.tasks[0].version + 1
    lower = await town.sprint.report_progress(task_id, ProgressReport(progress_percentage=20))
    assert (lower.progress_percentage, lower.version) == (20, recorded.version + 1)
    history = await town.rows("SELECT * FROM progress_history ORDER BY id")
    assert [(r.previous_percentage, r.progress_percentage) for r in history] == [(0, 50), (50, 20)]
    assert (history[0].yesterday_work, history[0].employee_id) == ("Half of it", "E1")
    summary = await town.sprint.get_task_summary("P1-S01")
    assert (summary.status_counts, summary.progress_percentage) == ({"in_progress": 1}, 20.0)

    async def confirmed() -> bool:
        task = await town.backlog.get_task(task_id)
        return (task.status, task.progress_percentage) == ("in_progress", 20)

    await eventually(confirmed)


async def test_report_of_an_unknown_person_is_refused(town: Town) -> None:
    await town.create_project("P1", "E1")
    await town.create_project("P2", "E2")
    (task_id,) = await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    with pytest.raises(PeerRefused) as refused:
        await town.sprint.report_progress(
            task_id, ProgressReport(progress_percentage=50, employee_id="NOBODY")
        )
    assert refused.value.peer_status == 422
    assert "there is no employee NOBODY" in refused.value.detail
    assert await town.rows("SELECT 1 FROM progress_history") == []
    guest = ProgressReport(progress_percentage=50, employee_id="E2")
    assert (await town.sprint.report_progress(task_id, guest)).progress_percentage == 50


async def test_report_of_words_alone_is_stored_and_changes_nothing(town: Town) -> None:
    await town.create_project("P1", "E1")
    (task_id,) = await town.plan("P1", 1)
    created = await town.sprint.create_sprint("P1", SprintCreate())
    before = len(await town.rows("SELECT 1 FROM outbox"))
    recorded = await town.sprint.report_progress(task_id, ProgressReport(impediments="No access"))
    assert recorded.version == created.tasks[0].version
    assert len(await town.rows("SELECT 1 FROM outbox")) == before
    (row,) = await town.rows("SELECT impediments FROM progress_history")
    assert row.impediments == "No access"


async def test_task_of_a_closed_sprint_refuses_progress(town: Town) -> None:
    await town.create_project("P1", "E1")
    (task_id,) = await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    await town.sprint.close_sprint("P1-S01")
    with pytest.raises(PeerRefused) as refused:
        await town.sprint.report_progress(task_id, ProgressReport(progress_percentage=10))
    assert refused.value.peer_status == 409


async def test_task_of_no_sprint_is_not_found(town: Town) -> None:
    with pytest.raises(PeerRefused) as refused:
        await town.sprint.report_progress("P1-TASK001", ProgressReport(progress_percentage=10))
    assert refused.value.peer_status == 404


async def _send(url: str, **data: Any) -> None:
    values = {"sprint_id": "P1-S01", "progress_made": 10, **data}
    event = wrap(TaskProgressed.model_validate(values), source="daily-scrum-service")
    async with Redis.from_url(url) as redis:
        await redis.xadd(DAILY_SCRUM_EVENTS, {"event": event.model_dump_json()})


async def test_task_progressed_event_is_recorded(town: Town, redis_url: str) -> None:
    await town.create_project("P1", "E1")
    (task_id,) = await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    await _send(redis_url, task_id="P1-TASK777", new_total_progress=10)
    await _send(redis_url, task_id=task_id, new_total_progress=75)

    async def applied() -> bool:
        (only,) = await town.sprint.list_tasks("P1-S01")
        return (only.status, only.progress_percentage) == ("in_progress", 75)

    await eventually(applied)
    (row,) = await town.rows("SELECT source, day, previous_percentage FROM progress_history")
    assert tuple(row) == ("reported", MONDAY, 0)


async def test_late_task_progressed_event_has_no_effect(town: Town, redis_url: str) -> None:
    """The task has moved on, the person's day was simulated, the sprint is over."""
    await town.create_project("P1", "E1")
    ids = await town.plan("P1", 3)
    created = await town.sprint.create_sprint("P1", SprintCreate(task_ids=ids[:2]))
    version = created.tasks[0].version
    await town.sprint.report_progress(ids[0], ProgressReport(progress_percentage=80))
    values = {"employee_id": "E1", "scrum_date": MONDAY, "task_version": version}
    await _send(redis_url, task_id=ids[0], new_total_progress=10, **values)
    await _send(redis_url, task_id=ids[1], new_total_progress=20, **values)
    await _send(
        redis_url, task_id=ids[1], new_total_progress=30, **(values | {"task_version": None})
    )
    tuesday = values | {"task_version": version + 1, "scrum_date": MONDAY + timedelta(days=1)}
    await _send(redis_url, task_id=ids[1], new_total_progress=40, **tuesday)

    async def applied() -> bool:
        listed = await town.sprint.list_tasks("P1-S01")
        return [task.progress_percentage for task in listed] == [80, 40]

    await eventually(applied)
    history = await town.rows("SELECT source, day, progress_percentage FROM progress_history")
    assert sorted(tuple(row) for row in history) == [
        ("reported", MONDAY, 80),
        ("simulated", MONDAY, 20),
        ("simulated", MONDAY + timedelta(days=1), 40),
    ]
    await town.sprint.close_sprint("P1-S01")
    last = {"task_id": ids[1], "new_total_progress": 90}
    await _send(redis_url, **last)
    counted = "SELECT count(*) FROM inbox"

    async def confirmed() -> bool:
        return (await town.rows(counted))[0][0] == 5

    await eventually(confirmed)
    assert len(await town.rows("SELECT 1 FROM progress_history")) == 3
    assert await town.rows("SELECT 1 FROM dead_letters") == []


HOSTILE: list[Any] = [
    {},
    {"progress_percentage": -1},
    {"progress_percentage": 101},
    {"progress_percentage": 1.5},
    {"progress_percentage": False},
    {"progress_percentage": "50"},
    {"status": "unassigned"},
    {"employee_id": "E1"},
    {"yesterday_work": "\x00"},
    {"impediments": "x" * 10_001},
    {"today_work": "\ud800"},
    {"employee_id": "'; --", "progress_percentage": 1},
    [],
    "text",
]


async def test_hostile_reports_are_refused(town: Town, http: httpx.AsyncClient) -> None:
    url = f"{town.sprint_url}/tasks/P1-TASK001/progress"
    for body in HOSTILE:
        headers = {"Content-Type": "application/json"}
        answer = await http.post(url, content=json.dumps(body), headers=headers)
        assert (ascii(body)[:40], answer.status_code) == (ascii(body)[:40], 422)
