"""Every change of a task's status or progress, with its time and who made it."""

from datetime import timedelta

import httpx

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import ReservationCreate, TaskCreate, TaskUpdate
from domain_services.kernel.types import utc_now

TASK = "P1-TASK001"


async def test_a_tasks_history_is_read_from_its_creation_on(backlog: BacklogClient) -> None:
    start = utc_now()
    await backlog.create_tasks("P1", TaskCreate(title="a"))
    await backlog.update_task(TASK, TaskUpdate(title="renamed", priority=1))
    await backlog.update_task(TASK, TaskUpdate(progress_percentage=60))
    await backlog.update_task(TASK, TaskUpdate(progress_percentage=40))
    await backlog.update_task(TASK, TaskUpdate(status="blocked"))
    await backlog.update_task(TASK, TaskUpdate(status="unassigned"))
    await backlog.reserve("P1", ReservationCreate(sprint_id="P1-S01"))
    await backlog.release("P1", "P1-S01")
    await backlog.update_task(TASK, TaskUpdate(status="completed"))
    history = await backlog.list_history(TASK)
    assert [
        (change.from_status, change.to_status, change.progress_percentage) for change in history
    ] == [
        (None, "unassigned", 0),
        ("unassigned", "in_progress", 60),
        ("in_progress", "in_progress", 40),
        ("in_progress", "blocked", 40),
        ("blocked", "unassigned", 40),
        ("unassigned", "assigned_to_sprint", 40),
        ("assigned_to_sprint", "unassigned", 40),
        ("unassigned", "completed", 100),
    ]
    assert {change.actor for change in history} == {"admin"}
    times = [change.at for change in history]
    assert times == sorted(times)
    assert start - timedelta(seconds=5) < times[0] < times[-1] < utc_now() + timedelta(seconds=5)


async def test_a_refused_change_leaves_no_trace(
    backlog: BacklogClient, backlog_url: str, http: httpx.AsyncClient
) -> None:
    await backlog.create_tasks("P1", TaskCreate(title="a"))
    body = {"status": "completed", "progress_percentage": 50}
    assert (await http.put(f"{backlog_url}/tasks/{TASK}", json=body)).status_code == 422
    assert len(await backlog.list_history(TASK)) == 1


async def test_histories_are_paged_and_unknown_tasks_have_none(
    backlog: BacklogClient, backlog_url: str, http: httpx.AsyncClient
) -> None:
    await backlog.create_tasks("P1", TaskCreate(title="a"))
    for percent in (10, 20, 30):
        await backlog.update_task(TASK, TaskUpdate(progress_percentage=percent))
    page = await backlog.list_history(TASK, limit=2, offset=1)
    assert [change.progress_percentage for change in page] == [10, 20]
    url = f"{backlog_url}/tasks/{{}}/history"
    assert (await http.get(url.format("P1-TASK999"))).status_code == 404
    for path in (url.format("a"), f"{url.format(TASK)}?limit=0", f"{url.format(TASK)}?offset=-1"):
        assert (await http.get(path)).status_code == 422


async def test_sample_tasks_have_a_history_too(backlog: BacklogClient) -> None:
    await backlog.generate_backlog("P1")
    for task in await backlog.list_tasks("P1"):
        assert [change.from_status for change in await backlog.list_history(task.task_id)] == [None]
