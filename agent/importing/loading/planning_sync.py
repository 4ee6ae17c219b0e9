"""Facts for planning that rows hold: the team's past dates, and the order of its backlog."""

from collections.abc import Iterable
from datetime import date
from heapq import nlargest

from agent.importing.history.known_rows import KnownRows
from agent.importing.loading.batches import batches
from agent.importing.loading.services import Services
from agent.importing.meaning import ranks
from agent.importing.tasks import Task
from domain_services.backlog.pages import all_tasks
from domain_services.backlog.planning_schema import (
    MAX_ORDERED_TASKS,
    MAX_PAST_TASKS,
    OrderUpdate,
    PastTask,
    PastTasksUpdate,
)

# Just under what a service takes as a body.
MAX_PAST_BYTES = 1_000_000


async def send_past_tasks(services: Services, rows: KnownRows, day: date) -> None:
    """Send the dates of the newest tasks that were finished before a day.

    `day` is the project's own: a decision must not know what happens on it or later.
    """
    finished = [
        (task.finished, task.id, task.created)
        for task in rows.work
        if task.finished is not None and task.finished < day
    ]
    past_tasks = (
        PastTask(external_key=key, created_on=created, finished_on=last)
        for last, key, created in nlargest(MAX_PAST_TASKS, finished)
    )
    first_batch = next(batches(past_tasks, MAX_PAST_TASKS, MAX_PAST_BYTES), None)
    await services.backlog.put_past_tasks(rows.project_id, PastTasksUpdate(tasks=first_batch or []))


async def rank_tasks(services: Services, project_id: str, tasks: Iterable[Task]) -> int:
    """Bring the open tasks of the backlog into the order of their ranks; return how many.

    0: no task has a rank, or the order was the same before.
    """
    ranked = ranks.in_order(tasks)
    if not ranked:
        return 0
    open_ids = {
        task.external_key: task.task_id
        async for task in all_tasks(services.backlog, project_id)
        if task.status != "completed"
    }
    task_ids = [open_ids[task.id] for task in ranked if task.id in open_ids][:MAX_ORDERED_TASKS]
    before = await services.backlog.get_order(project_id)
    if before.task_ids == task_ids:
        return 0
    await services.backlog.put_order(project_id, OrderUpdate(task_ids=task_ids))
    return len(task_ids)
