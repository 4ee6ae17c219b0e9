"""Begun work goes before untouched work, and so does what a sprint left unfinished."""

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import ReservationCreate, TaskCreate, TasksCreate, TaskUpdate
from tests.services.backlog.test_events import Stream, stream, task_updated

__all__ = ["stream"]
IDS = [f"P1-TASK{number:03d}" for number in range(1, 4)]


async def carried_over(backlog: BacklogClient) -> list[str]:
    """Return what is carried over, after a look that nothing else goes before it."""
    tasks = await backlog.list_tasks("P1")
    marks = [task.carried_over for task in tasks]
    assert marks == sorted(marks, reverse=True)
    return [task.task_id for task in tasks if task.carried_over]


async def create_three(backlog: BacklogClient) -> None:
    tasks = [TaskCreate(title="x", priority=n) for n in (1, 2, 3)]
    await backlog.create_tasks("P1", TasksCreate(tasks=tasks))


async def test_begun_task_is_carried_over_until_it_is_completed(backlog: BacklogClient) -> None:
    await create_three(backlog)
    assert await carried_over(backlog) == []
    await backlog.update_task(IDS[1], TaskUpdate(status="in_progress"))
    await backlog.update_task(IDS[2], TaskUpdate(status="unassigned", progress_percentage=30))
    assert await carried_over(backlog) == IDS[1:]
    await backlog.update_task(IDS[1], TaskUpdate(status="completed"))
    assert await carried_over(backlog) == IDS[2:]


async def test_untouched_task_of_an_ended_sprint_is_carried_over(
    backlog: BacklogClient, stream: Stream
) -> None:
    await create_three(backlog)
    await backlog.reserve("P1", ReservationCreate(sprint_id="P1-S01", task_ids=IDS[1:]))
    assert await carried_over(backlog) == []
    released = {"sprint_id": None, "status": "unassigned", "progress_percentage": 0}
    await stream.send(task_updated(2, IDS[1], **released), task_updated(2, IDS[2], **released))
    await stream.confirmed(2)
    assert await carried_over(backlog) == IDS[1:]


async def test_undone_reservation_carries_nothing_over(backlog: BacklogClient) -> None:
    await create_three(backlog)
    await backlog.reserve("P1", ReservationCreate(sprint_id="P1-S01"))
    assert (await backlog.release("P1", "P1-S01")).released == 3
    assert await carried_over(backlog) == []
