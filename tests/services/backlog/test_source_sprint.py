"""A task says whether its work has begun in its source, and which running sprint has it."""

from datetime import date

import pytest

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.planning_schema import OrderUpdate
from domain_services.backlog.schema import TaskCreate, TasksCreate, TaskUpdate

DAY = date(2024, 3, 18)


async def create(backlog: BacklogClient, *tasks: TaskCreate) -> None:
    await backlog.create_tasks("P1", TasksCreate(tasks=list(tasks)))


async def planned(backlog: BacklogClient) -> list[str]:
    return [task.title for task in await backlog.list_candidates("P1", DAY, limit=10)]


async def test_tasks_of_a_running_sprint_come_before_ranks_and_begun_work(
    backlog: BacklogClient,
) -> None:
    await create(
        backlog,
        TaskCreate(title="urgent", priority=1),
        TaskCreate(title="ranked", external_key="K"),
        TaskCreate(title="begun", begun=True, started_on=DAY, priority=5),
        TaskCreate(title="in sprint", source_sprint="Board 7", priority=5),
    )
    await backlog.put_order("P1", OrderUpdate(task_ids=["K"]))
    assert await planned(backlog) == ["in sprint", "ranked", "begun", "urgent"]
    tasks = {task.title: task for task in await backlog.list_tasks("P1")}
    assert (tasks["begun"].begun, tasks["begun"].started_on) == (True, DAY)
    assert [name for name, task in tasks.items() if task.carried_over] == ["in sprint", "begun"]


async def test_summary_counts_open_tasks_by_running_sprint(backlog: BacklogClient) -> None:
    await create(backlog, *(TaskCreate(title=str(n), source_sprint="Board 7") for n in range(3)))
    assert (await backlog.get_summary("P1")).source_sprints == {"Board 7": 3}
    first, second, _ = await backlog.list_tasks("P1")
    await backlog.update_task(first.task_id, TaskUpdate(status="completed"))
    await backlog.update_task(second.task_id, TaskUpdate(source_sprint=None))
    assert (await backlog.get_summary("P1")).source_sprints == {"Board 7": 1}
    assert (await planned(backlog))[0] == "2"


def test_begun_is_true_or_false() -> None:
    with pytest.raises(ValueError, match="begun cannot be null"):
        TaskUpdate.model_validate({"begun": None})
