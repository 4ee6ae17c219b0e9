"""The day on which a task was completed, and the tasks finished outside every sprint."""

from datetime import date
from typing import Any

import httpx
import pytest

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import ReservationCreate, TaskCreate, TasksCreate, TaskUpdate
from domain_services.kernel.client.http_client import PeerRefused

FIRST = "P1-TASK001"
MONDAY, SUNDAY = date(2025, 3, 3), date(2025, 3, 16)
DONE = TaskUpdate(status="completed", finished_on=MONDAY)
OPEN = [TaskUpdate(finished_on=MONDAY), TaskUpdate(status="blocked", finished_on=MONDAY)]


@pytest.fixture
async def planned(backlog: BacklogClient) -> BacklogClient:
    """A backlog with two free tasks."""
    tasks = TasksCreate(tasks=[TaskCreate(title=title) for title in "ab"])
    await backlog.create_tasks("P1", tasks)
    return backlog


async def test_completed_task_has_its_day_until_it_is_opened_again(planned: BacklogClient) -> None:
    assert (await planned.get_task(FIRST)).finished_on is None
    await planned.update_task(FIRST, DONE)
    assert (await planned.get_task(FIRST)).finished_on == MONDAY
    await planned.update_task(FIRST, TaskUpdate(title="Another title"))
    assert (await planned.get_task(FIRST)).finished_on == MONDAY
    await planned.update_task(FIRST, TaskUpdate(progress_percentage=50))
    assert (await planned.get_task(FIRST)).finished_on is None
    await planned.update_task(FIRST, TaskUpdate(status="completed"))
    assert (await planned.get_task(FIRST)).finished_on is None


async def test_day_of_an_open_task_is_refused(planned: BacklogClient) -> None:
    for request in OPEN:
        with pytest.raises(PeerRefused) as refused:
            await planned.update_task(FIRST, request)
        assert refused.value.peer_status == 422
    await planned.reserve("P1", ReservationCreate(sprint_id="P1-S01"))
    with pytest.raises(PeerRefused) as refused:
        await planned.update_task(FIRST, DONE)
    assert "P1-S01" in refused.value.detail


async def test_task_may_be_created_completed_with_its_day(
    backlog: BacklogClient, backlog_url: str, http: httpx.AsyncClient
) -> None:
    await backlog.create_tasks("P1", TaskCreate(title="a", status="completed", finished_on=MONDAY))
    task = await backlog.get_task(FIRST)
    assert (task.status, task.progress_percentage, task.finished_on) == ("completed", 100, MONDAY)
    body: dict[str, Any] = {"title": "b", "finished_on": "2025-03-03"}
    answer = await http.post(f"{backlog_url}/backlogs/P1/tasks", json=body)
    assert answer.status_code == 422


async def test_tasks_finished_in_a_window_outside_sprints_are_counted(
    planned: BacklogClient,
) -> None:
    days = [date(2025, 3, 2), MONDAY, SUNDAY, date(2025, 3, 17), None]
    tasks = [TaskCreate(title="x", status="completed", finished_on=day) for day in days]
    await planned.create_tasks("P1", TasksCreate(tasks=tasks))
    counted = await planned.count_finished_outside("P1", MONDAY, SUNDAY)
    assert (counted.project_id, counted.tasks) == ("P1", 2)
    assert (await planned.count_finished_outside("P2", MONDAY, SUNDAY)).tasks == 0
    with pytest.raises(PeerRefused) as unknown:
        await planned.count_finished_outside("P9", MONDAY, SUNDAY)
    assert unknown.value.peer_status == 404
    with pytest.raises(PeerRefused) as refused:
        await planned.count_finished_outside("P1", SUNDAY, MONDAY)
    assert refused.value.peer_status == 422


async def test_tasks_created_in_the_window_are_counted_as_arrived(planned: BacklogClient) -> None:
    created = [date(2025, 3, 2), MONDAY, SUNDAY, None]
    tasks = [
        TaskCreate(title="x", status="completed", created_on=day, finished_on=SUNDAY)
        for day in created
    ]
    await planned.create_tasks("P1", TasksCreate(tasks=tasks))
    counted = await planned.count_finished_outside("P1", MONDAY, SUNDAY)
    # The one without a day was stored here, after the window began.
    assert (counted.tasks, counted.arrived) == (4, 3)
